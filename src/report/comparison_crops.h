// The places where images of several folders differ most from their references, at their own size.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gradspace {

/// A reference and what the folders made of it.
struct ComparedImage {
  std::string reference;               ///< path below the references
  std::vector<std::string> distorted;  ///< by folder, paths below them; empty where it has none
};

/// Where the images lie.
struct ComparedPlaces {
  std::filesystem::path references;
  std::vector<std::filesystem::path> folders;
};

/// One image's pictures for the page: the place, the reference there, and for every folder that has the image the
/// picture and its map of differences, as data URIs, with the difference that the maps' last colour stands for. Null
/// where the reference or all of the others can't be read any more. No more than one reference and one other image
/// lie in memory at a time. Folders beyond the first `most_folders` that have the image are left out.
nlohmann::json crops_of(const ComparedImage& image, const ComparedPlaces& places,
                        std::size_t most_folders);

}  // namespace gradspace
