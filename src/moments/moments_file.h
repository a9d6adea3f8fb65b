// Moments as the bytes of a file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradspace/moments.h"

namespace gradspace {

std::vector<std::uint8_t> serialise_moments(const FeatureMoments& moments);
/// Throws FormatError; `name` stands in messages.
FeatureMoments parse_moments(std::span<const std::uint8_t> bytes, const std::string& name);

}  // namespace gradspace
