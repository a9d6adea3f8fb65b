#include <array>
#include <string_view>
#include <utility>

#include "core/named_entries.h"
#include "gradspace/challenge.h"

namespace gradspace::challenge {
namespace {

/// In the order of their values.
constexpr std::array kStrengths = {
    std::pair<std::string_view, Strength>("image", Strength::kImage),
    std::pair<std::string_view, Strength>("pixels", Strength::kPixels)};

}  // namespace

Strength parse_strength(std::string_view text) {
  return find_named(kStrengths, text, "strength", [](const auto& entry) { return entry.first; })
      .second;
}

std::string_view name(Strength strength) {
  return kStrengths.at(static_cast<std::size_t>(strength)).first;
}

}  // namespace gradspace::challenge
