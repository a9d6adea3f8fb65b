// Tables of things that a command line names: an array of entries, each with an `info` whose `name` is the
// word.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {

/// The entries' infos, in order.
template <typename Entry, std::size_t kCount>
constexpr auto infos_of(const std::array<Entry, kCount>& entries) {
  std::array<decltype(Entry::info), kCount> infos;
  for (std::size_t i = 0; i < kCount; ++i) {
    infos[i] = entries[i].info;
  }
  return infos;
}

/// Throws InvalidArgument that lists the names there are; `what` says what they name.
template <typename Entry, std::size_t kCount>
const Entry& find_named(const std::array<Entry, kCount>& entries, std::string_view name,
                        std::string_view what) {
  std::string known;
  for (const Entry& entry : entries) {
    if (entry.info.name == name) {
      return entry;
    }
    known += (known.empty() ? "" : ", ") + std::string(entry.info.name);
  }
  throw InvalidArgument(fmt::format("{} '{}' is not one of {}", what, printable(name), known));
}

}  // namespace gradspace
