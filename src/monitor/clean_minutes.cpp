#include "monitor/clean_minutes.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "gradspace/error.h"
#include "monitor/utc_text.h"

namespace gradspace::monitor {
namespace {

using nlohmann::json;

constexpr std::chrono::minutes kMinute{1};
/// Older days are forgotten.
constexpr std::size_t kDays = 14;
/// Of each day so many of the largest are kept: ranks over that are not needed.
constexpr std::size_t kSeverest = 16;
/// Of rules that look back on more frames nothing is learned: their scores would be kept, and sorted with every frame.
constexpr int kLongestRule = 1000;

const json& member(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) {
    throw FormatError("the camera's clean minutes are not whole");
  }
  return *found;
}

std::uint64_t minutes_at(const json& object, const char* key) {
  return static_cast<std::uint64_t>(
      integer_within(member(object, key), 0, static_cast<std::int64_t>(CleanMinutes::kADay), key));
}

bool flag_of(const json& object, const char* key) {
  const json& flag = member(object, key);
  if (!flag.is_boolean()) {
    throw FormatError("the camera's clean minutes are not whole");
  }
  return flag.get<bool>();
}

std::vector<double> scores_at(const json& object, const char* key, std::size_t most) {
  const json& list = member(object, key);
  if (!list.is_array() || list.size() > most ||
      !std::ranges::all_of(list, [](const json& score) { return score.is_number(); })) {
    throw FormatError("the camera's clean minutes have something else than scores");
  }
  return list.get<std::vector<double>>();
}

}  // namespace

void CleanMinutes::add(double score, MonitorTime time, bool raised, bool open) {
  constexpr double kMost = std::numeric_limits<double>::max();
  if (rules_.raise_within > kLongestRule) {
    return;
  }
  recent_.push_back(std::clamp(score, -kMost, kMost));  // files of JSON know no infinity
  if (recent_.size() > static_cast<std::size_t>(rules_.raise_within)) {
    recent_.pop_front();
  }
  if (minute_ && time >= minute_->begin + kMinute) {
    close_minute();
  }
  if (!minute_) {
    minute_ = {time};
  }
  minute_->begin = std::min(minute_->begin, time);  // a clock that was put back ends no minute
  minute_->raised |= raised;
  minute_->open |= open;
  const auto rank = static_cast<std::size_t>(rules_.raise_after);
  if (recent_.size() >= rank) {
    std::vector<double> largest(rank);
    std::ranges::partial_sort_copy(recent_, largest, std::greater());
    minute_->severity = std::max(minute_->severity.value_or(largest.back()), largest.back());
  }
  if (is_held_ && !open) {
    vouched_ = compute();
    is_held_ = false;
  }
}

void CleanMinutes::close_minute() {
  Day& day = days_.back();
  if (minute_->raised) {
    ++day.alarmed;
  } else if (!minute_->open && minute_->severity) {
    ++day.clean;
    const auto place = std::ranges::upper_bound(day.severest, *minute_->severity, std::greater());
    day.severest.insert(place, *minute_->severity);
    day.severest.resize(std::min(day.severest.size(), kSeverest));
  }
  minute_.reset();
  if (day.clean + day.alarmed == kADay) {
    days_.emplace_back();
  }
  if (days_.size() > kDays) {
    days_.pop_front();
  }
  is_held_ = true;
}

std::optional<CleanMinutes::Vouched> CleanMinutes::compute() const {
  std::uint64_t clean = 0;
  std::uint64_t alarmed = 0;
  std::vector<double> severest;
  for (const Day& day : days_) {
    clean += day.clean;
    alarmed += day.alarmed;
    severest.insert(severest.end(), day.severest.begin(), day.severest.end());
  }
  const auto places = static_cast<double>(clean + alarmed + 1);
  const double share = std::min(1.0, rules_.false_alarms_per_day / kADay);
  const auto may_exceed = static_cast<std::uint64_t>(share * places);
  if (clean + alarmed < kADay || may_exceed <= alarmed || severest.empty()) {
    return std::nullopt;
  }
  const std::size_t rank =
      std::min({may_exceed - alarmed, std::uint64_t{kSeverest}, std::uint64_t{severest.size()}});
  std::ranges::nth_element(severest, severest.begin() + static_cast<std::ptrdiff_t>(rank - 1),
                           std::greater());
  return Vouched{severest[rank - 1], static_cast<double>(rank + alarmed) / places * kADay,
                 clean + alarmed};
}

