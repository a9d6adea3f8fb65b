#include "results/score_curves.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "core/base64.h"
#include "core/csv_table.h"
#include "core/file.h"
#include "gradspace/metrics.h"
#include "results/results_kind.h"
#include "results/small_number.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 30;
/// Bytes that the counts of all conditions may take before base64.
constexpr std::size_t kCountsBudget = 200'000;
constexpr std::size_t kMinStops = 64;

/// Runs whose curves a report can hold: the first ones.
int runs_shown(const Conditions& conditions) {
  const std::size_t of_a_run =
      std::max<std::size_t>(1, conditions.methods().size() *
                                   (conditions.types().size() * conditions.levels().size() + 1));
  const std::size_t most = std::max<std::size_t>(1, kMaxConditions / of_a_run);
  return static_cast<int>(std::min(most, conditions.runs().size()));
}

bool is_shown_run(const Conditions& conditions, int run) {
  const auto end = conditions.runs().begin() + runs_shown(conditions);
  return std::find(conditions.runs().begin(), end, run) != end;
}

/// Score lists of one method and run: the clean one and the others.
struct OneDetector {
  const std::vector<double>* clean = nullptr;
  std::vector<std::pair<ScoreKey, const std::vector<double>*>> others;
};

OneDetector detector_lists(const ScoreLists& scores, int method, int run) {
  OneDetector lists;
  for (auto at = scores.lower_bound({method, run, kCleanType, 0});
       at != scores.end() && at->first.method == method && at->first.run == run; ++at) {
    if (at->first.type == kCleanType) {
      lists.clean = &at->second;
    } else {
      lists.others.emplace_back(at->first, &at->second);
    }
  }
  return lists;
}

double share_up_to(const std::vector<double>& sorted, double threshold) {
  const auto end = std::upper_bound(sorted.begin(), sorted.end(), threshold);
  return static_cast<double>(end - sorted.begin()) / static_cast<double>(sorted.size());
}

std::vector<double> sorted(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values;
}

void keep_distinct(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// `count` of the sorted values, evenly spread over their ranks, the last one among them.
void append_quantiles(const std::vector<double>& values, std::size_t count,
                      std::vector<double>& out) {
  for (std::size_t i = 1; i <= count && !values.empty(); ++i) {
    out.push_back(values[(values.size() * i - 1) / count]);
  }
}

json doubles_base64(const std::vector<double>& values) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(values.size() * sizeof(double));
  for (const double value : values) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (unsigned shift = 0; shift < 64; shift += 8) {
      bytes.push_back(static_cast<std::uint8_t>(bits >> shift));
    }
  }
  return base64(bytes);
}

json counts_base64(const std::vector<std::uint32_t>& counts) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(counts.size());
  for (std::uint32_t count : counts) {
    while (count > 0x7FU) {
      bytes.push_back(static_cast<std::uint8_t>((count & 0x7FU) | 0x80U));
      count >>= 7U;
    }
    bytes.push_back(static_cast<std::uint8_t>(count));
  }
  return base64(bytes);
}

json detector_curves(const ScoreLists& scores, int method, int run, std::size_t count,
                     std::optional<double> threshold) {
  const OneDetector lists = detector_lists(scores, method, run);
  std::vector<double> pooled;
  for (const auto& [key, list] : lists.others) {
    pooled.insert(pooled.end(), list->begin(), list->end());
  }
  const std::vector<double> stops = stops_of(*lists.clean, std::move(pooled), count, threshold);
  json series = json::array();
  const auto add = [&](int type, int level, const std::vector<double>& list) {
    series.push_back({{"type", type},
                      {"level", level},
                      {"n", list.size()},
                      {"counts", counts_base64(counts_up_to(list, stops))}});
  };
  add(kCleanType, 0, *lists.clean);
  for (const auto& [key, list] : lists.others) {
    add(key.type, key.level, *list);
  }
  return {{"method", method},
          {"run", run},
          {"threshold", threshold ? json(*threshold) : json(nullptr)},
          {"stops", doubles_base64(stops)},
          {"series", std::move(series)}};
}

/// Goes through image_scores.csv.
class ScoreReader {
 public:
  ScoreReader(std::string_view text, const std::string& name, const Conditions& conditions)
      : table_(text, name), conditions_(conditions) {}

  ImageScores read(const std::vector<SampleImage>& samples) {
    for (const SampleImage& sample : samples) {
      scores_.samples[sample];
    }
    while (table_.next()) {
      read_row();
    }
    return std::move(scores_);
  }

 private:
  void read_row() {
    const int method =
        conditions_.method_at(present_method_name(std::string(table_.text(method_))));
    const int file_type = small_number(table_, type_);
    const int level = small_number(table_, level_);
    const int run = small_number(table_, run_);
    const double score = table_.number(score_);
    // `evaluate` knows outliers of no type.
    const bool clean = file_type == 0 && table_.text(set_) != "outliers";
    const std::string name(name_ ? table_.text(*name_) : std::string_view());
    const int type = clean ? 0 : conditions_.row_types().number_of(file_type, name);
    if (method < 0 || (!clean && conditions_.type_at(type) < 0)) {
      return;
    }
    const bool one_level = clean || conditions_.levels_averaged();
    const ScoreKey key{method, run, clean ? kCleanType : type, one_level ? 0 : level};
    if (table_.text(set_) == "val") {
      if (clean && is_shown_run(conditions_, run)) {
        scores_.validation[key].push_back(score);
      }
      return;
    }
    scores_.test[key].push_back(score);
    const auto sample = scores_.samples.find({std::string(table_.text(path_)), type, level});
    if (run == conditions_.runs().front() && sample != scores_.samples.end()) {
      sample->second.by_method[method] = score;
      sample->second.bce = bce_ ? table_.number(*bce_) : 0;
      sample->second.kld = kld_ ? table_.number(*kld_) : 0;
    }
  }

