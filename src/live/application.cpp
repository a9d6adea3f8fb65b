#include "live/application.h"

#include <fmt/format.h>

#include "gradspace/error.h"
#include "live/log.h"
#include "live/page.h"
#include "live/rows.h"

namespace gradspace::live {
namespace {

constexpr std::size_t kShownAlarms = 500;
constexpr std::uint64_t kFormBytes = 4096;

bool is_image_type(std::string_view type) {
  type = type.substr(0, type.find(';'));
  return type == "image/jpeg" || type == "image/png";
}

bool is_slow(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kPage:
    case Endpoint::kScript:
    case Endpoint::kStyle:
    case Endpoint::kIcon:
    case Endpoint::kHealthy:
    case Endpoint::kEvents:
      return false;
    default:
      return true;
  }
}

Answer picture_answer(std::shared_ptr<const std::string> picture) {
  if (picture == nullptr || picture->empty()) {
    return text_answer(404, "There is no such picture.\n");
  }
  Answer answer;
  answer.content_type = "image/jpeg";
  answer.body = std::move(picture);
  return answer;
}

}  // namespace

const std::vector<std::pair<std::string, std::string>>& security_headers() {
  static const std::vector<std::pair<std::string, std::string>> headers = {
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
       "'self'; "
       "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      // Not "no-referrer": with that, browsers send the form to sign in with "Origin: null".
      {"Referrer-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"}};
  return headers;
}

Application::Application(MonitorView& view, EventHub& hub, Measurements& measurements,
                         const HttpSettings& settings)
    : view_(view),
      hub_(hub),
      measurements_(measurements),
      frames_(view),
      access_(std::make_shared<Access>(settings)),
      frame_bytes_(settings.frame_bytes) {
  const PageAssets assets = page_assets();
  page_ = make_asset("text/html; charset=utf-8", assets.html);
  script_ = make_asset("text/javascript; charset=utf-8", assets.script);
  style_ = make_asset("text/css; charset=utf-8", assets.style);
  icon_ = make_asset("image/svg+xml", {&assets.icon, 1});
}

Application::Asset Application::make_asset(std::string content_type,
                                           std::span<const std::string_view> parts) const {
  std::string text;
  for (const std::string_view part : parts) {
    text += part;
  }
  constexpr std::size_t kTag = 32;
  const std::string tag = fmt::format("\"{}\"", hmac_sha256("tag", text).substr(0, kTag));
  return {std::move(content_type), std::make_shared<const std::string>(std::move(text)), tag};
}

void Application::change(const HttpSettings& settings) {
  auto access = std::make_shared<Access>(settings);
  const std::lock_guard lock(access_mutex_);
  access_ = std::move(access);
  frame_bytes_ = settings.frame_bytes;
}

Admission Application::admit(const RequestHead& head) const {
  Admission admission;
  admission.route = find_route(head.method, head.target);
  const Route& route = admission.route;
  if (auto refusal = access()->refuse(head, route.endpoint)) {
    admission.refusal = std::move(*refusal);
  } else if (route.endpoint == Endpoint::kNone) {
    admission.refusal = text_answer(404, "There is nothing here.\n");
  } else if (route.wrong_method) {
    admission.refusal = text_answer(405, "That is not done here.\n");
    const bool post = find_route(Method::kPost, head.target).wrong_method;
    admission.refusal->headers.emplace_back("Allow", post ? "GET, HEAD" : "POST");
  } else if (route.wrong_query) {
    admission.refusal = text_answer(400, "The query is not understood.\n");
  } else if (route.endpoint == Endpoint::kPushFrame && !is_image_type(head.content_type)) {
    admission.refusal = text_answer(415, "Wanted image/jpeg or image/png.\n");
  }
  admission.body_limit = route.endpoint == Endpoint::kPushFrame ? frame_bytes_.load() : kFormBytes;
  admission.slow = is_slow(route.endpoint);
  return admission;
}

