#include "gradspace/two_sided.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "gradspace/error.h"

namespace gradspace {
namespace {

const std::string kPrefix = "two_sided.";

/// How many clean scores are below and above a score, and where they end.
struct Place {
  double below;
  double above;
  double count;
  double lowest;
  double highest;
};

double distance_at(const Place& place, double score) {
  const double ranks = std::abs(place.below - place.above) / place.count;
  const double beyond = std::max({place.lowest - score, score - place.highest, 0.0});
  if (beyond == 0) {
    return ranks;
  }
  const double range = place.highest - place.lowest;
  return ranks + (range > 0 ? beyond / range : beyond);
}

}  // namespace

TwoSided::TwoSided(std::span<const double> clean_scores) : sides_(clean_scores) {
  require_finite();
}

void TwoSided::require_finite() const {
  if (!empty() && !(std::isfinite(sides_.lowest()) && std::isfinite(sides_.highest()))) {
    throw InvalidArgument("two-sided: a clean image's score is not finite");
  }
}

double TwoSided::distance(double score) const {
  if (empty()) {
    return 0;
  }
  const auto count = static_cast<double>(sides_.count());
  return distance_at({static_cast<double>(sides_.least_below(score)),
                      count - static_cast<double>(sides_.most_up_to(score)), count, sides_.lowest(),
                      sides_.highest()},
                     score);
}

std::vector<double> TwoSided::distances_from_others(std::span<const double> clean_scores) {
  std::vector<double> sorted(clean_scores.begin(), clean_scores.end());
  std::ranges::sort(sorted);
  const std::size_t others = sorted.size() - std::min<std::size_t>(sorted.size(), 1);
  std::vector<double> distances(clean_scores.size(), 0.0);
  for (std::size_t i = 0; others > 0 && i < clean_scores.size(); ++i) {
    const double score = clean_scores[i];
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), score);
    const auto below = static_cast<double>(first - sorted.begin());
    const auto above = static_cast<double>(sorted.end() - last);
    const bool alone = last - first == 1;
    const bool is_lowest = alone && first == sorted.begin();
    const bool is_highest = alone && last == sorted.end();
    distances[i] = distance_at(
        {below, above, static_cast<double>(others), is_lowest ? sorted[1] : sorted.front(),
         is_highest ? sorted[others - 1] : sorted.back()},
        score);
  }
  return distances;
}

TensorMap TwoSided::tensors() const {
  TensorMap named;
  for (auto& [name, tensor] : sides_.tensors()) {
    named.emplace(kPrefix + name, tensor);
  }
  return named;
}

TwoSided TwoSided::take_from(TensorMap& tensors) {
  TensorMap own;
  for (auto entry = tensors.begin(); entry != tensors.end();) {
    if (entry->first.starts_with(kPrefix)) {
      own.emplace(entry->first.substr(kPrefix.size()), std::move(entry->second));
      entry = tensors.erase(entry);
    } else {
      ++entry;
    }
  }
  TwoSided sides;
  const bool is_there = !own.empty();
  sides.sides_ = Calibration::take_from(own);
  if (!own.empty()) {
    throw InvalidArgument("detector: tensor '" + kPrefix + own.begin()->first + "' is not known");
  }
  if (is_there && sides.empty()) {
    throw InvalidArgument("two-sided: the clean images' scores are missing");
  }
  sides.require_finite();
  return sides;
}

}  // namespace gradspace
