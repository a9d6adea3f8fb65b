#include "live/measurements.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>

#include "gradspace/version.h"
#include "live/rows.h"

namespace gradspace::live {
namespace {

namespace prom = prometheus;

/// Seconds from frame to verdict. The goal is 0.15.
const prom::Histogram::BucketBoundaries kLatencyBuckets = {0.005, 0.01, 0.02, 0.035, 0.05, 0.075,
                                                           0.1,   0.15, 0.25, 0.5,   1,    2.5};

/// Families that are made anew from the monitor's state with every scrape.
class Families {
 public:
  void add(const std::string& name, const std::string& help, prom::MetricType type, double value,
           std::vector<prom::ClientMetric::Label> labels = {}) {
    auto found = std::ranges::find(families_, name, &prom::MetricFamily::name);
    if (found == families_.end()) {
      found = families_.insert(families_.end(), {name, help, type, {}});
    }
    prom::ClientMetric metric;
    metric.label = std::move(labels);
    (type == prom::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    found->metric.push_back(std::move(metric));
  }
  void count(const std::string& name, const std::string& help, std::uint64_t value,
             std::vector<prom::ClientMetric::Label> labels = {}) {
    add(name, help, prom::MetricType::Counter, static_cast<double>(value), std::move(labels));
  }
  void gauge(const std::string& name, const std::string& help, double value,
             std::vector<prom::ClientMetric::Label> labels = {}) {
    add(name, help, prom::MetricType::Gauge, value, std::move(labels));
  }
  std::vector<prom::MetricFamily>& all() { return families_; }

 private:
  std::vector<prom::MetricFamily> families_;
};

void add_counters(Families& out, const CameraStatus& camera) {
  const std::vector<prom::ClientMetric::Label> labels = {{"camera", camera.name}};
  out.count("gradspace_frames_total", "Frames read, those that could not be judged included.",
            camera.frames, labels);
  out.count("gradspace_frames_judged_total", "Frames judged.", camera.judged, labels);
  out.count("gradspace_frames_dropped_total", "Frames that a newer one overtook before their turn.",
            camera.dropped, labels);
  out.count("gradspace_frame_failures_total", "Frames that could not be read or judged.",
            camera.failures, labels);
  out.count("gradspace_frames_out_of_distribution_total",
            "Frames whose score was over the threshold.", camera.out_of_distribution, labels);
  out.count("gradspace_reconnects_total", "How often the input was opened again.",
            camera.reconnects, labels);
  out.count("gradspace_alarms_total", "Alarms raised.", camera.alarms, labels);
  out.count("gradspace_drift_windows_total", "Windows of frames compared with the clean ones.",
            camera.drift_windows, labels);
}

void add_gauges(Families& out, const CameraStatus& camera) {
  const std::vector<prom::ClientMetric::Label> labels = {{"camera", camera.name}};
  out.gauge("gradspace_camera_connected", "1 while the input gives frames.",
            camera.connected ? 1 : 0, labels);
  out.gauge("gradspace_frames_per_second", "Frames judged per second, over ten seconds.",
            camera.frames_per_second, labels);
  out.gauge("gradspace_threshold", "Score above which a frame is out of distribution.",
            camera.threshold, labels);
  out.gauge("gradspace_expected_false_alarms_per_day",
            "Alarms per day that clean frames raise at this threshold and rate.",
            camera.expected_false_alarms_per_day, labels);
  out.gauge("gradspace_threshold_guessed",
            "1 where the clean images were too few to vouch for the expected false alarms.",
            camera.is_threshold_guessed ? 1 : 0, labels);
  out.gauge("gradspace_drift_p_value", "P-value of the last drift window.", camera.drift_p_value,
            labels);
  out.gauge("gradspace_drift_budget_spent",
            "Share of the rate of false drift alarms that is spent.", camera.drift_budget_spent,
            labels);
  out.gauge("gradspace_drift_reference_missing",
            "Frames that the camera's own reference of drift still waits for.",
            static_cast<double>(camera.drift_reference_missing), labels);
  if (camera.newest && camera.newest->failure.empty()) {
    out.gauge("gradspace_score", "Score of the newest frame.", camera.newest->score, labels);
    out.gauge("gradspace_p_value", "P-value of the newest frame.", camera.newest->p_value, labels);
  }
  for (const AlarmKind kind : {AlarmKind::kFrames, AlarmKind::kDrift, AlarmKind::kSilent}) {
    const auto open = std::ranges::count(camera.open_alarms, kind, &MonitorAlarm::kind);
    out.gauge("gradspace_alarms_open", "Alarms that are raised and not cleared.",
              static_cast<double>(open),
              {{"camera", camera.name}, {"kind", std::string(alarm_kind_name(kind))}});
  }
}

void add_server(Families& out, const ServerCounts& server) {
  out.count("gradspace_http_requests_total", "Requests answered.", server.requests);
  out.count("gradspace_http_requests_refused_total",
            "Requests answered with a status from 400 to 499.", server.refused_requests);
  out.count("gradspace_http_connections_refused_total",
            "Connections closed at once: there were too many.", server.refused_connections);
  out.count("gradspace_http_timeouts_total", "Connections closed because the client was too slow.",
            server.timed_out);
  out.count("gradspace_event_streams_dropped_total",
            "Streams of events ended because their reader was too slow.", server.lagging_streams);
  out.gauge("gradspace_http_connections", "Connections at present.",
            static_cast<double>(server.connections));
  out.gauge("gradspace_event_streams", "Streams of events at present.",
            static_cast<double>(server.event_streams));
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double whole = 0;
  double resident = 0;
  file >> whole >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

struct Measurements::State {
  std::mutex mutex;  ///< of `latencies`, whose pointers a scrape may remove
  prom::Registry registry;
  prom::Family<prom::Histogram>& latency_family = prom::BuildHistogram()
                                                      .Name("gradspace_frame_latency_seconds")
                                                      .Help("From reading a frame to its verdict.")
                                                      .Register(registry);
  prom::Family<prom::Counter>& deliveries =
      prom::BuildCounter()
          .Name("gradspace_deliveries_total")
          .Help("Deliveries of alarms, by what became of them.")
          .Register(registry);
  prom::Family<prom::Gauge>& waiting = prom::BuildGauge()
                                           .Name("gradspace_deliveries_waiting")
                                           .Help("Alarms that wait for an output.")
                                           .Register(registry);
  prom::Counter& lost_lines = prom::BuildCounter()
                                  .Name("gradspace_lines_lost_total")
                                  .Help("JSON lines that standard output did not take in time.")
                                  .Register(registry)
                                  .Add({});
  prom::Family<prom::Counter>& reloads =
      prom::BuildCounter()
          .Name("gradspace_reloads_total")
          .Help("Configurations read again, by what became of them.")
          .Register(registry);
  std::map<std::string, prom::Histogram*, std::less<>> latencies;
  double started = static_cast<double>(milliseconds(std::chrono::system_clock::now())) / 1000;
};

Measurements::Measurements() : state_(std::make_unique<State>()) {}
Measurements::~Measurements() = default;

void Measurements::on_verdict(const FrameVerdict& verdict) {
  if (!verdict.failure.empty()) {
    return;
  }
  const std::lock_guard lock(state_->mutex);
  auto found = state_->latencies.find(verdict.camera);
  if (found == state_->latencies.end()) {
    prom::Histogram& made =
        state_->latency_family.Add({{"camera", verdict.camera}}, kLatencyBuckets);
    found = state_->latencies.emplace(verdict.camera, &made).first;
  }
  found->second->Observe(verdict.latency_s);
}

void Measurements::count_delivery(std::string_view output, std::string_view result) {
  state_->deliveries.Add({{"output", std::string(output)}, {"result", std::string(result)}})
      .Increment();
}

void Measurements::set_waiting(std::string_view output, std::size_t alarms) {
  state_->waiting.Add({{"output", std::string(output)}}).Set(static_cast<double>(alarms));
}

void Measurements::count_lost_line() {
  state_->lost_lines.Increment();
}

void Measurements::count_reload(bool taken) {
  state_->reloads.Add({{"result", taken ? "taken" : "refused"}}).Increment();
}

std::string Measurements::text(const MonitorView& view, const ServerCounts& server) {
  const std::vector<CameraStatus> cameras = view.cameras();
  const MonitorHealth health = view.health();
  Families out;
  for (const CameraStatus& camera : cameras) {
    add_counters(out, camera);
    add_gauges(out, camera);
  }
  out.gauge("gradspace_ready", "1 when the detectors of all cameras are loaded.",
            health.ready ? 1 : 0);
  out.gauge("gradspace_snapshots_stopped", "1 while the disk takes no pictures of alarms.",
            health.snapshots_stopped ? 1 : 0);
  out.gauge("gradspace_records_stopped", "1 while the disk takes no lines of verdicts.",
            health.records_stopped ? 1 : 0);
  out.gauge("gradspace_build_info", "Always 1; the label says which version runs.", 1,
            {{"version", kVersion}});
  out.gauge("process_resident_memory_bytes", "Resident memory.", resident_bytes());
  out.gauge("process_start_time_seconds", "When the process began, since 1970.", state_->started);
  add_server(out, server);
  {
    const std::lock_guard lock(state_->mutex);
    std::erase_if(state_->latencies, [&](const auto& entry) {
      const bool gone =
          std::ranges::find(cameras, entry.first, &CameraStatus::name) == cameras.end();
      if (gone) {
        state_->latency_family.Remove(entry.second);
      }
      return gone;
    });
    std::ranges::move(state_->registry.Collect(), std::back_inserter(out.all()));
  }
  std::ostringstream text;
  prom::TextSerializer().Serialize(text, out.all());
  return std::move(text).str();
}

}  // namespace gradspace::live
