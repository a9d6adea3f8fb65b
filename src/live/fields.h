// Which keys a configuration has: said once, for reading, for writing and for suggestions. A visitor has the functions
//   field(name, value&, range...)   a value of the table
//   table(name, function)           a table inside, whose fields the function visits
// Ranges are checked by the reader.
#pragma once

#include <limits>

#include "live/settings.h"

namespace gradspace::live {

struct Range {
  double least = 0;
  double most = std::numeric_limits<double>::max();
};

/// Texts of which some may not be empty.
enum class Text { kAny, kNotEmpty };

template <class Visitor>
void visit_drift(Visitor& visitor, DriftOptions& drift) {
  visitor.field("window", drift.window, Range{2, DriftOptions::kLongestWindow});
  visitor.field("false_alarms", drift.false_alarms, Range{1e-12, 0.999});
  visitor.field("reference", drift.reference, Range{0, DriftOptions::kLongestReference});
}

template <class Visitor>
void visit_alarms(Visitor& visitor, AlarmRules& rules) {
  constexpr double kMostFrames = 1'000'000;
  visitor.field("false_alarms_per_day", rules.false_alarms_per_day, Range{1e-9, 1e9});
  visitor.field("raise_after", rules.raise_after, Range{1, kMostFrames});
  visitor.field("raise_within", rules.raise_within, Range{1, kMostFrames});
  visitor.field("clear_after", rules.clear_after, Range{1, kMostFrames});
  visitor.field("at_least_s", rules.at_least_s, Range{0, 1e9});
  visitor.field("silent_after_s", rules.silent_after_s, Range{0, 1e9});
  visitor.field("learn_threshold", rules.learn_threshold);
}

/// What all cameras may have in common, in [defaults].
template <class Visitor>
void visit_judgement(Visitor& visitor, CameraOptions& camera) {
  visitor.field("detector", camera.detector);
  visitor.field("model", camera.model);
  visitor.field("causes", camera.causes);
  visitor.field("frames_per_second", camera.input.frames_per_second, Range{0, 1000});
  visitor.field("drift_every_s", camera.drift_every_s, Range{0, 1e9});
  visitor.table("drift", [&](auto& inner) { visit_drift(inner, camera.drift); });
  visitor.table("alarms", [&](auto& inner) { visit_alarms(inner, camera.alarms); });
}

template <class Visitor>
void visit_camera(Visitor& visitor, CameraOptions& camera) {
  constexpr double kMostPixels = 65'535;
  visitor.field("name", camera.name, Text::kNotEmpty);
  visitor.field("kind", camera.input.kind);
  visitor.field("address", camera.input.address, Text::kAny);
  visitor.field("width", camera.input.width, Range{0, kMostPixels});
  visitor.field("height", camera.input.height, Range{0, kMostPixels});
  visitor.field("loop", camera.input.loop);
  visitor.field("seed", camera.input.seed, Range{0, 9e15});
  visitor.field("faults", camera.input.faults);
  visit_judgement(visitor, camera);
}

template <class Visitor>
void visit_http(Visitor& visitor, HttpSettings& http) {
  visitor.field("enabled", http.enabled);
  visitor.field("listen", http.listen, Text::kNotEmpty);
  visitor.field("token_file", http.token_file);
  visitor.field("token_environment", http.token_environment, Text::kAny);
  visitor.field("hosts", http.hosts);
  visitor.field("https", http.https);
  visitor.field("connections", http.connections, Range{1, 10'000});
  visitor.field("connections_per_peer", http.connections_per_peer, Range{1, 10'000});
  visitor.field("frame_bytes", http.frame_bytes, Range{1, 1e9});
  visitor.field("events_per_second", http.events_per_second, Range{0.1, 20});
}

template <class Visitor>
void visit_outputs(Visitor& visitor, OutputSettings& outputs) {
  constexpr Range kTimeout{0.1, 600};
  visitor.field("waiting", outputs.waiting, Range{1, 1'000'000});
  visitor.table("command", [&](auto& inner) {
    inner.field("arguments", outputs.command.arguments);
    inner.field("timeout_s", outputs.command.timeout_s, kTimeout);
  });
  visitor.table("webhook", [&](auto& inner) {
    inner.field("url", outputs.webhook.url, Text::kAny);
    inner.field("secret_file", outputs.webhook.secret_file);
    inner.field("ca_file", outputs.webhook.ca_file);
    inner.field("timeout_s", outputs.webhook.timeout_s, kTimeout);
  });
  visitor.table("mqtt", [&](auto& inner) {
    inner.field("broker", outputs.mqtt.broker, Text::kAny);
    inner.field("topic", outputs.mqtt.topic, Text::kNotEmpty);
    inner.field("client", outputs.mqtt.client, Text::kAny);
    inner.field("user", outputs.mqtt.user, Text::kAny);
    inner.field("password_file", outputs.mqtt.password_file);
    inner.field("ca_file", outputs.mqtt.ca_file);
    inner.field("timeout_s", outputs.mqtt.timeout_s, kTimeout);
  });
  visitor.table("syslog", [&](auto& inner) {
    inner.field("enabled", outputs.syslog.enabled);
    inner.field("name", outputs.syslog.name, Text::kNotEmpty);
  });
}

/// All but the cameras, which are a list, and their defaults.
template <class Visitor>
void visit_settings(Visitor& visitor, Settings& settings) {
  MonitorOptions& monitor = settings.monitor;
  visitor.field("folder", monitor.folder);
  visitor.field("threads", monitor.threads, Range{0, 4096});
  visitor.table("snapshots", [&](auto& inner) {
    inner.field("count", monitor.snapshots, Range{0, 1e7});
    inner.field("bytes", monitor.snapshot_bytes, Range{0, 9e15});
  });
  visitor.table("verdicts", [&](auto& inner) {
    inner.field("bytes", monitor.verdict_bytes, Range{0, 9e15});
  });
  visitor.table("http", [&](auto& inner) { visit_http(inner, settings.http); });
  visitor.table("outputs", [&](auto& inner) { visit_outputs(inner, settings.outputs); });
}

}  // namespace gradspace::live
