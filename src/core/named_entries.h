// Tables of things that people name on the command line and in files: an array of entries, each with an
// `info` whose `name` is the word. Every word that is not known is refused by the same sentence.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace gradspace {

/// Throws InvalidArgument: "metric 'vmaf' is not one of psnr, ssim". `what` says what the word should
/// have named, `known` lists the words there are.
[[noreturn]] void throw_unknown_name(std::string_view what, std::string_view name,
                                     std::string_view known);

/// The name of an entry with an `info`.
struct NameInInfo {
  template <typename Entry>
  std::string_view operator()(const Entry& entry) const {
    return entry.info.name;
  }
};

/// The names of all entries, separated by commas. `name_of` gives the name of an entry.
template <typename Entries, typename NameOf = NameInInfo>
std::string names_of(const Entries& entries, NameOf name_of = {}) {
  std::string names;
  for (const auto& entry : entries) {
    names += names.empty() ? "" : ", ";
    names += std::invoke(name_of, entry);
  }
  return names;
}

/// The entry of that name. Throws InvalidArgument, as throw_unknown_name, where there is none.
template <typename Entries, typename NameOf = NameInInfo>
const auto& find_named(const Entries& entries, std::string_view name, std::string_view what,
                       NameOf name_of = {}) {
  for (const auto& entry : entries) {
    if (std::invoke(name_of, entry) == name) {
      return entry;
    }
  }
  throw_unknown_name(what, name, names_of(entries, name_of));
}

/// The entries' infos, in order.
template <typename Entry, std::size_t kCount>
constexpr auto infos_of(const std::array<Entry, kCount>& entries) {
  std::array<decltype(Entry::info), kCount> infos;
  for (std::size_t i = 0; i < kCount; ++i) {
    infos[i] = entries[i].info;
  }
  return infos;
}

}  // namespace gradspace
