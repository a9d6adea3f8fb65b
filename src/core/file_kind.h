// What a file is that is not what was wanted: said wherever a reader does not know its first bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gradspace {

/// "is a Git LFS pointer, not the file itself: run git lfs pull" and the like, where the first bytes of a file
/// tell (64 are enough); else an empty text.
std::string_view other_kind(std::span<const std::uint8_t> begin);

/// Throws FormatError that says, of the file `name`, what its first bytes tell, or else `otherwise`
/// ("not an IDX file").
[[noreturn]] void throw_unknown_kind(std::string_view name, std::span<const std::uint8_t> begin,
                                     std::string_view otherwise);

}  // namespace gradspace
