#include "monitor/alarm_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "monitor/utc_text.h"

namespace gradspace {

std::string_view alarm_kind_name(AlarmKind kind) {
  switch (kind) {
    case AlarmKind::kFrames:
      return "frames";
    case AlarmKind::kDrift:
      return "drift";
    case AlarmKind::kSilent:
      break;
  }
  return "silent";
}

namespace monitor {
namespace {

using nlohmann::json;

/// Lines that wait for a disk that is full. Alarms are rare: more come only in months.
constexpr std::size_t kMostPending = 100'000;
constexpr std::array kKinds = {AlarmKind::kFrames, AlarmKind::kDrift, AlarmKind::kSilent};

AlarmKind parse_kind(std::string_view text) {
  for (const AlarmKind kind : kKinds) {
    if (alarm_kind_name(kind) == text) {
      return kind;
    }
  }
  throw FormatError("an alarm of an unknown kind");
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) {
    throw FormatError(fmt::format("no text under {}", key));
  }
  return from_utf8(found->get<std::string>());
}

std::optional<MonitorTime> time_at(const json& object, const char* key) {
  return object.contains(key) ? std::optional(parse_utc(text_at(object, key))) : std::nullopt;
}

double number_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) {
    throw FormatError(fmt::format("no number under {}", key));
  }
  return found->get<double>();
}

std::uint64_t count_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? 0
                               : static_cast<std::uint64_t>(integer_within(
                                     *found, 0, std::numeric_limits<std::int64_t>::max(), key));
}

bool flag_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

/// The alarm as an event of this name.
json to_json(const MonitorAlarm& alarm, const char* event) {
  json line = {{"event", event},
               {"id", alarm.id},
               {"camera", alarm.camera},
               {"kind", alarm_kind_name(alarm.kind)},
               {"raised", utc_text(alarm.raised)},
               {"cause", alarm.cause},
               {"highest_score", alarm.highest_score},
               {"lowest_p_value", alarm.lowest_p_value},
               {"snapshot", alarm.snapshot}};
  if (alarm.cleared) {
    line["cleared"] = utc_text(*alarm.cleared);
  }
  if (alarm.acknowledged) {
    line["acknowledged"] = utc_text(*alarm.acknowledged);
  }
  return line;
}

MonitorAlarm alarm_of(const json& line) {
  MonitorAlarm alarm;
  alarm.id = text_at(line, "id");
  alarm.camera = text_at(line, "camera");
  alarm.kind = parse_kind(text_at(line, "kind"));
  alarm.raised = parse_utc(text_at(line, "raised"));
  alarm.cleared = time_at(line, "cleared");
  alarm.acknowledged = time_at(line, "acknowledged");
  alarm.cause = text_at(line, "cause");
  alarm.highest_score = number_at(line, "highest_score");
  alarm.lowest_p_value = number_at(line, "lowest_p_value");
  alarm.snapshot = text_at(line, "snapshot");
  return alarm;
}

std::string id_of(std::string_view camera, AlarmKind kind, std::uint64_t number) {
  return fmt::format("{}-{}-{}", camera, alarm_kind_name(kind), number);
}

/// The number at the end of an id.
std::uint64_t number_in(std::string_view id) {
  const json number = json::parse(id.substr(id.rfind('-') + 1), nullptr, false);
  return static_cast<std::uint64_t>(
      integer_within(number, 1, std::numeric_limits<std::int64_t>::max(), "the alarm's id"));
}

}  // namespace

bool AlarmBook::Entry::is_delivered() const {
  return told_raised && told_cleared == alarm.cleared.has_value() &&
         told_acknowledged == alarm.acknowledged.has_value();
}

bool AlarmBook::Entry::is_written() const {
  return written && written_cleared == alarm.cleared.has_value() &&
         written_acknowledged == alarm.acknowledged.has_value();
}