Answer Application::answer(const RequestHead& head, const Route& route, std::string_view body) {
  try {
    Answer answer = dispatch(head, route, body);
    return answer;
  } catch (const std::exception& error) {
    log(LogLevel::kError, "a request failed", {{"reason", error.what()}});
    return text_answer(500, "That failed; the log says why.\n");
  }
}

Answer Application::dispatch(const RequestHead& head, const Route& route, std::string_view body) {
  switch (route.endpoint) {
    case Endpoint::kPage:
      return asset_answer(head, page_);
    case Endpoint::kScript:
      return asset_answer(head, script_);
    case Endpoint::kStyle:
      return asset_answer(head, style_);
    case Endpoint::kIcon:
      return asset_answer(head, icon_);
    case Endpoint::kLogin:
      return access()->login(body);
    case Endpoint::kLogout:
      return Access::logout();
    case Endpoint::kMetrics: {
      Answer answer = text_answer(200, measurements_.text(view_, counts_));
      answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
      return answer;
    }
    case Endpoint::kHealthy:
      return text_answer(200, "alive\n");
    case Endpoint::kReady: {
      const MonitorHealth health = view_.health();
      return health.ready ? text_answer(200, "ready\n") : text_answer(503, "not ready\n");
    }
    case Endpoint::kCameras:
      return cameras();
    case Endpoint::kHistory:
      return json_answer(hub_.history());
    case Endpoint::kAlarms:
      return alarms();
    case Endpoint::kAcknowledge:
      return acknowledge(route);
    case Endpoint::kFrame:
      return picture_answer(frames_.get(route.name, route.width, route.map));
    case Endpoint::kSnapshot:
      return snapshot(route);
    case Endpoint::kPushFrame:
      return push(route, body);
    case Endpoint::kEvents: {
      Answer answer;
      answer.content_type = "text/event-stream";
      answer.events = true;
      return answer;
    }
    case Endpoint::kNone:
      break;
  }
  return text_answer(404, "There is nothing here.\n");
}

Answer Application::asset_answer(const RequestHead& head, const Asset& asset) const {
  Answer answer;
  answer.content_type = asset.content_type;
  answer.headers.emplace_back("ETag", asset.tag);
  if (head.if_none_match == asset.tag) {
    answer.status = 304;
  } else {
    answer.body = asset.text;
  }
  return answer;
}

Answer Application::cameras() const {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const CameraStatus& camera : view_.cameras()) {
    rows.push_back(camera_row(camera));
  }
  return json_answer(one_line({{"now", milliseconds(std::chrono::system_clock::now())},
                               {"sign_out", access()->wants_token()},
                               {"cameras", rows},
                               {"health", health_row(view_.health())}}));
}

Answer Application::alarms() const {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const MonitorAlarm& alarm : view_.alarms(kShownAlarms)) {
    rows.push_back(alarm_row(alarm));
  }
  return json_answer(one_line({{"alarms", rows}}));
}

Answer Application::snapshot(const Route& route) const {
  const std::vector<std::uint8_t> file = view_.snapshot(route.name);
  return picture_answer(std::make_shared<const std::string>(file.begin(), file.end()));
}

Answer Application::acknowledge(const Route& route) {
  return view_.acknowledge(route.name) ? json_answer("{\"acknowledged\":true}")
                                       : text_answer(404, "There is no such alarm.\n");
}

Answer Application::push(const Route& route, std::string_view body) {
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(body.data()), body.size());
  try {
    switch (view_.push(route.name, bytes)) {
      case Monitor::Pushed::kTaken:
        return text_answer(202, "taken\n");
      case Monitor::Pushed::kNoSuchCamera:
        return text_answer(404, "There is no such camera.\n");
      case Monitor::Pushed::kNotPushed:
        return text_answer(409, "That camera has an input of its own.\n");
    }
  } catch (const FormatError& error) {
    return text_answer(422, std::string(error.what()) + "\n");
  } catch (const InvalidArgument& error) {
    return text_answer(422, std::string(error.what()) + "\n");
  }
  return text_answer(500, "");
}

}  // namespace gradspace::live
