#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "gradspace/error.h"
#include "gradspace/quality.h"
#include "jobs/folder_comparison/folder_names.h"
#include "jobs/folder_comparison/summaries.h"

namespace gradspace {
namespace {

/// The curve that the options, or else the folder's name, put it into.
std::string curve_name(const ComparedFolder& folder, const CompareFoldersOptions& options) {
  const std::string identity = folder_identity(folder.path);
  for (const NamedCurve& curve : options.curves) {
    for (const std::filesystem::path& path : curve.folders) {
      if (folder_identity(path) == identity) {
        return curve.name;
      }
    }
  }
  return curve_of_folder(folder.name);
}

bool is_named(const RateCurve& curve, const CompareFoldersOptions& options) {
  return std::ranges::find(options.curves, curve.name, &NamedCurve::name) != options.curves.end();
}

std::optional<std::size_t> choose_anchor(const FolderComparison& comparison,
                                         const CompareFoldersOptions& options) {
  const std::vector<RateCurve>& curves = comparison.curves;
  if (!options.anchor.empty()) {
    const auto anchor = std::ranges::find(curves, options.anchor, &RateCurve::name);
    if (anchor == curves.end()) {
      std::vector<std::string> names;
      for (const RateCurve& curve : curves) {
        names.push_back(curve.name);
      }
      throw InvalidArgument(fmt::format("anchor '{}' is not one of the curves {}", options.anchor,
                                        fmt::join(names, ", ")));
    }
    return static_cast<std::size_t>(anchor - curves.begin());
  }
  // A codec whose files can't be read is nothing to compare with.
  const auto has_several_points = [&](const RateCurve& curve) {
    return std::ranges::count_if(curve.folders, [&](std::size_t folder) {
             return comparison.folders[folder].images > 0;
           }) > 1;
  };
  const auto anchor = std::ranges::find_if(curves, has_several_points);
  return anchor == curves.end() ? std::nullopt
                                : std::optional(static_cast<std::size_t>(anchor - curves.begin()));
}

/// The pairs of one reference, by folder.
using PairsOfReference = std::vector<const ComparedPair*>;

std::vector<PairsOfReference> by_reference(const FolderComparison& comparison) {
  std::vector<PairsOfReference> references;
  const ComparedPair* before = nullptr;
  for (const ComparedPair& pair : comparison.pairs) {
    if (before == nullptr || before->reference != pair.reference) {
      references.emplace_back(comparison.folders.size());
    }
    before = &pair;
    references.back()[pair.folder] = &pair;
  }
  return references;
}

/// The points of one image along a curve; empty unless every folder of the curve has a score of it.
std::vector<RatePoint> points_of(const PairsOfReference& pairs, const RateCurve& curve,
                                 std::size_t metric) {
  std::vector<RatePoint> points;
  for (const std::size_t folder : curve.folders) {
    const ComparedPair* pair = pairs[folder];
    if (pair == nullptr || !pair->scored() || !pair->scores[metric]) {
      return {};
    }
    points.push_back({pair->bits_per_pixel, *pair->scores[metric]});
  }
  return points;
}

/// Adds an image's points to the sums of all images'.
void add_points(std::vector<RatePoint>& sums, const std::vector<RatePoint>& points) {
  sums.resize(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    sums[i].rate += points[i].rate;
    sums[i].quality += points[i].quality;
  }
}

void divide(std::vector<RatePoint>& sums, std::size_t count) {
  for (RatePoint& sum : sums) {
    sum.rate /= static_cast<double>(count);
    sum.quality /= static_cast<double>(count);
  }
}

class CurvesBesideAnchor {
 public:
  CurvesBesideAnchor(const FolderComparison& comparison, std::size_t anchor)
      : comparison_(comparison), anchor_(anchor), references_(by_reference(comparison)) {}

  CurveComparison compare(std::size_t curve, std::size_t metric) const {
    const bool larger_is_better = quality_metric_info(comparison_.metrics[metric]).larger_is_better;
    const auto compared = [&](const auto& anchor, const auto& tested) {
      return compare_rates(anchor, tested, larger_is_better, comparison_.interpolation);
    };
    CurveComparison result;
    result.curve = curve;
    result.metric = metric;
    std::vector<RatePoint> anchor_sums;
    std::vector<RatePoint> sums;
    for (const PairsOfReference& pairs : references_) {
      const auto anchor = points_of(pairs, comparison_.curves[anchor_], metric);
      const auto tested = points_of(pairs, comparison_.curves[curve], metric);
      if (anchor.empty() || tested.empty()) {
        continue;
      }
      ++result.images;
      add_points(anchor_sums, anchor);
      add_points(sums, tested);
      take(result, compared(anchor, tested), name_of(pairs));
    }
    if (result.compared > 0) {
      *result.mean_bd_rate /= static_cast<double>(result.compared);
    }
    divide(anchor_sums, result.images);
    divide(sums, result.images);
    result.of_means = compared(anchor_sums, sums);
    if (result.images == 0) {
      result.refusal = "no image has a score in every folder of both curves";
      result.of_means.refusal = result.refusal;
    }
    return result;
  }

 private:
  static std::string name_of(const PairsOfReference& pairs) {
    const auto any = std::ranges::find_if(pairs, [](const auto* pair) { return pair != nullptr; });
    return (*any)->reference;
  }

  /// Adds what one image's curves say; the mean is a sum as yet.
  static void take(CurveComparison& result, const RateComparison& image, const std::string& name) {
    if (!image.bd_rate) {
      if (result.refusal.empty()) {
        result.refusal = fmt::format("{}: {}", name, image.refusal);
      }
      return;
    }
    ++result.compared;
    result.mean_bd_rate = result.mean_bd_rate.value_or(0) + *image.bd_rate;
    result.lowest_bd_rate =
        std::min(result.lowest_bd_rate.value_or(*image.bd_rate), *image.bd_rate);
    result.highest_bd_rate =
        std::max(result.highest_bd_rate.value_or(*image.bd_rate), *image.bd_rate);
  }

  const FolderComparison& comparison_;
  std::size_t anchor_;
  std::vector<PairsOfReference> references_;
};

}  // namespace

void find_curves(FolderComparison& comparison, const CompareFoldersOptions& options) {
  comparison.curves.clear();
  for (std::size_t i = 0; i < comparison.folders.size(); ++i) {
    const std::string name = curve_name(comparison.folders[i], options);
    const auto known = std::ranges::find(comparison.curves, name, &RateCurve::name);
    if (known == comparison.curves.end()) {
      comparison.curves.push_back({name, {i}});
    } else {
      known->folders.push_back(i);
    }
  }
  comparison.anchor = choose_anchor(comparison, options);
  comparison.interpolation = options.interpolation;
}

void compare_curves(FolderComparison& comparison, const CompareFoldersOptions& options) {
  find_curves(comparison, options);
  for (RateCurve& curve : comparison.curves) {
    std::ranges::stable_sort(curve.folders, {}, [&](std::size_t folder) {
      return comparison.folders[folder].bits_per_pixel;
    });
  }
  if (!comparison.anchor) {
    return;
  }
  const CurvesBesideAnchor beside(comparison, *comparison.anchor);
  for (std::size_t i = 0; i < comparison.curves.size(); ++i) {
    const RateCurve& curve = comparison.curves[i];
    if (i == *comparison.anchor || (curve.folders.size() < 2 && !is_named(curve, options))) {
      continue;
    }
    for (std::size_t metric = 0; metric < comparison.metrics.size(); ++metric) {
      comparison.comparisons.push_back(beside.compare(i, metric));
    }
  }
}

}  // namespace gradspace
