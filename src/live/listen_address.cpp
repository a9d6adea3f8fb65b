#include "live/listen_address.h"

#include <arpa/inet.h>

#include <charconv>

namespace gradspace::live {
namespace {

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && stop == text.data() + text.size() && !text.empty();
}

}  // namespace

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  ListenAddress result;
  if (colon == std::string_view::npos || !parse_port(text.substr(colon + 1), result.port)) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  if (host == "localhost") {
    host = "127.0.0.1";
  }
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  result.address = brackets ? host.substr(1, host.size() - 2) : host;
  if (brackets) {
    in6_addr address = {};
    if (inet_pton(AF_INET6, result.address.c_str(), &address) != 1) {
      return std::nullopt;
    }
    result.loopback = IN6_IS_ADDR_LOOPBACK(&address) != 0;
    return result;
  }
  in_addr address = {};
  if (inet_pton(AF_INET, result.address.c_str(), &address) != 1) {
    return std::nullopt;
  }
  result.loopback = (ntohl(address.s_addr) >> 24) == 127;
  return result;
}

}  // namespace gradspace::live
