// Where the server listens: "127.0.0.1:8477", "[::1]:8477". Numbers alone, so that nothing is looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gradspace::live {

struct ListenAddress {
  std::string address;  ///< as numbers
  std::uint16_t port = 0;
  bool loopback = false;
};

/// Nothing where the text is none. "localhost" is 127.0.0.1.
std::optional<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace gradspace::live
