// The page without its data, as web/build.mjs generates it at build time.
#pragma once

#include <span>
#include <string_view>

namespace gradspace {

/// Stands once in the page, within one part, where the data go.
inline constexpr std::string_view kPageDataMarker = "\"gradspace report data\"";

/// In parts, as compilers limit the length of a literal; none in a build without reports.
std::span<const std::string_view> page_shell();

}  // namespace gradspace