AlarmBook::AlarmBook(const std::filesystem::path& folder, const Limits& limits)
    : limits_(limits), journal_(folder / "alarms.jsonl") {
  JournalFile::read(journal_.path(), 0, [this](std::string_view line) { take_line(line); });
  forget_old();
}

void AlarmBook::take_line(std::string_view line) {
  try {
    take_event(parse_json(line, "alarms.jsonl"));
  } catch (const Error&) {
    ++damaged_lines_;
  }
}

void AlarmBook::take_event(const json& event) {
  const std::string what = text_at(event, "event");
  if (what == "raised" || what == "kept") {
    take_alarm(event);
  } else if (what == "numbered") {
    Progress& progress = progress_[{text_at(event, "camera"), parse_kind(text_at(event, "kind"))}];
    progress.last_number = std::max(progress.last_number, count_at(event, "last"));
    progress.decided_up_to = std::max(progress.decided_up_to, count_at(event, "frame"));
  } else {
    take_change(event);
  }
}

void AlarmBook::take_alarm(const json& event) {
  Entry entry{alarm_of(event)};
  entry.told_raised = flag_at(event, "told_raised");
  entry.told_cleared = flag_at(event, "told_cleared");
  entry.told_acknowledged = flag_at(event, "told_acknowledged");
  entry.written = flag_at(event, "written");
  entry.written_cleared = flag_at(event, "written_cleared");
  entry.written_acknowledged = flag_at(event, "written_acknowledged");
  if (entry_of(entry.alarm.id) != nullptr) {
    throw FormatError("an alarm that was raised before");
  }
  Progress& progress = progress_[{entry.alarm.camera, entry.alarm.kind}];
  progress.last_number = std::max(progress.last_number, number_in(entry.alarm.id));
  progress.decided_up_to = std::max(progress.decided_up_to, count_at(event, "frame"));
  entries_.push_back(std::move(entry));
}

void AlarmBook::take_change(const json& event) {
  const std::string what = text_at(event, "event");
  Entry* const entry = entry_of(text_at(event, "id"));
  if (entry == nullptr) {
    throw FormatError("of an unknown alarm");
  }
  MonitorAlarm& alarm = entry->alarm;
  if (what == "cleared") {
    alarm.cleared = parse_utc(text_at(event, "time"));
    alarm.highest_score = number_at(event, "highest_score");
    alarm.lowest_p_value = number_at(event, "lowest_p_value");
    Progress& progress = progress_[{alarm.camera, alarm.kind}];
    progress.decided_up_to = std::max(progress.decided_up_to, count_at(event, "frame"));
  } else if (what == "acknowledged") {
    alarm.acknowledged = parse_utc(text_at(event, "time"));
  } else if (what == "delivered") {
    entry->told_raised = true;
    entry->told_cleared = flag_at(event, "cleared");
    entry->told_acknowledged = flag_at(event, "acknowledged");
  } else if (what == "written") {
    entry->written = true;
    entry->written_cleared = flag_at(event, "cleared");
    entry->written_acknowledged = flag_at(event, "acknowledged");
  } else {
    throw FormatError("an unknown event");
  }
}

AlarmBook::Entry* AlarmBook::entry_of(std::string_view id) {
  const auto found = std::ranges::find(
      entries_, id, [](const Entry& e) -> std::string_view { return e.alarm.id; });
  return found == entries_.end() ? nullptr : &*found;
}

std::string AlarmBook::next_id(std::string_view camera, AlarmKind kind) const {
  const std::lock_guard lock(mutex_);
  const auto found = progress_.find({std::string(camera), kind});
  return id_of(camera, kind, 1 + (found == progress_.end() ? 0 : found->second.last_number));
}

MonitorAlarm AlarmBook::raise(MonitorAlarm alarm, std::uint64_t frame) {
  const std::lock_guard lock(mutex_);
  Progress& progress = progress_[{alarm.camera, alarm.kind}];
  alarm.id = id_of(alarm.camera, alarm.kind, ++progress.last_number);
  progress.decided_up_to = std::max(progress.decided_up_to, frame);
  json line = to_json(alarm, "raised");
  line["frame"] = frame;
  write(line, true);
  entries_.push_back({alarm});
  forget_old();
  begin_anew_if_long();
  return alarm;
}

