// Distorted copies of clean images: what a detector that has no outliers can learn to reject.
//
// Telling data from distorted data estimates the density's level sets (Steinwart, Hush and Scovel 2005);
// on images: CutPaste (Li et al., CVPR 2021), and outlier exposure (Hendrycks et al., ICLR 2019) with
// outliers that are made instead of collected. The six families are generic: occlusion by soft blobs,
// tone curves, sharpening and smoothing, additive noise of any correlation, colour casts and
// saturation, uneven light. They share no code and no parameter with gradspace/challenge.h, but what
// they do to a picture is akin to some challenges: a tone curve darkens, noise is noise.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "gradspace/model.h"

namespace gradspace {

enum class Distortion { kOcclusion, kTone, kFilter, kNoise, kColour, kLight };

/// By the value of their Distortion.
inline constexpr std::array<std::string_view, 6> kDistortionNames = {
    "occlusion", "tone", "filter", "noise", "colour", "light"};

/// The families of these names, all six for none. Throws InvalidArgument listing the valid names.
std::vector<Distortion> parse_distortions(std::span<const std::string> names);

/// `image` and `other` (another clean image, pasted by kOcclusion) are HWC of this extent. What is drawn
/// comes from `random`.
std::vector<std::uint8_t> distorted(Distortion kind, std::span<const std::uint8_t> image,
                                    std::span<const std::uint8_t> other, const Extent& extent,
                                    Random& random);

}  // namespace gradspace
