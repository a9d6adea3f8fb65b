#include "monitor/camera_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/checksum.h"
#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "monitor/verdict_line.h"

namespace gradspace::monitor {
namespace {

using nlohmann::json;

constexpr int kStateFormat = 1;
/// A log that failed is tried again after so long.
constexpr std::chrono::seconds kLogPause{2};
/// Of the two log files of a camera each has at least so many bytes, so that a state is younger than the older file.
constexpr std::uint64_t kLeastLog = std::uint64_t{1} << 16;

std::uint64_t counter(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) {
    throw FormatError(fmt::format("{} is missing", key));
  }
  return static_cast<std::uint64_t>(
      integer_within(*found, 0, std::numeric_limits<std::int64_t>::max(), key));
}

/// Of a state that has none, no scores.
std::vector<double> drift_scores(const json& saved, const char* key) {
  const auto found = saved.find(key);
  if (found == saved.end()) {
    return {};
  }
  const auto is_number = [](const json& score) { return score.is_number(); };
  if (!found->is_array() || !std::ranges::all_of(*found, is_number)) {
    throw FormatError(fmt::format("drift: {} has something else than scores", key));
  }
  return found->get<std::vector<double>>();
}

std::filesystem::path older_log(const std::filesystem::path& log) {
  std::filesystem::path older = log;
  older.replace_extension(".1.jsonl");
  return older;
}

/// What tells a detector from another one, whose scores are others.
std::string identity_of(const Detector& detector) {
  Checksum checksum;
  const auto add = [&checksum](std::string_view text) { checksum.update(bytes_of(text)); };
  add(detector.method);
  add(detector.model_sha256);
  for (const TensorMap& tensors : {detector.weights, detector.calibration.tensors()}) {
    for (const auto& [name, tensor] : tensors) {
      add(name);
      checksum.update({reinterpret_cast<const std::uint8_t*>(tensor.values.data()),
                       tensor.values.size() * sizeof(float)});
    }
  }
  return checksum_text(checksum.value());
}

}  // namespace

CameraRecord::CameraRecord(const CameraOptions& options, const Detector& detector,
                           RecordFiles files)
    : options_(options),
      detector_id_(identity_of(detector)),
      files_(std::move(files)),
      rule_(options.alarms),
      minutes_(options.alarms),
      drift_hold_(options.alarms.at_least_s) {
  try {
    drift_.emplace(detector.calibration, options.drift);
  } catch (const InvalidArgument& error) {
    no_drift_ = error.what();
  }
}

void CameraRecord::restore(const Decided& decided, SteadyTime now, const Remark& remark,
                           const OnReplayed& on_replayed) {
  if (!no_drift_.empty()) {
    remark(no_drift_);
  }
  const std::uint64_t logged = read_state(remark);
  if (files_.verdict_bytes > 0) {
    log_.emplace(files_.verdicts);
    try {
      const std::uint64_t from = logged <= log_->size() ? logged : 0;
      JournalFile::read(files_.verdicts, from,
                        [&](std::string_view line) { replay(line, decided, now, on_replayed); });
    } catch (const IoError& error) {
      remark(error.what());
    }
  }
  // Frames that waited when everything ended were never judged.
  counters_.dropped = counters_.frames - counters_.judged - counters_.failures;
}

/// Where the log ended when the state was written.
std::uint64_t CameraRecord::read_state(const Remark& remark) {
  std::error_code unknown;
  if (!std::filesystem::exists(files_.state, unknown)) {
    return 0;
  }
  try {
    const json saved = parse_sealed_json(read_text_file(files_.state), files_.state.native());
    if (counter(saved, "format_version") > kStateFormat) {
      throw FormatError(fmt::format("{}: of a newer version of gradspace", files_.state.native()));
    }
    return take_state(saved);
  } catch (const Error& error) {
    const std::string path = files_.state.native();
    const std::string_view why = error.what();
    remark(fmt::format("{}{}; the camera begins without it",
                       why.starts_with(path) ? "" : path + ": ", why));
    return 0;
  }
}

/// All of it, or nothing where a part is wrong. Returns where the log ended.
std::uint64_t CameraRecord::take_state(const json& saved) {
  CameraCounters counters;
  counters.frames = counter(saved, "frames");
  const std::uint64_t last_number = counter(saved, "last_number");
  counters.judged = counter(saved, "judged");
  counters.dropped = counter(saved, "dropped");
  counters.failures = counter(saved, "failures");
  counters.out_of_distribution = counter(saved, "out_of_distribution");
  counters.reconnects = counter(saved, "reconnects");
  if (counters.judged + counters.failures > counters.frames || last_number > counters.frames) {
    throw FormatError("more frames were judged than there were");
  }
  const std::uint64_t logged = counter(saved, "logged_bytes");
  const bool same_detector = saved.contains("detector") && saved["detector"] == json(detector_id_);
  FrameAlarmRule rule = rule_;
  CleanMinutes minutes = minutes_;
  if (same_detector && saved.contains("rule")) {
    rule.restore(saved["rule"]);
  }
  if (same_detector && saved.contains("minutes")) {
    minutes.restore(saved["minutes"]);
  }
  if (drift_ && saved.contains("drift")) {
    take_drift_state(saved["drift"], same_detector);
  }
  rule_ = std::move(rule);
  minutes_ = std::move(minutes);
  counters_ = counters;
  last_number_ = last_number;
  return logged;
}

