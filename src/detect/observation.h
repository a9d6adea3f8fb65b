// Observing, for those who observe again and again, or with or without a model.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gradspace/one_class.h"

namespace gradspace {

/// As `observe`; `result`, of whatever images before, keeps its memory.
void observe_into(GradientBackend& backend, const ObservationNeeds& needs,
                  const AutoencoderSpec& spec, std::span<const std::uint8_t> images_u8_nhwc,
                  Observations& result);

/// As `gradients_of`: a view of the observations, or of `gathered` where the blocks do not lie side by side in them.
FeatureView gradient_rows(const Observations& observations, std::span<const FeatureBlock> wanted,
                          std::vector<float>& gathered);

/// As `norms_of`, into `norms`, whose memory is kept.
void norms_into(const Observations& observations, std::span<const FeatureBlock> wanted,
                std::vector<float>& norms);

/// As `observe_pixels`, into memory that is there already.
void observe_pixels_into(const Extent& input, std::span<const std::uint8_t> images_u8_nhwc,
                         Observations& result);

/// Makes backends for what is to be observed; empty where there is no model, and pixels are all there is.
using BackendFactoryOf = std::function<std::unique_ptr<GradientBackend>(std::vector<FeatureBlock>)>;

/// The native engine's, of a model that outlives them; empty for null.
BackendFactoryOf native_backends(const Model* model);

/// What the backends say of images, or, without any, the pixels alone; `spec`'s input counts then.
Observations observe_by(const BackendFactoryOf& make_backend, const ObservationNeeds& needs,
                        const AutoencoderSpec& spec, std::span<const std::uint8_t> images_u8_nhwc);

/// Throws InvalidArgument unless images of this extent can be looked at without a model: of 1 or 3 channels, with sides
/// from 1 to 4096; `what` stands at the message's beginning.
void require_input(const Extent& input, std::string_view what);

}  // namespace gradspace
