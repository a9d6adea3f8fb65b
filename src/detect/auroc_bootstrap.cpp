#include "detect/auroc_bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "core/random.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Of the clean images' draws; the outliers' streams go through `mix`, which keeps them away from it.
constexpr std::uint64_t kCleanStream = 0x636c65616eULL;

/// Where a score lies among the sorted clean ones: how many are below it, and how many up to it.
struct CleanRank {
  std::uint32_t below = 0;
  std::uint32_t up_to = 0;
};

struct RankedList {
  std::vector<CleanRank> ranks;
  std::uint64_t stream = 0;
};

void check_scores(std::span<const double> scores) {
  if (scores.empty()) {
    throw InvalidArgument("bootstrap: clean images or outliers are missing");
  }
  if (std::any_of(scores.begin(), scores.end(), [](double score) { return std::isnan(score); })) {
    throw InvalidArgument("bootstrap: a score is NaN");
  }
}

std::vector<RankedList> ranked(const std::vector<double>& clean,
                               std::span<const OutlierScores> outliers) {
  std::vector<RankedList> lists;
  for (const OutlierScores& list : outliers) {
    check_scores(list.scores);
    RankedList& made = lists.emplace_back();
    made.stream = list.stream;
    made.ranks.reserve(list.scores.size());
    for (const double score : list.scores) {
      const auto [first, last] = std::equal_range(clean.begin(), clean.end(), score);
      made.ranks.push_back({static_cast<std::uint32_t>(first - clean.begin()),
                            static_cast<std::uint32_t>(last - clean.begin())});
    }
  }
  return lists;
}

/// Element k: how many of `n` images drawn out of `n` are among the first k.
std::vector<std::uint32_t> drawn_among_first(std::size_t n, Random random) {
  std::vector<std::uint32_t> drawn(n + 1, 0);
  for (std::size_t i = 0; i < n; ++i) {
    ++drawn[random.below(n) + 1];
  }
  for (std::size_t k = 1; k <= n; ++k) {
    drawn[k] += drawn[k - 1];
  }
  return drawn;
}

std::vector<std::uint32_t> drawn_images(std::size_t n, Random random) {
  std::vector<std::uint32_t> drawn(n);
  for (std::uint32_t& image : drawn) {
    image = static_cast<std::uint32_t>(random.below(n));
  }
  return drawn;
}

/// In whole numbers, so that the result is the same in any order: a clean image below counts 2, a tie 1.
double auroc_of(const RankedList& list, const std::vector<std::uint32_t>& images,
                const std::vector<std::uint32_t>& clean_drawn) {
  std::uint64_t wins = 0;
  for (const std::uint32_t image : images) {
    const CleanRank& rank = list.ranks[image];
    wins += clean_drawn[rank.below] + clean_drawn[rank.up_to];
  }
  return static_cast<double>(wins) /
         (2 * static_cast<double>(images.size()) * static_cast<double>(clean_drawn.back()));
}

}  // namespace

void BootstrapOptions::validate() const {
  if (resamples < 1) {
    throw InvalidArgument(fmt::format("bootstrap: {} resamples; must be 1 or more", resamples));
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw InvalidArgument(
        fmt::format("bootstrap: confidence {}; must be over 0 and under 1", confidence));
  }
}

BootstrapOptions affordable_bootstrap(std::size_t outliers) {
  constexpr std::size_t kMostLookUps = 4'000'000'000;
  constexpr std::size_t kFewestResamples = 200;
  const std::size_t images = std::max<std::size_t>(1, outliers);
  BootstrapOptions options;
  options.resamples = static_cast<int>(
      std::clamp(kMostLookUps / images, kFewestResamples,
                 std::max(kFewestResamples, static_cast<std::size_t>(options.resamples))));
  return options;
}

std::vector<std::vector<double>> resampled_aurocs(std::span<const double> in_scores,
                                                  std::span<const OutlierScores> outliers,
                                                  const BootstrapOptions& options) {
  options.validate();
  check_scores(in_scores);
  std::vector<double> clean(in_scores.begin(), in_scores.end());
  std::sort(clean.begin(), clean.end());
  const std::vector<RankedList> lists = ranked(clean, outliers);
  const auto resamples = static_cast<std::size_t>(options.resamples);
  std::vector<std::vector<double>> values(lists.size(), std::vector<double>(resamples));
  parallel_for(resamples, [&](std::size_t b) {
    const std::uint64_t seed = combine(options.seed, b);
    const auto clean_drawn = drawn_among_first(clean.size(), Random(combine(seed, kCleanStream)));
    std::vector<std::uint32_t> images;
    for (std::size_t i = 0; i < lists.size(); ++i) {
      // Neighbours are mostly of one stream and one length.
      if (i == 0 || lists[i].stream != lists[i - 1].stream ||
          lists[i].ranks.size() != lists[i - 1].ranks.size()) {
        images = drawn_images(lists[i].ranks.size(), Random(combine(seed, mix(lists[i].stream))));
      }
      values[i][b] = auroc_of(lists[i], images, clean_drawn);
    }
  });
  return values;
}

Interval percentile_interval(std::vector<double> values, double confidence) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double position = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] +
           (position - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return {at((1 - confidence) / 2), at((1 + confidence) / 2)};
}

Interval auroc_interval(std::span<const double> in_scores, std::span<const double> out_scores,
                        const BootstrapOptions& options, std::uint64_t stream) {
  const OutlierScores list[] = {{out_scores, stream}};
  return percentile_interval(resampled_aurocs(in_scores, list, options).front(),
                             options.confidence);
}

}  // namespace gradspace
