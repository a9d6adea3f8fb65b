#include "live/routes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

namespace gradspace::live {
namespace {

constexpr std::size_t kMostName = 128;
constexpr int kMostWidth = 4096;

struct FixedRoute {
  std::string_view path;
  Endpoint endpoint;
  Method method;
};

constexpr std::array kFixedRoutes = {
    FixedRoute{"/", Endpoint::kPage, Method::kGet},
    FixedRoute{"/monitor.js", Endpoint::kScript, Method::kGet},
    FixedRoute{"/monitor.css", Endpoint::kStyle, Method::kGet},
    FixedRoute{"/icon.svg", Endpoint::kIcon, Method::kGet},
    FixedRoute{"/login", Endpoint::kLogin, Method::kPost},
    FixedRoute{"/logout", Endpoint::kLogout, Method::kPost},
    FixedRoute{"/metrics", Endpoint::kMetrics, Method::kGet},
    FixedRoute{"/healthz", Endpoint::kHealthy, Method::kGet},
    FixedRoute{"/readyz", Endpoint::kReady, Method::kGet},
    FixedRoute{"/api/cameras", Endpoint::kCameras, Method::kGet},
    FixedRoute{"/api/history", Endpoint::kHistory, Method::kGet},
    FixedRoute{"/api/alarms", Endpoint::kAlarms, Method::kGet},
    FixedRoute{"/api/events", Endpoint::kEvents, Method::kGet},
};

/// A path that has a name in it: the name stands between the two.
struct NamedRoute {
  std::string_view head;
  std::string_view tail;
  Endpoint endpoint;
  Method method;
};

constexpr std::array kNamedRoutes = {
    NamedRoute{"/api/alarms/", "/acknowledge", Endpoint::kAcknowledge, Method::kPost},
    NamedRoute{"/api/alarms/", "/snapshot.jpg", Endpoint::kSnapshot, Method::kGet},
    NamedRoute{"/api/cameras/", "/frame.jpg", Endpoint::kFrame, Method::kGet},
    NamedRoute{"/api/cameras/", "/frames", Endpoint::kPushFrame, Method::kPost},
};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMostName &&
         std::ranges::all_of(text, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == ':';
         });
}

int hex_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

std::optional<int> small_number(std::string_view text, int most) {
  int value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || value < 0 || value > most) {
    return std::nullopt;
  }
  return value;
}

/// The parts of "a=1&b=2".
std::vector<std::string_view> form_parts(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    if (end > 0) {
      parts.push_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// Only frames take parameters.
void read_query(std::string_view query, Route& route) {
  for (const std::string_view part : form_parts(query)) {
    const auto equals = std::min(part.find('='), part.size());
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = part.substr(std::min(equals + 1, part.size()));
    if (route.endpoint == Endpoint::kFrame && name == "width") {
      const auto width = small_number(value, kMostWidth);
      route.wrong_query |= !width;
      route.width = width.value_or(0);
    } else if (route.endpoint == Endpoint::kFrame && name == "map") {
      const auto map = small_number(value, 1);
      route.wrong_query |= !map;
      route.map = map.value_or(0) == 1;
    } else if (name != "v") {  // a version, which browsers tell files of pages by
      route.wrong_query = true;
    }
  }
}

bool takes(Method wanted, Method method) {
  return method == wanted || (method == Method::kHead && wanted == Method::kGet);
}

Route find_path(Method method, std::string_view path) {
  Route route;
  for (const FixedRoute& fixed : kFixedRoutes) {
    if (fixed.path == path) {
      route.endpoint = fixed.endpoint;
      route.wrong_method = !takes(fixed.method, method);
      return route;
    }
  }
  for (const NamedRoute& named : kNamedRoutes) {
    if (path.size() <= named.head.size() + named.tail.size() || !path.starts_with(named.head) ||
        !path.ends_with(named.tail)) {
      continue;
    }
    path.remove_prefix(named.head.size());
    path.remove_suffix(named.tail.size());
    const std::string name = form_decoded(path);
    if (is_name(name)) {
      route.endpoint = named.endpoint;
      route.wrong_method = !takes(named.method, method);
      route.name = name;
    }
    return route;
  }
  return route;
}

}  // namespace

Route find_route(Method method, std::string_view target) {
  const auto question = std::min(target.find('?'), target.size());
  Route route = find_path(method, target.substr(0, question));
  read_query(target.substr(std::min(question + 1, target.size())), route);
  return route;
}

std::string form_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                        hex_digit(text[i + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string form_value(std::string_view body, std::string_view name) {
  for (const std::string_view part : form_parts(body)) {
    const auto equals = part.find('=');
    if (equals != std::string_view::npos && part.substr(0, equals) == name) {
      return form_decoded(part.substr(equals + 1));
    }
  }
  return {};
}

}  // namespace gradspace::live
