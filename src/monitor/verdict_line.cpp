#include "monitor/verdict_line.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "gradspace/error.h"
#include "monitor/utc_text.h"

namespace gradspace::monitor {
namespace {

using nlohmann::ordered_json;

double score_at(const nlohmann::json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end() || !found->is_number()) {
    throw FormatError("a verdict without numbers");
  }
  return found->get<double>();
}

bool truth_at(const nlohmann::json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

std::string verdict_line(const FrameVerdict& verdict, bool for_drift) {
  ordered_json line = {
      {"time", utc_text(verdict.time)}, {"camera", verdict.camera}, {"number", verdict.number}};
  if (!verdict.frame.empty()) {
    line["frame"] = verdict.frame;
  }
  if (!verdict.failure.empty()) {
    line["failure"] = verdict.failure;
  } else {
    line["score"] = verdict.score;
    line["p_value"] = verdict.p_value;
    line["threshold"] = verdict.threshold;
    line["out_of_distribution"] = verdict.out_of_distribution;
    if (!verdict.cause.empty()) {
      line["cause"] = verdict.cause;
    }
    if (for_drift) {
      line["for_drift"] = true;
    }
  }
  line["latency_s"] = verdict.latency_s;
  return dump_json(line);
}

LoggedVerdict parse_verdict_line(std::string_view text) {
  const nlohmann::json line = parse_json(text, "verdict");
  if (!line.is_object() || !line.contains("number") || !line.contains("time") ||
      !line["time"].is_string()) {
    throw FormatError("no verdict");
  }
  LoggedVerdict result;
  FrameVerdict& verdict = result.verdict;
  verdict.number = static_cast<std::uint64_t>(
      integer_within(line["number"], 0, std::numeric_limits<std::int64_t>::max(), "number"));
  verdict.time = parse_utc(line["time"].get<std::string>());
  if (line.contains("failure")) {
    verdict.failure = "failed";
    return result;
  }
  verdict.score = score_at(line, "score");
  verdict.p_value = score_at(line, "p_value");
  verdict.out_of_distribution = truth_at(line, "out_of_distribution");
  if (line.contains("cause") && line["cause"].is_string()) {
    verdict.cause = from_utf8(line["cause"].get<std::string>());
  }
  result.for_drift = truth_at(line, "for_drift");
  return result;
}

}  // namespace gradspace::monitor
