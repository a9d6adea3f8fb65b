// Comma-separated values as RFC 4180 has them.
#pragma once

#include <string>
#include <string_view>

namespace gradspace {

/// A field: in quotes, with quotes in it doubled, where it holds a comma, a quote or a line break.
std::string csv_field(std::string_view text);

}  // namespace gradspace
