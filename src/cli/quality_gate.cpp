#include "cli/quality_gate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include "cli/output.h"
#include "gradspace/error.h"
#include "gradspace/quality.h"

namespace gradspace::cli {
namespace {

double limit_of(std::string_view text) {
  double limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(limit)) {
    throw InvalidArgument(fmt::format("'{}' is not a finite number", text));
  }
  return limit;
}

QualityGate gate_of(std::string_view text, std::span<const std::string> metrics) {
  const std::size_t sign = text.find('=');
  if (sign == std::string_view::npos) {
    return {0, limit_of(text)};
  }
  const std::string_view name = text.substr(0, sign);
  const auto metric = std::ranges::find(metrics, name);
  if (metric == metrics.end()) {
    throw InvalidArgument(fmt::format("'{}' is not one of the metrics that are scored: {}", name,
                                      fmt::join(metrics, ", ")));
  }
  return {static_cast<std::size_t>(metric - metrics.begin()), limit_of(text.substr(sign + 1))};
}

}  // namespace

std::vector<QualityGate> parse_quality_gates(const std::string& text,
                                             std::span<const std::string> metrics) {
  std::vector<QualityGate> gates;
  for (std::string_view rest = text; !rest.empty() || gates.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const QualityGate gate = gate_of(rest.substr(0, comma), metrics);
    if (std::ranges::find(gates, gate.metric, &QualityGate::metric) != gates.end()) {
      throw InvalidArgument(fmt::format("{} has two limits", metrics[gate.metric]));
    }
    gates.push_back(gate);
    if (comma + 1 == rest.size()) {
      throw InvalidArgument(fmt::format("'{}' ends with a comma", text));
    }
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return gates;
}

QualityVerdicts::QualityVerdicts(std::vector<QualityGate> gates, std::vector<std::string> metrics,
                                 std::filesystem::path junit)
    : gates_(std::move(gates)), metrics_(std::move(metrics)), junit_(std::move(junit)) {}

std::string QualityVerdicts::worse_than(const QualityGate& gate, const JudgedImage& image) const {
  const std::optional<double>& score = image.scores[gate.metric];
  const std::string& metric = metrics_[gate.metric];
  const bool larger_is_better = quality_metric_info(metric).larger_is_better;
  if (!score || (larger_is_better ? *score >= gate.limit : *score <= gate.limit)) {
    return {};
  }
  return fmt::format("{}: {} is {:.6g}, {} than {}", image.path, metric, *score,
                     larger_is_better ? "less" : "more", gate.limit);
}

void QualityVerdicts::judge(JudgedImage image) {
  std::vector<std::string> failures;
  for (const QualityGate& gate : gates_) {
    if (image.scores.empty()) {
      break;
    }
    if (std::string line = worse_than(gate, image); !line.empty()) {
      failures.push_back(line);
      worse_.push_back(std::move(line));
    }
  }
  if (!junit_.empty()) {
    cases_.push_back({std::move(image.suite), std::move(image.name), std::move(failures),
                      std::move(image.errors)});
  }
}

void QualityVerdicts::add_unmatched(const std::string& suite, std::span<const std::string> lines) {
  if (junit_.empty()) {
    return;
  }
  for (const std::string& line : lines) {
    cases_.push_back({suite, line.substr(0, line.find(": ")), {}, {line}});
  }
}

bool QualityVerdicts::finish() const {
  for (const std::string& line : worse_) {
    say("gradspace: {}", line);
  }
  if (!junit_.empty()) {
    write_junit(junit_, "gradspace iqa", cases_);
  }
  return worse_.empty();
}

}  // namespace gradspace::cli
