// Observing into memory that is there already, for those who observe again and again.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gradspace/one_class.h"

namespace gradspace {

/// As `observe`; `result`, of whatever images before, keeps its memory.
void observe_into(GradientBackend& backend, const ObservationNeeds& needs,
                  const AutoencoderSpec& spec, std::span<const std::uint8_t> images_u8_nhwc,
                  Observations& result);

/// As `observe_pixels`; the same.
void observe_pixels_into(const Extent& input, std::span<const std::uint8_t> images_u8_nhwc,
                         Observations& result);

/// Throws InvalidArgument unless images of this extent can be looked at without a model: of 1 or 3 channels, with sides
/// from 1 to 4096; `what` stands at the message's beginning.
void require_input(const Extent& input, std::string_view what);

}  // namespace gradspace
