// What metrics say of a pair of images in memory.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gradspace/score_pairs.h"
#include "jobs/attempt.h"

namespace gradspace {

using SharedImage = std::shared_ptr<const QualityImage>;

/// A metric's view of the reference, or why it has none.
struct PreparedReference {
  std::unique_ptr<QualityReference> reference;
  std::string failure = {};

  bool ok() const { return reference != nullptr; }
};

inline PreparedReference prepared(const QualityMetric& metric, const SharedImage& image) {
  PreparedReference result;
  result.failure = failure_of(image->name(), [&] { result.reference = metric.prepare(image); });
  return result;
}

inline MetricScore score_of(const PreparedReference& reference, const QualityImage& distorted) {
  MetricScore result{{}, reference.failure};
  if (reference.ok()) {
    result.failure =
        failure_of(distorted.name(), [&] { result.value = reference.reference->score(distorted); });
  }
  return result;
}

/// Several metrics' reasons, each once, in one line.
template <typename Refusals>
std::string reasons_of(const Refusals& refusals) {
  std::vector<std::string> reasons;
  for (const auto& refusal : refusals) {
    if (std::ranges::find(reasons, refusal.failure) == reasons.end()) {
      reasons.push_back(refusal.failure);
    }
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

/// What scoring takes, the most hungry metric first: of 3840x2160 pixels `gradient` takes 350 MB and all metrics
/// together, which keep what they share, 700 MB.
inline std::uint64_t bytes_needed(std::int64_t width, std::int64_t height, std::size_t metrics) {
  constexpr std::uint64_t kBytesAPixel = 48;
  constexpr std::uint64_t kBytesAFurtherMetric = 16;
  constexpr std::size_t kMostFurtherMetrics = 3;
  const std::size_t further = std::min(std::max<std::size_t>(metrics, 1) - 1, kMostFurtherMetrics);
  return (kBytesAPixel + kBytesAFurtherMetric * further) *
         static_cast<std::uint64_t>(width * height);
}

/// For all pairs at work.
inline constexpr std::uint64_t kPairMemory = std::uint64_t{1} << 30;

}  // namespace gradspace
