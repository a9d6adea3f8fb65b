// Text from outside, made fit for a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gradspace {

/// `text` with everything but printable ASCII replaced by '?', cut to `max_length` characters: a
/// hostile file can't write to the user's terminal through our messages, nor flood it.
std::string printable(std::string_view text, std::size_t max_length = 80);

}  // namespace gradspace
