// The parts of a photograph's score, as they are fitted, kept in a file and put together.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/calibration.h"
#include "gradspace/photograph.h"
#include "gradspace/tensor.h"
#include "photograph/committee.h"
#include "photograph/describer.h"

namespace gradspace {

/// A method by name. Throws InvalidArgument that lists the valid ones.
const PhotographMethodInfo& photograph_method(std::string_view name);

/// What the method looks at.
PhotographParts parts_of(const PhotographMethodInfo& method);

/// A part's scores of clean photographs become mean 0 and deviation 1.
struct PartScale {
  double mean = 0;
  double deviation = 1;

  static PartScale of(std::span<const double> clean_scores);
  double operator()(double score) const { return (score - mean) / deviation; }
};

/// The tiles' parts, quantiles of their scores: the median for what is everywhere, a high one for what is somewhere.
inline constexpr std::array kTileQuantiles = {0.5, 0.95};
std::vector<double> tile_quantiles(std::vector<double> tile_scores);

/// Committees by what they look at. Thread-safe.
struct PhotographJudge {
  std::optional<Committee> gradients;
  std::optional<Committee> image;
  std::optional<Committee> tiles;
  std::vector<PartScale> scales;  ///< of the parts that are there, in this order
  Calibration tile_calibration;

  /// The parts' scores, in the order of `scales`.
  std::vector<double> part_scores(const PhotographNumbers& numbers,
                                  std::span<const double> tile_scores) const;
  /// Throws InvalidArgument unless the committees take as many numbers as there are.
  void require_fit(const PhotographNumbers& numbers) const;
  /// The sum of the standardised parts.
  double total(std::span<const double> part_scores) const;

  TensorMap tensors() const;
  /// Throws InvalidArgument when tensors are missing or do not fit together.
  static PhotographJudge load(const TensorMap& tensors, const PhotographParts& parts);
};

}  // namespace gradspace
