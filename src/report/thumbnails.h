// Pictures inside the page.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gradspace/image.h"
#include "results/score_curves.h"

namespace gradspace {

/// "data:image/png;base64,...".
std::string data_uri(const Image& image, ImageFormat format, int jpeg_quality = 80);

/// The image of that name below `root`; nothing where it is gone, is of a format that is not ours, or its name leads
/// out of the folder.
std::optional<Image> image_below(const std::filesystem::path& root, const std::string& name);

/// A strip of panels that samples.json lists.
struct Sample {
  std::string file;
  SampleImage clean;
  SampleImage challenged;
  std::string image;  ///< data URI
};

/// The data URI, in this format, of a picture that `list`, a file of the same folder, names. Throws FormatError
/// when the name leads out of the folder.
std::string listed_picture(const std::filesystem::path& list, const std::string& file,
                           ImageFormat format = ImageFormat::kPng);

/// Reads samples.json and strips until they take `max_bytes`: the first image under every condition,
/// then the second, and so on. Throws IoError, FormatError.
std::vector<Sample> read_samples(const std::filesystem::path& folder, std::size_t max_bytes);

}  // namespace gradspace