  CsvTable table_;
  const Conditions& conditions_;
  std::size_t path_ = table_.column("path");
  std::size_t set_ = table_.column("set");
  std::size_t type_ = table_.column("type");
  std::size_t level_ = table_.column("level");
  std::size_t method_ = table_.column("method");
  std::size_t run_ = table_.column("run");
  std::size_t score_ = table_.column("score");
  std::optional<std::size_t> bce_ = table_.find_column("bce");
  std::optional<std::size_t> kld_ = table_.find_column("kld");
  std::optional<std::size_t> name_ = table_.find_column("name");
  ImageScores scores_;
};

}  // namespace

ImageScores read_image_scores(const std::filesystem::path& path, const Conditions& conditions,
                              const std::vector<SampleImage>& samples) {
  const std::string text = read_text_file(path, kMaxFileBytes);
  return ScoreReader(text, path.string(), conditions).read(samples);
}

std::optional<double> threshold_of(const ScoreLists& scores, int method, int run,
                                   const std::map<std::pair<int, int>, double>& accuracy) {
  const OneDetector lists = detector_lists(scores, method, run);
  if (lists.clean == nullptr || lists.others.empty() || accuracy.empty()) {
    return std::nullopt;
  }
  const std::vector<double> clean = sorted(*lists.clean);
  std::vector<std::pair<std::vector<double>, double>> others;
  std::vector<double> candidates = clean;
  for (const auto& [key, list] : lists.others) {
    const auto known = accuracy.find({key.type, key.level});
    if (known == accuracy.end()) {
      return std::nullopt;
    }
    others.emplace_back(sorted(*list), known->second);
    candidates.insert(candidates.end(), list->begin(), list->end());
  }
  const auto fits = [&](double threshold) {
    const double right = share_up_to(clean, threshold);
    return std::all_of(others.begin(), others.end(), [&](const auto& other) {
      return std::abs((right + 1 - share_up_to(other.first, threshold)) / 2 - other.second) < 1e-9;
    });
  };
  if (fits(0.5)) {
    return 0.5;
  }
  keep_distinct(candidates);
  const auto found = std::find_if(candidates.begin(), candidates.end(), fits);
  return found == candidates.end() ? std::nullopt : std::optional(*found);
}

std::vector<double> stops_of(std::vector<double> clean, std::vector<double> others,
                             std::size_t count, std::optional<double> threshold) {
  std::vector<double> stops = clean;
  stops.insert(stops.end(), others.begin(), others.end());
  keep_distinct(stops);
  const double largest = stops.empty() ? 0 : stops.back();
  const std::size_t reserved = 2;  // the largest and the threshold
  if (stops.size() + reserved > count) {
    stops.clear();
    append_quantiles(sorted(std::move(clean)), (count - reserved) / 2, stops);
    append_quantiles(sorted(std::move(others)), (count - reserved) / 2, stops);
    stops.push_back(largest);
  }
  if (threshold) {
    stops.push_back(*threshold);
  }
  keep_distinct(stops);
  return stops;
}

std::vector<std::uint32_t> counts_up_to(std::vector<double> scores,
                                        const std::vector<double>& stops) {
  std::sort(scores.begin(), scores.end());
  std::vector<std::uint32_t> counts;
  counts.reserve(stops.size());
  auto begin = scores.begin();
  for (const double stop : stops) {
    const auto end = std::upper_bound(begin, scores.end(), stop);
    counts.push_back(static_cast<std::uint32_t>(end - begin));
    begin = end;
  }
  return counts;
}

json score_curves(const ScoreLists& scores, const Conditions& conditions,
                  const ThresholdFinder& threshold, std::size_t most_stops) {
  const auto lists =
      static_cast<std::size_t>(std::count_if(scores.begin(), scores.end(), [&](const auto& list) {
        return is_shown_run(conditions, list.first.run);
      }));
  const std::size_t count =
      std::min(most_stops,
               std::clamp(kCountsBudget / std::max<std::size_t>(1, lists), kMinStops, kMaxStops));
  json curves = json::array();
  for (int method = 0; method < static_cast<int>(conditions.methods().size()); ++method) {
    for (const int run : conditions.runs()) {
      if (is_shown_run(conditions, run) && detector_lists(scores, method, run).clean != nullptr) {
        curves.push_back(detector_curves(scores, method, run, count, threshold(method, run)));
      }
    }
  }
  return curves;
}

json calibration_curves(const ImageScores& scores) {
  constexpr double kAsked[] = {0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5};
  json curves = json::array();
  for (const auto& [key, validation] : scores.validation) {
    const auto test = scores.test.find(key);
    if (test == scores.test.end()) {
      continue;
    }
    const std::vector<double> seen_scores = sorted(test->second);
    json asked = json::array();
    json seen = json::array();
    for (const double rate : kAsked) {
      // Fewer clean images than this give no threshold for the rate.
      if (std::ceil((1 - rate) * (static_cast<double>(validation.size()) + 1)) <=
          static_cast<double>(validation.size())) {
        asked.push_back(rate);
        seen.push_back(1 - share_up_to(seen_scores, calibrate_threshold(validation, rate)));
      }
    }
    curves.push_back({{"method", key.method},
                      {"run", key.run},
                      {"n_calibration", validation.size()},
                      {"n", seen_scores.size()},
                      {"asked", std::move(asked)},
                      {"seen", std::move(seen)}});
  }
  return curves;
}

}  // namespace gradspace
