#include "experiment/run_record.h"

#include <fmt/chrono.h>

#include <ctime>

#include "core/json.h"

namespace gradspace {
namespace {

using nlohmann::json;

std::string now_utc() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace

RunRecord::RunRecord(std::string_view command_line, int threads)
    : record_{{"started", now_utc()}, {"threads", threads}, {"stages", json::array()}} {
  if (!command_line.empty()) {
    record_["command_line"] = command_line;
  }
}

void RunRecord::begin_stage(std::string_view stage, bool skipped) {
  end_stage();
  record_["stages"].push_back({{"stage", stage}, {"seconds", nullptr}, {"skipped", skipped}});
  stage_began_ = std::chrono::steady_clock::now();
}

std::string RunRecord::json_text() {
  end_stage();
  record_["finished"] = now_utc();
  return dump_json(record_);
}

void RunRecord::end_stage() {
  json& stages = record_["stages"];
  if (!stages.empty() && stages.back()["seconds"].is_null()) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - stage_began_;
    stages.back()["seconds"] = took.count();
  }
}

}  // namespace gradspace
