#include "gradspace/agreement_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

#include "core/parallel.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "statistics/sample_quantile.h"

namespace gradspace {
namespace {

constexpr std::size_t kLeastOfWilliams = 4;

void check_images(const OpinionSample& images) {
  const std::size_t n = images.opinions.size();
  if (n == 0) {
    throw InvalidArgument("agreement: no image has scores of all metrics");
  }
  const auto check = [n](std::size_t size, std::string_view what) {
    if (size != n) {
      throw InvalidArgument(fmt::format("agreement: {} {} for {} opinions", size, what, n));
    }
  };
  check(images.references.size(), "references");
  for (const std::vector<double>& scores : images.scores) {
    check(scores.size(), "scores");
    if (!std::ranges::all_of(scores, [](double score) { return std::isfinite(score); })) {
      throw InvalidArgument("agreement: a score is not finite");
    }
  }
}

/// The images of each reference; each image alone where there is one reference.
std::vector<std::vector<std::size_t>> clusters_of(const OpinionSample& images) {
  std::vector<std::size_t> known = images.references;
  std::ranges::sort(known);
  known.erase(std::unique(known.begin(), known.end()), known.end());
  std::vector<std::vector<std::size_t>> clusters(known.size() > 1 ? known.size()
                                                                  : images.opinions.size());
  for (std::size_t i = 0; i < images.opinions.size(); ++i) {
    const auto place = std::ranges::lower_bound(known, images.references[i]) - known.begin();
    clusters[known.size() > 1 ? static_cast<std::size_t>(place) : i].push_back(i);
  }
  return clusters;
}

using Correlations = std::vector<std::optional<double>>;

/// Every metric's rank correlation over the images with these numbers, which may repeat.
Correlations correlations_over(const OpinionSample& images,
                               const std::vector<std::size_t>& chosen) {
  const auto pick = [&chosen](const std::vector<double>& values) {
    std::vector<double> picked;
    picked.reserve(chosen.size());
    for (const std::size_t i : chosen) {
      picked.push_back(values[i]);
    }
    return picked;
  };
  const std::vector<double> opinions = pick(images.opinions);
  Correlations correlations;
  for (const std::vector<double>& scores : images.scores) {
    correlations.push_back(spearman_correlation(pick(scores), opinions));
  }
  return correlations;
}

/// Of as many clusters as there are, drawn with replacement.
Correlations resampled(const OpinionSample& images,
                       const std::vector<std::vector<std::size_t>>& clusters, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    const std::vector<std::size_t>& drawn = clusters[random.below(clusters.size())];
    chosen.insert(chosen.end(), drawn.begin(), drawn.end());
  }
  return correlations_over(images, chosen);
}

std::optional<Estimate> difference_of(const AgreementDifference& pair, const Correlations& all,
                                      const std::vector<Correlations>& resamples,
                                      double confidence) {
  const auto of = [&pair](const Correlations& correlations) -> std::optional<double> {
    const auto& first = correlations[pair.first];
    const auto& second = correlations[pair.second];
    return first && second ? std::optional(*first - *second) : std::nullopt;
  };
  const std::optional<double> value = of(all);
  if (!value) {
    return std::nullopt;
  }
  std::vector<double> differences;
  for (const Correlations& resample : resamples) {
    if (const auto difference = of(resample)) {
      differences.push_back(*difference);
    }
  }
  if (differences.empty()) {
    differences.push_back(*value);
  }
  std::ranges::sort(differences);
  return Estimate{*value, sample_quantile(differences, (1 - confidence) / 2),
                  sample_quantile(differences, (1 + confidence) / 2)};
}

/// Holm's method: the k-th smallest of m is multiplied by m - k + 1, and none is smaller than one before it.
void adjust_by_holm(std::vector<AgreementDifference>& differences) {
  std::vector<AgreementDifference*> tested;
  for (AgreementDifference& difference : differences) {
    if (difference.p) {
      tested.push_back(&difference);
    }
  }
  std::ranges::stable_sort(tested, {}, [](const AgreementDifference* d) { return *d->p; });
  double largest = 0;
  for (std::size_t i = 0; i < tested.size(); ++i) {
    largest = std::max(largest, *tested[i]->p * static_cast<double>(tested.size() - i));
    tested[i]->p_holm = std::min(1.0, largest);
  }
}

}  // namespace

double williams_test(double r_first, double r_second, double r_between, std::size_t n) {
  for (const double r : {r_first, r_second, r_between}) {
    if (!(r >= -1 && r <= 1)) {
      throw InvalidArgument(fmt::format("Williams' test: {} is no correlation", r));
    }
  }
  if (n < kLeastOfWilliams) {
    throw InvalidArgument(
        fmt::format("Williams' test: {} images; at least {} are wanted", n, kLeastOfWilliams));
  }
  if (r_first == r_second) {
    return 1;
  }
  const auto count = static_cast<double>(n);
  const double mean = (r_first + r_second) / 2;
  const double determinant = 1 - r_first * r_first - r_second * r_second - r_between * r_between +
                             2 * r_first * r_second * r_between;
  const double spread = 2 * (count - 1) / (count - 3) * std::max(0.0, determinant) +
                        mean * mean * std::pow(1 - r_between, 3);
  if (spread == 0) {
    return 0;  // the correlations leave nothing to chance
  }
  const double t = (r_first - r_second) * std::sqrt((count - 1) * (1 + r_between) / spread);
  const boost::math::students_t distribution(count - 3);
  return 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(t)));
}

std::vector<AgreementDifference> agreement_differences(const OpinionSample& images,
                                                       const AgreementOptions& options) {
  options.validate();
  check_images(images);
  const std::size_t n = images.opinions.size();
  std::vector<std::size_t> every(n);
  std::iota(every.begin(), every.end(), std::size_t{0});
  const Correlations all = correlations_over(images, every);
  const auto clusters = clusters_of(images);
  std::vector<Correlations> resamples(static_cast<std::size_t>(options.resamples));
  parallel_for(resamples.size(), [&](std::size_t i) {
    resamples[i] = resampled(images, clusters, combine(options.seed, i));
  });
  std::vector<AgreementDifference> differences;
  for (std::size_t first = 0; first < images.scores.size(); ++first) {
    for (std::size_t second = first + 1; second < images.scores.size(); ++second) {
      AgreementDifference pair{first, second, {}, {}, {}};
      pair.srocc = difference_of(pair, all, resamples, options.confidence);
      const auto between = spearman_correlation(images.scores[first], images.scores[second]);
      if (pair.srocc && between && n >= kLeastOfWilliams) {
        pair.p = williams_test(*all[first], *all[second], *between, n);
      }
      differences.push_back(pair);
    }
  }
  adjust_by_holm(differences);
  return differences;
}

}  // namespace gradspace
