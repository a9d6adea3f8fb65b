#include "monitor/alarm_rule.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "gradspace/error.h"

namespace gradspace::monitor {

void FrameAlarmRule::count(bool out_of_distribution) {
  recent_.push_back(out_of_distribution);
  if (recent_.size() > static_cast<std::size_t>(rules_.raise_within)) {
    recent_.pop_front();
  }
  clean_in_a_row_ = out_of_distribution ? 0 : std::min(clean_in_a_row_ + 1, rules_.clear_after);
  if (clean_in_a_row_ == rules_.clear_after) {
    recent_.clear();  // what led to one alarm leads to no other
  }
}

AlarmChange FrameAlarmRule::add(bool out_of_distribution, SteadyTime now) {
  count(out_of_distribution);
  if (hold_.is_open()) {
    if (clean_in_a_row_ < rules_.clear_after || !hold_.is_over(now)) {
      return AlarmChange::kNone;
    }
    hold_.close();
    return AlarmChange::kClear;
  }
  if (std::ranges::count(recent_, true) < rules_.raise_after) {
    return AlarmChange::kNone;
  }
  hold_.open(now);
  return AlarmChange::kRaise;
}

nlohmann::json FrameAlarmRule::save() const {
  return {{"recent", std::vector<bool>(recent_.begin(), recent_.end())},
          {"clean_in_a_row", clean_in_a_row_}};
}

void FrameAlarmRule::restore(const nlohmann::json& saved) {
  const auto recent = saved.find("recent");
  const auto clean = saved.find("clean_in_a_row");
  const auto is_flag = [](const nlohmann::json& value) { return value.is_boolean(); };
  if (recent == saved.end() || !recent->is_array() || !std::ranges::all_of(*recent, is_flag) ||
      clean == saved.end()) {
    throw FormatError("the frames that the alarm looks back on are not there");
  }
  clean_in_a_row_ = static_cast<int>(
      integer_within(*clean, 0, std::numeric_limits<int>::max(), "clean_in_a_row"));
  recent_.clear();
  for (const nlohmann::json& flag : *recent) {
    recent_.push_back(flag.get<bool>());
  }
  while (recent_.size() > static_cast<std::size_t>(rules_.raise_within)) {
    recent_.pop_front();
  }
  clean_in_a_row_ = std::min(clean_in_a_row_, rules_.clear_after);
}

}  // namespace gradspace::monitor
