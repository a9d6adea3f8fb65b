// The page's data for image quality benchmarks.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/csv_table.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "gradspace/agreement.h"
#include "gradspace/error.h"
#include "image/picture_strip.h"
#include "report/comparison_crops.h"
#include "report/page_data.h"
#include "report/thumbnails.h"
#include "results/run_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 28;
constexpr std::size_t kMaxPairs = 4000;    ///< shown
constexpr std::size_t kWorst = 12;         ///< shown of a metric
constexpr std::size_t kMaxMetrics = 24;    ///< shown
constexpr std::size_t kMaxSummary = 2000;  ///< rows shown
constexpr std::size_t kThumbBytes = 900'000;
constexpr std::size_t kWorstCropBytes = 6'000'000;
constexpr std::size_t kMaxLeftOut = 1000;  ///< lines
constexpr int kSmallSide = 96;             ///< of pictures that are shown on demand
constexpr int kLargeSide = 208;            ///< of those that are shown at once

struct Metric {
  std::string name;
  std::vector<double> scores;
  std::optional<bool> larger_is_better = {};  ///< not known of benchmarks by gradspace 0.1.0
};

struct Pairs {
  std::vector<std::string> reference;
  std::vector<std::string> distorted;
  std::vector<std::string> type;
  std::vector<double> opinion;
  std::vector<Metric> metrics;
  bool opinions_rise = true;  ///< a larger opinion is that of a better image

  std::size_t size() const { return opinion.size(); }
};

bool is_metric(const std::string& column) {
  static const std::set<std::string> others = {"reference", "distorted", "type",    "opinion",
                                               "level",     "std",       "database"};
  return !others.contains(column);
}

/// A metric's cell; infinite PSNR of identical images is a gap.
double score_of(const CsvTable& table, std::size_t column) {
  const std::string_view text = table.text(column);
  const bool infinite = text == "inf" || text == "Infinity" || text.empty() || text == "null";
  return infinite ? std::nan("") : table.number(column);
}

Pairs read_pairs(const fs::path& path) {
  const std::string text = read_text_file(path, kMaxBytes);
  CsvTable table(text, path.string());
  const std::size_t reference = table.column("reference");
  const std::size_t distorted = table.column("distorted");
  const std::size_t opinion = table.column("opinion");
  const auto type = table.find_column("type");
  Pairs pairs;
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < table.columns().size(); ++i) {
    if (is_metric(table.columns()[i]) && columns.size() < kMaxMetrics) {
      columns.push_back(i);
      pairs.metrics.push_back({table.columns()[i], {}});
    }
  }
  while (table.next()) {
    pairs.reference.emplace_back(table.text(reference));
    pairs.distorted.emplace_back(table.text(distorted));
    pairs.type.emplace_back(type ? table.text(*type) : std::string_view());
    pairs.opinion.push_back(table.number(opinion));
    for (std::size_t i = 0; i < columns.size(); ++i) {
      pairs.metrics[i].scores.push_back(score_of(table, columns[i]));
    }
  }
  return pairs;
}

/// Rank shares within 0 and 1, by position; ties in their order.
std::vector<double> rank_shares(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> shares(values.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    shares[order[rank]] = (static_cast<double>(rank) + 0.5) / static_cast<double>(order.size());
  }
  return shares;
}

/// A pair, and its share of ranks by a metric minus that by people. Ranks rise with quality: over 0, the metric thinks
/// better of the pair than people do.
using RankedPair = std::pair<std::size_t, double>;

/// What one metric has finite scores of.
struct FiniteScores {
  std::vector<std::size_t> pair;
  std::vector<double> score;
  std::vector<double> opinion;
  bool larger_is_better = true;
  std::vector<RankedPair> worst;  ///< those that it and people rank most differently
};

/// Rank shares that rise with quality.
std::vector<double> quality_shares(const std::vector<double>& values, bool larger_is_better) {
  std::vector<double> shares = rank_shares(values);
  if (!larger_is_better) {
    std::ranges::transform(shares, shares.begin(), [](double share) { return 1 - share; });
  }
  return shares;
}

/// Which way the metric points, where the benchmark did not say so: it agrees with people more than it contradicts
/// them.
bool points_up(const FiniteScores& finite, bool opinions_rise) {
  const auto agreement = spearman_correlation(finite.score, finite.opinion);
  return !agreement || (*agreement >= 0) == opinions_rise;
}

/// The pairs whose place by the metric is furthest from their place by people.
std::vector<RankedPair> worst_pairs(const FiniteScores& finite, bool opinions_rise) {
  const std::vector<double> by_metric = quality_shares(finite.score, finite.larger_is_better);
  const std::vector<double> by_people = quality_shares(finite.opinion, opinions_rise);
  std::vector<RankedPair> worst;
  for (std::size_t i = 0; i < finite.pair.size(); ++i) {
    worst.emplace_back(finite.pair[i], by_metric[i] - by_people[i]);
  }
  const std::size_t count = std::min(kWorst, worst.size());
  std::partial_sort(
      worst.begin(), worst.begin() + static_cast<std::ptrdiff_t>(count), worst.end(),
      [](const auto& a, const auto& b) { return std::abs(a.second) > std::abs(b.second); });
  worst.resize(count);
  return worst;
}