std::optional<MonitorAlarm> AlarmBook::clear(std::string_view id, MonitorTime time,
                                             std::uint64_t frame) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = entry_of(id);
  if (entry == nullptr || entry->alarm.cleared) {
    return std::nullopt;
  }
  MonitorAlarm& alarm = entry->alarm;
  alarm.cleared = time;
  Progress& progress = progress_[{alarm.camera, alarm.kind}];
  progress.decided_up_to = std::max(progress.decided_up_to, frame);
  write({{"event", "cleared"},
         {"id", alarm.id},
         {"time", utc_text(time)},
         {"frame", frame},
         {"highest_score", alarm.highest_score},
         {"lowest_p_value", alarm.lowest_p_value}},
        true);
  return alarm;
}

void AlarmBook::note_extremes(std::string_view id, double score, double p_value) {
  const std::lock_guard lock(mutex_);
  if (Entry* const entry = entry_of(id)) {
    entry->alarm.highest_score = std::max(entry->alarm.highest_score, score);
    entry->alarm.lowest_p_value = std::min(entry->alarm.lowest_p_value, p_value);
  }
}

std::optional<MonitorAlarm> AlarmBook::acknowledge(std::string_view id, MonitorTime time) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = entry_of(id);
  if (entry == nullptr || entry->alarm.acknowledged) {
    return std::nullopt;
  }
  entry->alarm.acknowledged = time;
  write({{"event", "acknowledged"}, {"id", entry->alarm.id}, {"time", utc_text(time)}}, true);
  return entry->alarm;
}

void AlarmBook::confirm_delivery(const MonitorAlarm& told) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = entry_of(told.id);
  if (entry == nullptr) {
    return;
  }
  // Confirmations may come in another order than the alarm's states.
  const bool cleared = entry->told_cleared || told.cleared.has_value();
  const bool acknowledged = entry->told_acknowledged || told.acknowledged.has_value();
  if (entry->told_raised && cleared == entry->told_cleared &&
      acknowledged == entry->told_acknowledged) {
    return;
  }
  entry->told_raised = true;
  entry->told_cleared = cleared;
  entry->told_acknowledged = acknowledged;
  write({{"event", "delivered"},
         {"id", told.id},
         {"cleared", cleared},
         {"acknowledged", acknowledged}},
        false);
  forget_old();
  begin_anew_if_long();
}

void AlarmBook::confirm_written(const MonitorAlarm& told) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = entry_of(told.id);
  if (entry == nullptr) {
    return;
  }
  entry->written = true;
  entry->written_cleared = told.cleared.has_value();
  entry->written_acknowledged = told.acknowledged.has_value();
  write({{"event", "written"},
         {"id", told.id},
         {"cleared", entry->written_cleared},
         {"acknowledged", entry->written_acknowledged}},
        false);
}

std::optional<MonitorAlarm> AlarmBook::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(entries_, [id](const Entry& entry) { return entry.alarm.id == id; });
  return found == entries_.end() ? std::nullopt : std::optional(found->alarm);
}

std::optional<MonitorAlarm> AlarmBook::open_of(std::string_view camera, AlarmKind kind) const {
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    if (!entry.alarm.cleared && entry.alarm.camera == camera && entry.alarm.kind == kind) {
      return entry.alarm;
    }
  }
  return std::nullopt;
}

std::vector<MonitorAlarm> AlarmBook::all_open(std::string_view camera) const {
  const std::lock_guard lock(mutex_);
  std::vector<MonitorAlarm> alarms;
  for (const Entry& entry : entries_) {
    if (!entry.alarm.cleared && entry.alarm.camera == camera) {
      alarms.push_back(entry.alarm);
    }
  }
  return alarms;
}