json CleanMinutes::save() const {
  json saved = {{"raise_after", rules_.raise_after},
                {"raise_within", rules_.raise_within},
                {"recent", recent_},
                {"days", json::array()}};
  for (const Day& day : days_) {
    saved["days"].push_back(
        {{"clean", day.clean}, {"alarmed", day.alarmed}, {"severest", day.severest}});
  }
  if (minute_) {
    saved["minute"] = {{"begin", utc_text(minute_->begin)},
                       {"raised", minute_->raised},
                       {"open", minute_->open},
                       {"severity", minute_->severity ? json(*minute_->severity) : json()}};
  }
  if (is_held_ && vouched_) {
    saved["held"] = {{"threshold", vouched_->threshold},
                     {"alarms_per_day", vouched_->alarms_per_day},
                     {"minutes", vouched_->minutes}};
  }
  return saved;
}

CleanMinutes::Day CleanMinutes::day_of(const json& saved) {
  Day day = {minutes_at(saved, "clean"), minutes_at(saved, "alarmed"),
             scores_at(saved, "severest", kSeverest)};
  if (!std::ranges::is_sorted(day.severest, std::greater()) || day.severest.size() > day.clean ||
      day.clean + day.alarmed > kADay) {
    throw FormatError("the camera's clean minutes do not add up");
  }
  return day;
}

CleanMinutes::Minute CleanMinutes::minute_of(const json& saved) {
  const json& begin = member(saved, "begin");
  const json& severity = member(saved, "severity");
  if (!begin.is_string() || (!severity.is_null() && !severity.is_number())) {
    throw FormatError("the camera's present minute is not whole");
  }
  Minute minute = {parse_utc(begin.get<std::string>())};
  minute.severity =
      severity.is_null() ? std::nullopt : std::optional<double>(severity.get<double>());
  minute.raised = flag_of(saved, "raised");
  minute.open = flag_of(saved, "open");
  return minute;
}

CleanMinutes::Vouched CleanMinutes::vouched_of(const json& saved) {
  const json& threshold = member(saved, "threshold");
  const json& alarms = member(saved, "alarms_per_day");
  if (!threshold.is_number() || !alarms.is_number()) {
    throw FormatError("the threshold of the camera's clean minutes is no number");
  }
  return {threshold.get<double>(), alarms.get<double>(),
          static_cast<std::uint64_t>(
              integer_within(member(saved, "minutes"), 0, kDays * kADay, "minutes"))};
}

void CleanMinutes::restore(const json& saved) {
  if (member(saved, "raise_after") != json(rules_.raise_after) ||
      member(saved, "raise_within") != json(rules_.raise_within)) {
    return;  // severities of other rules are others
  }
  CleanMinutes restored(rules_);
  const std::vector<double> recent =
      scores_at(saved, "recent", static_cast<std::size_t>(rules_.raise_within));
  restored.recent_.assign(recent.begin(), recent.end());
  const json& days = member(saved, "days");
  if (!days.is_array() || days.empty() || days.size() > kDays) {
    throw FormatError("the camera's clean minutes are of no days");
  }
  restored.days_.clear();
  for (const json& day : days) {
    restored.days_.push_back(day_of(day));
  }
  if (saved.contains("minute")) {
    restored.minute_ = minute_of(saved["minute"]);
  }
  restored.is_held_ = saved.contains("held");
  restored.vouched_ = restored.is_held_ ? vouched_of(saved["held"]) : restored.compute();
  *this = std::move(restored);
}

}  // namespace gradspace::monitor
