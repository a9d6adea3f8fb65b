// Names of files as UTF-8. A name on Linux is bytes of any kind; JSON is UTF-8. Wherever gradspace writes JSON,
// a name with other bytes stands as `to_utf8` gives it, and `from_utf8` has it back.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gradspace/export.h"

namespace gradspace {

/// How many bytes the character of UTF-8 at the begin of `text`, which is not empty, has; 0 where none stands
/// there. Overlong forms, halves of surrogates and what lies beyond Unicode are none.
GRADSPACE_API std::size_t utf8_length(std::string_view text);

/// `bytes` with each byte that is no UTF-8 as `\x` and two hexadecimal digits. Four characters that look like
/// that already get their backslash written as `\x5c`; all else stays as it is.
GRADSPACE_API std::string to_utf8(std::string_view bytes);

/// What `to_utf8` was given.
GRADSPACE_API std::string from_utf8(std::string_view text);

}  // namespace gradspace
