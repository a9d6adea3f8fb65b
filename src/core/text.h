// Text: from outside, made fit for a message; as bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gradspace {

/// `text` with everything but printable ASCII replaced by '?', cut to `max_length` characters: a
/// hostile file can't write to the user's terminal through our messages, nor flood it.
std::string printable(std::string_view text, std::size_t max_length = 80);

/// `bytes` with each byte that is no UTF-8 as `\x` and two hexadecimal digits. What it was can't always be had
/// back: see `to_utf8`.
std::string readable_utf8(std::string_view bytes);

/// The bytes of `text`, for hashes and files.
inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace gradspace
