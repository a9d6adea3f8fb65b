// Observing into memory that is there already, for those who observe again and again.
#pragma once

#include <cstdint>
#include <span>

#include "gradspace/one_class.h"

namespace gradspace {

/// As `observe`; `result`, of whatever images before, keeps its memory.
void observe_into(GradientBackend& backend, const ObservationNeeds& needs,
                  const AutoencoderSpec& spec, std::span<const std::uint8_t> images_u8_nhwc,
                  Observations& result);

}  // namespace gradspace
