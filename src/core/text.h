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

/// The bytes of `text`, for hashes and files.
inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace gradspace
