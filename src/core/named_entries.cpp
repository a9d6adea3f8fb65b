#include "core/named_entries.h"

#include <fmt/format.h>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {

void throw_unknown_name(std::string_view what, std::string_view name, std::string_view known) {
  throw InvalidArgument(fmt::format("{} '{}' is not one of {}", what, printable(name), known));
}

}  // namespace gradspace
