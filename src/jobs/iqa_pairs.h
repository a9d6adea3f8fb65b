// Which images `gradspace iqa` compares: pairs by name, never by the order of a listing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gradspace::cli {

struct ImagePair {
  std::filesystem::path reference;
  std::filesystem::path distorted;

  friend bool operator==(const ImagePair&, const ImagePair&) = default;
};

struct PairList {
  std::vector<ImagePair> pairs;
  /// Images without a partner, a line each.
  std::vector<std::string> unmatched;
};

/// A CSV with the columns `reference` and `distorted` (others are not read): paths relative to its
/// folder. Throws IoError, FormatError.
PairList pairs_of_csv(const std::filesystem::path& csv);

/// The images of two folders, with all folders in them, that have one path relative to them; the
/// extensions may differ where no other image has the name. In order of the references' paths. Throws
/// IoError.
PairList pairs_of_folders(const std::filesystem::path& references,
                          const std::filesystem::path& distorted);

}  // namespace gradspace::cli