std::uint64_t AlarmBook::raised(std::string_view camera) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  for (const auto& [key, progress] : progress_) {
    count += key.camera == camera ? progress.last_number : 0;
  }
  return count;
}

std::vector<MonitorAlarm> AlarmBook::newest(std::size_t at_most) const {
  const std::lock_guard lock(mutex_);
  std::vector<MonitorAlarm> alarms;
  for (auto entry = entries_.rbegin(); entry != entries_.rend() && alarms.size() < at_most;
       ++entry) {
    alarms.push_back(entry->alarm);
  }
  return alarms;
}

std::vector<MonitorAlarm> AlarmBook::undelivered() const {
  const std::lock_guard lock(mutex_);
  std::vector<MonitorAlarm> alarms;
  for (const Entry& entry : entries_) {
    if (!entry.is_delivered()) {
      alarms.push_back(entry.alarm);
      alarms.back().is_written = entry.is_written();
    }
  }
  return alarms;
}

std::uint64_t AlarmBook::decided_up_to(std::string_view camera, AlarmKind kind) const {
  const std::lock_guard lock(mutex_);
  const auto found = progress_.find({std::string(camera), kind});
  return found == progress_.end() ? 0 : found->second.decided_up_to;
}

/// `at_once`: it must survive a loss of power.
void AlarmBook::write(const json& line, bool at_once) {
  if (pending_.size() < kMostPending) {
    pending_.push_back(dump_json(line));
  }
  if (write_pending_locked() && at_once) {
    journal_.flush();
  }
}

bool AlarmBook::is_stopped() const {
  const std::lock_guard lock(mutex_);
  return !pending_.empty();
}

bool AlarmBook::write_pending() {
  const std::lock_guard lock(mutex_);
  return write_pending_locked();
}

bool AlarmBook::write_pending_locked() {
  while (!pending_.empty()) {
    if (!journal_.append(pending_.front())) {
      return false;
    }
    pending_.pop_front();
  }
  return true;
}

void AlarmBook::forget_old() {
  while (entries_.size() > limits_.kept) {
    const bool too_many = entries_.size() > 2 * limits_.kept;
    const auto gone = std::ranges::find_if(entries_, [too_many](const Entry& entry) {
      return entry.alarm.cleared.has_value() && (entry.is_delivered() || too_many);
    });
    if (gone == entries_.end()) {
      return;
    }
    entries_.erase(gone);
  }
}

std::string AlarmBook::kept_lines() const {
  std::string lines;
  const auto add = [&lines](const json& line) { lines += dump_json(line) + '\n'; };
  for (const auto& [key, progress] : progress_) {
    add({{"event", "numbered"},
         {"camera", key.camera},
         {"kind", alarm_kind_name(key.kind)},
         {"last", progress.last_number},
         {"frame", progress.decided_up_to}});
  }
  for (const Entry& entry : entries_) {
    json line = to_json(entry.alarm, "kept");
    line["told_raised"] = entry.told_raised;
    line["told_cleared"] = entry.told_cleared;
    line["told_acknowledged"] = entry.told_acknowledged;
    line["written"] = entry.written;
    line["written_cleared"] = entry.written_cleared;
    line["written_acknowledged"] = entry.written_acknowledged;
    add(line);
  }
  return lines;
}

/// With what is still known. The old one stays under another name.
void AlarmBook::begin_anew_if_long() {
  if (journal_.size() < limits_.journal_bytes || !pending_.empty()) {
    return;
  }
  std::error_code ignored;
  const std::filesystem::path& path = journal_.path();
  const std::filesystem::path old = path.parent_path() / "alarms.1.jsonl";
  std::filesystem::remove(old, ignored);
  std::filesystem::create_hard_link(path, old, ignored);
  try {
    write_file(path, kept_lines());
    journal_.reopen();
  } catch (const IoError&) {
    // It stays as long as it is until there is room for a new one.
  }
}

}  // namespace monitor
}  // namespace gradspace
