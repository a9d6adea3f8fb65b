// What clean photographs and damaged copies of them are described by, for networks to learn from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/watched.h"
#include "gradspace/photograph.h"
#include "photograph/committee.h"
#include "photograph/describer.h"

namespace gradspace {

/// Of more photographs, so many are learned from, evenly apart.
inline constexpr std::size_t kMaxPhotographs = 1000;

/// At most kMaxPhotographs positions of `count`, evenly apart.
std::vector<std::size_t> chosen_photographs(std::size_t count);

/// One photograph's numbers: its own, then those of clean windows of it, then those of damaged copies.
struct Learned {
  std::string path;
  std::uint64_t hash = 0;
  std::string failure;
  std::vector<std::vector<float>> gradients;
  std::vector<std::vector<float>> image;
  std::size_t clean_copies = 0;  ///< of the rows above, the first so many are of the clean class
  LabelledRows tiles;            ///< to learn from; the fold is set later
  std::vector<float> clean_tiles;
};

/// Of all photographs that can be read; the others are reported. The same numbers for any number of threads.
std::vector<Learned> learn_all(const Model* model, const Source& clean,
                               const PhotographOptions& options, const PhotographParts& parts,
                               Watched& watched);

}  // namespace gradspace
