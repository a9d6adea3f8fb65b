// Scoring photographs by their tiles, and writing maps of where they are out of distribution.
#pragma once

#include <filesystem>

#include "gradspace/photograph.h"
#include "gradspace/score_files.h"

namespace gradspace {

/// Makes the folder. Throws IoError when it can't be made, InvalidArgument when it holds something.
void make_map_folder(const std::filesystem::path& folder);

/// For one thread at a time.
class PhotographWorker {
 public:
  /// As PhotographScorer; maps are written where `maps` is not empty.
  PhotographWorker(const Model* model, const Detector& detector, std::filesystem::path maps);

  /// Throws InvalidArgument for a photograph smaller than a tile; IoError.
  ImageScore score(const Image& photograph, const ScoredImage& image);

 private:
  void write_map(const Image& photograph, const ScoredImage& image,
                 const PhotographScore& score) const;

  PhotographScorer scorer_;
  Tiling tiling_;
  std::filesystem::path maps_;
};

}  // namespace gradspace