/// Of another detector, another reference or a longer window, the scores are worth nothing; what is spent remains
/// spent.
void CameraRecord::take_drift_state(const json& saved, bool same_detector) {
  DriftState state = {counter(saved, "images"), counter(saved, "windows")};
  std::vector<double> reference = drift_scores(saved, "reference");
  std::vector<double> scores = drift_scores(saved, "scores");
  const std::uint64_t size =
      saved.contains("reference_size") ? counter(saved, "reference_size") : 0;
  if (same_detector && size == options_.drift.reference) {
    state.reference = std::move(reference);
    if (scores.size() < options_.drift.window) {
      state.scores = std::move(scores);
    }
  }
  drift_->restore(state);
  const auto p_value = saved.find("p_value");
  drift_p_value_ = p_value != saved.end() && p_value->is_number() ? p_value->get<double>() : 1;
}

void CameraRecord::replay(std::string_view line, const Decided& decided, SteadyTime now,
                          const OnReplayed& on_replayed) {
  LoggedVerdict logged;
  try {
    logged = parse_verdict_line(line);
  } catch (const Error&) {
    return;  // somebody has been at the file
  }
  FrameVerdict& verdict = logged.verdict;
  if (verdict.number <= last_number_) {
    return;
  }
  verdict.camera = options_.name;
  counters_.frames = std::max(counters_.frames, verdict.number);
  on_replayed(verdict, take(verdict, logged.for_drift, now, decided));
}

RecordChange CameraRecord::add(const FrameVerdict& verdict, SteadyTime now) {
  const bool for_drift = verdict.failure.empty() && is_for_drift(now);
  log(verdict, for_drift, now);
  return take(verdict, for_drift, now, {});
}

RecordChange CameraRecord::take(const FrameVerdict& verdict, bool for_drift, SteadyTime now,
                                const Decided& decided) {
  RecordChange change;
  last_number_ = verdict.number;
  if (!verdict.failure.empty()) {
    ++counters_.failures;
    return change;
  }
  ++counters_.judged;
  counters_.out_of_distribution += verdict.out_of_distribution ? 1 : 0;
  bool raised = false;
  bool open = rule_.hold().is_open();
  if (verdict.number <= decided.frames) {
    rule_.count(verdict.out_of_distribution);
    raised = verdict.out_of_distribution;  // which of them raised the alarm is not in the lines
  } else {
    change.frames = rule_.add(verdict.out_of_distribution, now);
    raised = change.frames == AlarmChange::kRaise;
    open |= raised;
  }
  minutes_.add(verdict.score, verdict.time, raised, open);
  // What windows are compared with is of clean frames.
  const bool is_reference = drift_ && drift_->reference_missing() > 0;
  if (for_drift && drift_ && !(is_reference && verdict.out_of_distribution)) {
    constexpr double kMost = std::numeric_limits<float>::max();  // files of JSON know no infinity
    change.window = drift_->add(std::clamp(verdict.score, -kMost, kMost));
    drift_p_value_ = change.window ? change.window->p_value : drift_p_value_;
    if (change.window && verdict.number > decided.drift) {
      change.drift = drift_change(*change.window, now);
    }
  }
  return change;
}

AlarmChange CameraRecord::drift_change(const DriftWindow& window, SteadyTime now) {
  if (window.drifted && !drift_hold_.is_open()) {
    drift_hold_.open(now);
    return AlarmChange::kRaise;
  }
  if (!window.drifted && drift_hold_.is_over(now)) {
    drift_hold_.close();
    return AlarmChange::kClear;
  }
  return AlarmChange::kNone;
}

bool CameraRecord::is_for_drift(SteadyTime now) {
  if (!drift_ || (next_for_drift_ && now < *next_for_drift_)) {
    return false;
  }
  next_for_drift_ = now + seconds(options_.drift_every_s);
  return true;
}

void CameraRecord::log(const FrameVerdict& verdict, bool for_drift, SteadyTime now) {
  if (!log_ || (log_failed_ && now < try_log_again_)) {
    return;
  }
  log_failed_ = !log_->append(verdict_line(verdict, for_drift));
  if (log_failed_) {
    try_log_again_ = now + kLogPause;
  }
}

void CameraRecord::settle(const RecordChange& change) {
  const bool is_long = log_ && log_->size() > std::max(files_.verdict_bytes / 2, kLeastLog);
  if (is_long) {
    write_state(false);  // after a kill from here on nothing of the older log is looked at
    std::error_code error;
    std::filesystem::rename(files_.verdicts, older_log(files_.verdicts), error);
    log_->reopen();
  }
  if (is_long || change.frames != AlarmChange::kNone || change.drift != AlarmChange::kNone) {
    write_state(false);
  }
}

json CameraRecord::state() const {
  json saved = {{"format_version", kStateFormat},
                {"kind", "camera of a monitor"},
                {"camera", options_.name},
                {"detector", detector_id_},
                {"frames", counters_.frames},
                {"last_number", last_number_},
                {"judged", counters_.judged},
                {"dropped", counters_.dropped},
                {"failures", counters_.failures},
                {"out_of_distribution", counters_.out_of_distribution},
                {"reconnects", counters_.reconnects},
                {"rule", rule_.save()},
                {"minutes", minutes_.save()},
                {"logged_bytes", log_ ? log_->size() : 0}};
  if (drift_) {
    const DriftState drift = drift_->state();
    saved["drift"] = {{"images", drift.images},
                      {"windows", drift.windows},
                      {"scores", drift.scores},
                      {"reference", drift.reference},
                      {"reference_size", options_.drift.reference},
                      {"p_value", drift_p_value_}};
  }
  return saved;
}

void CameraRecord::write_state(bool last) {
  try {
    AtomicFile file(files_.state);
    file.write(sealed_json(state()));
    file.commit(last ? Survives::kPowerLoss : Survives::kKill);
    state_failed_ = false;
  } catch (const IoError&) {
    state_failed_ = true;
  }
}

}  // namespace gradspace::monitor