FiniteScores finite_scores(const Pairs& pairs, const Metric& metric) {
  FiniteScores finite;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (std::isfinite(metric.scores[i])) {
      finite.pair.push_back(i);
      finite.score.push_back(metric.scores[i]);
      finite.opinion.push_back(pairs.opinion[i]);
    }
  }
  finite.larger_is_better =
      metric.larger_is_better.value_or(points_up(finite, pairs.opinions_rise));
  finite.worst = worst_pairs(finite, pairs.opinions_rise);
  return finite;
}

/// Small pictures of the database's images, until the budget is spent.
class Thumbnails {
 public:
  explicit Thumbnails(fs::path root) : root_(std::move(root)) {}

  /// Reads a picture that is not there yet, unless the budget is spent or it can't be read.
  void add(const std::string& name, int side) {
    if (bytes_ < kThumbBytes && !images_.contains(name)) {
      const std::string& uri = images_[name] = load(name, side);
      bytes_ += uri.size();
    }
  }

  json to_json() const {
    json list = json::object();
    for (const auto& [name, uri] : images_) {
      if (!uri.empty()) {
        list[name] = uri;
      }
    }
    return list;
  }

 private:
  /// Empty where there is no such image below the root.
  std::string load(const std::string& name, int side) const {
    const std::optional<Image> image = image_below(root_, name);
    return image ? data_uri(thumbnail(*image, side), ImageFormat::kJpeg, 70) : std::string();
  }

  fs::path root_;
  std::map<std::string, std::string> images_;
  std::size_t bytes_ = 0;
};

/// Evenly spread, with those in `wanted`.
std::vector<std::size_t> shown_pairs(std::size_t count, const std::set<std::size_t>& wanted) {
  std::set<std::size_t> shown = wanted;
  const std::size_t most = std::min(count, kMaxPairs);
  for (std::size_t i = 0; i < most; ++i) {
    shown.insert(i * count / most);
  }
  return {shown.begin(), shown.end()};
}

/// A pair's number among those that are shown, of which it is one.
std::ptrdiff_t number_shown(std::size_t pair, const std::vector<std::size_t>& shown) {
  return std::lower_bound(shown.begin(), shown.end(), pair) - shown.begin();
}

template <typename T>
json picked(const std::vector<T>& values, const std::vector<std::size_t>& places) {
  json list = json::array();
  for (const std::size_t place : places) {
    list.push_back(values[place]);
  }
  return list;
}

/// The metric's scores, fit and worst pairs; pairs are numbered as they are shown.
json metric_json(const Pairs& pairs, const Metric& metric, const std::vector<std::size_t>& shown,
                 const FiniteScores& finite) {
  json scores = json::array();
  for (const std::size_t pair : shown) {
    const double score = metric.scores[pair];
    scores.push_back(std::isfinite(score) ? json(rounded(score)) : json(nullptr));
  }
  json worst = json::array();
  for (const auto& [pair, difference] : finite.worst) {
    worst.push_back({{"pair", number_shown(pair, shown)}, {"difference", rounded(difference)}});
  }
  json item = {{"name", metric.name},
               {"larger_is_better", finite.larger_is_better},
               {"scores", std::move(scores)},
               {"worst", std::move(worst)}};
  if (pairs.size() > 0 && !finite.score.empty()) {
    item["fit"] = fit_logistic(finite.score, finite.opinion).b;
  }
  return item;
}

/// Which way the metrics and the opinions point, as far as the benchmark says so.
void read_directions(const json& results, Pairs& pairs) {
  pairs.opinions_rise = results.value("options", json::object()).value("larger_is_better", true);
  for (const json& row : results.value("metrics", json::array())) {
    const auto found =
        std::ranges::find(pairs.metrics, row.at("name").get<std::string>(), &Metric::name);
    if (found != pairs.metrics.end()) {
      found->larger_is_better = row.at("larger_is_better").get<bool>();
    }
  }
}

/// The database's folder, where its images are looked for.
fs::path database_folder(const json& results) {
  const json options = results.value("options", json::object());
  for (const char* key : {"root", "path"}) {
    if (options.contains(key) && options[key].is_string()) {
      const fs::path path = from_utf8(options[key].get<std::string>());
      return fs::is_regular_file(path) ? path.parent_path() : path;
    }
  }
  return {};
}

/// The places where the worst pairs of every metric differ most, by their places among those shown; the worst of all
/// metrics first, until the budget is spent.
json crops_json(const Pairs& pairs, const std::vector<FiniteScores>& finite,
                const std::vector<std::size_t>& shown, const fs::path& root) {
  json crops = json::object();
  std::size_t bytes = 0;
  for (std::size_t rank = 0; rank < kWorst; ++rank) {
    for (const FiniteScores& metric : finite) {
      if (rank >= metric.worst.size() || bytes >= kWorstCropBytes) {
        continue;
      }
      const std::size_t pair = metric.worst[rank].first;
      const std::string place = std::to_string(number_shown(pair, shown));
      if (crops.contains(place)) {
        continue;
      }
      json crop = crops_of({pairs.reference[pair], {pairs.distorted[pair]}}, {root, {root}}, 1);
      if (!crop.is_null()) {
        bytes += crop.dump().size();
        crops[place] = std::move(crop);
      }
    }
  }
  return crops;
}

