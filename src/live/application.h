// What each request is answered. It knows nothing of sockets.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "live/access.h"
#include "live/event_hub.h"
#include "live/frame_cache.h"
#include "live/http_message.h"
#include "live/measurements.h"
#include "live/monitor_view.h"
#include "live/settings.h"

namespace gradspace::live {

/// What is decided when a request's head is there, before its body is read.
struct Admission {
  std::optional<Answer> refusal;
  Route route;
  std::uint64_t body_limit = 0;  ///< bytes
  bool slow = false;             ///< answered by a thread that may wait
};

/// All functions may be called from any thread.
class Application {
 public:
  /// Throws as Access. All outlive the application.
  Application(MonitorView& view, EventHub& hub, Measurements& measurements,
              const HttpSettings& settings);

  /// Takes new settings; throws as Access, and then nothing has changed.
  void change(const HttpSettings& settings);

  Admission admit(const RequestHead& head) const;
  /// Never throws.
  Answer answer(const RequestHead& head, const Route& route, std::string_view body);

  /// The cameras' state as an event.
  std::string state_event() { return hub_.state_event(view_.cameras(), view_.health()); }
  EventHub& hub() { return hub_; }
  /// Of an image that is pushed, at most.
  std::uint64_t frame_bytes() const { return frame_bytes_; }
  ServerCounts& counts() { return counts_; }

 private:
  struct Asset {
    std::string content_type;
    std::shared_ptr<const std::string> text;
    std::string tag;
  };

  Asset make_asset(std::string content_type, std::span<const std::string_view> parts) const;
  Answer asset_answer(const RequestHead& head, const Asset& asset) const;
  Answer dispatch(const RequestHead& head, const Route& route, std::string_view body);
  Answer cameras() const;
  Answer alarms() const;
  Answer snapshot(const Route& route) const;
  Answer acknowledge(const Route& route);
  Answer push(const Route& route, std::string_view body);
  std::shared_ptr<Access> access() const {
    const std::lock_guard lock(access_mutex_);
    return access_;
  }

  MonitorView& view_;
  EventHub& hub_;
  Measurements& measurements_;
  FrameCache frames_;
  ServerCounts counts_;
  mutable std::mutex access_mutex_;
  std::shared_ptr<Access> access_;
  std::atomic<std::uint64_t> frame_bytes_;
  Asset page_;
  Asset script_;
  Asset style_;
  Asset icon_;
};

/// Headers of every answer: what browsers may do with it.
const std::vector<std::pair<std::string, std::string>>& security_headers();

}  // namespace gradspace::live
