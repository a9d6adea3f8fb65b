// The circumstances of an experiment: when, how long, asked for how. They don't change its numbers.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace gradspace {

class RunRecord {
 public:
  /// `command_line` may be empty: not known.
  RunRecord(std::string_view command_line, int threads);

  /// Ends the stage before.
  void begin_stage(std::string_view stage, bool skipped);

  /// What `Results::record_json` says, up to now.
  std::string json_text();

 private:
  void end_stage();

  nlohmann::json record_;
  std::chrono::steady_clock::time_point stage_began_;
};

}  // namespace gradspace