json pairs_json(const Pairs& pairs, const fs::path& root, Notes& notes) {
  std::vector<FiniteScores> finite;
  std::set<std::size_t> wanted;
  for (const Metric& metric : pairs.metrics) {
    finite.push_back(finite_scores(pairs, metric));
    for (const auto& [pair, difference] : finite.back().worst) {
      wanted.insert(pair);
    }
  }
  const std::vector<std::size_t> shown = shown_pairs(pairs.size(), wanted);
  if (shown.size() < pairs.size()) {
    notes.push_back(
        fmt::format("{} of {} pairs are drawn, evenly spread; the figures are of all. Every one is "
                    "in scores.csv.",
                    shown.size(), pairs.size()));
  }
  Thumbnails thumbnails(root);
  const auto add_thumbnails = [&](const auto& list, int side) {
    for (const std::size_t pair : list) {
      thumbnails.add(pairs.reference[pair], side);
      thumbnails.add(pairs.distorted[pair], side);
    }
  };
  add_thumbnails(wanted, kLargeSide);
  add_thumbnails(shown, kSmallSide);
  json pictures = thumbnails.to_json();
  if (pictures.empty() && pairs.size() > 0) {
    notes.emplace_back("The images are not below the database's folder: no pictures.");
  }
  json metrics = json::array();
  for (std::size_t i = 0; i < pairs.metrics.size(); ++i) {
    metrics.push_back(metric_json(pairs, pairs.metrics[i], shown, finite[i]));
  }
  return {{"count", pairs.size()},
          {"reference", picked(pairs.reference, shown)},
          {"distorted", picked(pairs.distorted, shown)},
          {"type", picked(pairs.type, shown)},
          {"opinion", picked(pairs.opinion, shown)},
          {"opinions_rise", pairs.opinions_rise},
          {"metrics", std::move(metrics)},
          {"images", std::move(pictures)},
          {"crops", crops_json(pairs, finite, shown, root)}};
}

/// What is a number or null.
void copy_figures(const json& row, json& item) {
  for (const auto& [key, value] : row.items()) {
    if (value.is_number() || value.is_null()) {
      item[key] = value;
    }
  }
}

/// Rows that the page can rely on: metric and type are texts, figures numbers or null; where a published
/// figure stands, `source` says.
json checked_summary(const json& rows, Notes& notes) {
  json summary = json::array();
  for (const json& row : rows) {
    if (summary.size() == kMaxSummary) {
      notes.push_back(fmt::format("The first {} rows of the summary are shown.", kMaxSummary));
      break;
    }
    json item = {{"metric", row.at("metric").get<std::string>()},
                 {"type", row.at("type").get<std::string>()}};
    copy_figures(row, item);
    if (row.contains("source")) {
      item["source"] = row["source"];
    }
    summary.push_back(std::move(item));
  }
  return summary;
}

/// Differences that the page can rely on: two names, figures numbers or null.
json checked_differences(const json& rows) {
  json differences = json::array();
  for (const json& row : rows) {
    if (differences.size() == kMaxSummary) {
      break;
    }
    json item = {{"first", row.at("first").get<std::string>()},
                 {"second", row.at("second").get<std::string>()}};
    copy_figures(row, item);
    differences.push_back(std::move(item));
  }
  return differences;
}

json checked_left_out(const json& lines) {
  json left_out = json::array();
  for (const json& line : lines) {
    if (left_out.size() < kMaxLeftOut) {
      left_out.push_back(readable_utf8(line.get<std::string>()));
    }
  }
  return left_out;
}

}  // namespace

json quality_data(const fs::path& folder, const json& results, Notes& notes) {
  const auto not_results = [&] {
    return FormatError(
        fmt::format("{}: not a benchmark's results", (folder / "results.json").string()));
  };
  json data;
  try {
    data["summary"] = checked_summary(results.at("summary"), notes);
    data["all_differences"] = checked_differences(results.value("differences", json::array()));
    data["left_out"] = checked_left_out(results.value("left_out", json::array()));
    data["published"] = checked_summary(results.value("published", json::array()), notes);
  } catch (const json::exception&) {
    throw not_results();
  }
  const fs::path path = folder / "scores.csv";
  if (!fs::exists(path)) {
    notes.emplace_back("scores.csv is not there: no scatter plot, no pairs to look at.");
    return data;
  }
  Pairs pairs = read_pairs(path);
  try {
    read_directions(results, pairs);
  } catch (const json::exception&) {
    throw not_results();
  }
  data["pairs"] = pairs_json(pairs, database_folder(results), notes);
  return data;
}

}  // namespace gradspace
