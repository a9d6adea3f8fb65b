// Which of our answers a request asks for. Nothing of a target but a camera's name, an alarm's id and two numbers ever
// leaves this file, so that no request names a file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gradspace::live {

enum class Endpoint : std::uint8_t {
  kNone,
  kPage,
  kScript,
  kStyle,
  kIcon,
  kLogin,
  kLogout,
  kMetrics,
  kHealthy,
  kReady,
  kCameras,
  kHistory,
  kAlarms,
  kAcknowledge,
  kFrame,
  kPushFrame,
  kSnapshot,
  kEvents,
};

enum class Method : std::uint8_t { kGet, kHead, kPost, kOther };

struct Route {
  Endpoint endpoint = Endpoint::kNone;
  bool wrong_method = false;  ///< there is such an endpoint, for the other method
  bool wrong_query = false;   ///< a parameter that it has not, or a value that it does not take
  std::string name = {};      ///< a camera's name or an alarm's id: letters, digits and -_.: alone
  int width = 0;              ///< px, of a frame; 0: as it is
  bool map = false;
};

/// `target` is a request's, path and query. Anything is allowed to stand in it.
Route find_route(Method method, std::string_view target);

/// "%41" as "A", "+" as a blank; nothing changes where the escapes are wrong.
std::string form_decoded(std::string_view text);

/// The value of a field in a form of the type application/x-www-form-urlencoded, decoded; empty where there is none.
std::string form_value(std::string_view body, std::string_view name);

}  // namespace gradspace::live
