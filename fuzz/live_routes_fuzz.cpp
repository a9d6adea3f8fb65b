// What a request's target and a form's body may hold: names that get through are names, whatever was sent.
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "live/listen_address.h"
#include "live/routes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace::live;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Method method : {Method::kGet, Method::kPost}) {
    const Route route = find_route(method, text);
    for (const char c : route.name) {
      const bool harmless = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ||
                            c == '_' || c == '.' || c == ':';
      if (!harmless) {
        std::abort();
      }
    }
    if (route.name.size() > 128 || route.width < 0 || route.width > 4096) {
      std::abort();
    }
  }
  static_cast<void>(form_value(text, "token"));
  static_cast<void>(parse_listen_address(text));
  return 0;
}
