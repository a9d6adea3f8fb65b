// Photographs with the maps of where they are out of distribution, as `evaluate` leaves them (worst_frames.h).
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "results/conditions.h"

namespace gradspace {

/// The photographs of frames.json, in its order, until their pictures take `max_bytes`: [{"path", "type", "level",
/// "score", "p_value", "out_of_distribution", "image": data URI of two panels side by side, "width", "height": of a
/// panel}]. Type is one of `conditions`, kCleanType for clean photographs; those of conditions that the page does not
/// show are left out. Throws IoError, FormatError.
nlohmann::json read_frames(const std::filesystem::path& list, const Conditions& conditions,
                           std::size_t max_bytes);

}  // namespace gradspace
