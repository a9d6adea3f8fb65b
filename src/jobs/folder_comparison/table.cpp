// A comparison of folders as tables for people.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "gradspace/compare_folders.h"
#include "gradspace/quality.h"
#include "gradspace/quality_scale.h"
#include "results/text_table.h"

namespace gradspace {
namespace {

/// A name within a table's cell.
std::string cell_of(std::string_view name) {
  std::string text = readable_utf8(name);
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
  return text;
}

std::string per_cent(const std::optional<double>& value) {
  return value ? fmt::format("{:+.1f} %", *value) : "-";
}

/// What a score is like, where there is a scale for it.
std::string equivalent_of(const FolderComparison& comparison, std::size_t metric, double score) {
  const std::string& name = comparison.metrics[metric];
  if (!has_quality_scale(name, !comparison.own_decoder)) {
    return "-";
  }
  const std::optional<QualityEquivalent> equivalent = quality_equivalent(name, score);
  return equivalent ? equivalent_text(*equivalent) : "-";
}

std::string metric_table(const FolderComparison& comparison, std::size_t metric) {
  TextTable table({"folder", "images", "bytes", "bpp", "mean", "median", "median is like", "worst",
                   "worst image"});
  for (const ComparedFolder& folder : comparison.folders) {
    std::vector<std::string> row{cell_of(folder.name), fmt::format("{}", folder.images)};
    if (const std::optional<QualitySummary>& score = folder.scores[metric]) {
      row.push_back(fmt::format("{}", folder.bytes));
      row.push_back(fmt::format("{:.4f}", folder.bits_per_pixel));
      row.push_back(fmt::format("{:.6f}", score->mean));
      row.push_back(fmt::format("{:.6f}", score->median));
      row.push_back(equivalent_of(comparison, metric, score->median));
      row.push_back(fmt::format("{:.6f}", score->worst));
      row.push_back(cell_of(comparison.pairs[score->worst_pair].distorted));
    } else {
      row.insert(row.end(), 7, "-");
    }
    table.add_row(std::move(row));
  }
  const std::string& name = comparison.metrics[metric];
  return fmt::format("{} ({} is better)\n{}", name,
                     quality_metric_info(name).larger_is_better ? "larger" : "smaller",
                     table.text());
}

/// Why a BD-rate is of fewer images than there are, or is not there; else nothing.
std::string remark_on(const FolderComparison& comparison, const CurveComparison& row) {
  const std::string what = fmt::format("{}, {}", cell_of(comparison.curves[row.curve].name),
                                       comparison.metrics[row.metric]);
  std::string text;
  if (row.compared < row.images || row.images == 0) {
    text += fmt::format("{}: {} of {} images compared; {}\n", what, row.compared, row.images,
                        cell_of(row.refusal));
  }
  if (!row.of_means.bd_rate && row.images > 0) {
    text += fmt::format("{}: the means can't be compared: {}\n", what, row.of_means.refusal);
  }
  return text;
}

std::string bd_rate_table(const FolderComparison& comparison) {
  if (comparison.comparisons.empty()) {
    return {};
  }
  TextTable table({"BD-rate", "metric", "mean", "least", "most", "images", "of the means"});
  std::string remarks;
  for (const CurveComparison& row : comparison.comparisons) {
    table.add_row({cell_of(comparison.curves[row.curve].name), comparison.metrics[row.metric],
                   per_cent(row.mean_bd_rate), per_cent(row.lowest_bd_rate),
                   per_cent(row.highest_bd_rate), fmt::format("{}", row.compared),
                   per_cent(row.of_means.bd_rate)});
    remarks += remark_on(comparison, row);
  }
  return fmt::format("\nBits for the same quality, more (+) or less (-) than {} ({})\n{}{}",
                     cell_of(comparison.curves[*comparison.anchor].name),
                     name(comparison.interpolation), table.text(), remarks);
}

}  // namespace

std::string folder_comparison_table(const FolderComparison& comparison) {
  std::string text;
  for (std::size_t i = 0; i < comparison.metrics.size(); ++i) {
    text += (i == 0 ? "" : "\n") + metric_table(comparison, i);
  }
  return text + bd_rate_table(comparison);
}

}  // namespace gradspace
