// The patches that the sparse linear decoder is trained on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "decoder/preparation.h"
#include "gradspace/source.h"

namespace gradspace::quality {

struct TrainingPatches {
  Patches patches;  ///< values within [0, 1], photograph by photograph
  std::vector<std::string>
      photographs;  ///< that patches were drawn from, by their names in the source
  std::vector<std::string> failures;  ///< photographs left out and why, a line each
};

struct PatchObserver {
  std::function<void(std::size_t done, std::size_t total)> on_photo;  ///< one call at a time
  std::function<bool()> stop_requested;
};

/// Draws `count` patches: from each photograph that can be used equally many (the first ones give one
/// more where it does not come out even), at random places that depend on `seed` and the photograph's
/// name. `max_side`: see DecoderTrainingOptions. Throws InvalidArgument when no photograph can be
/// used, or there are more of them than patches. No patch is returned when a stop was requested.
TrainingPatches draw_training_patches(const Source& photographs, std::size_t count, int max_side,
                                      std::uint64_t seed, const PatchObserver& observer = {});

/// Takes the mean patch off and whitens by the covariance of all patches.
void whiten_together(Patches& patches);

}  // namespace gradspace::quality
