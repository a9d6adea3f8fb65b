// The twelve challenges of CURE-TSR at five levels, made on any image.
//
// The models, with their sources, stand at the top of each challenge's own file in src/challenge.
// Level 1 is just visible, level 5 severe. What that means for sizes is a choice (Strength): by default
// they scale with the image, so that a 32-pixel crop and a 1920-pixel frame look equally hard at one level;
// or they are so many pixels in every image, as what goes wrong in a camera is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gradspace/export.h"
#include "gradspace/image.h"

namespace gradspace::challenge {

inline constexpr int kLevels = 5;

/// The smallest side an image may have.
inline constexpr int kMinSide = 8;

/// CURE-TSR's numbers.
enum class Type {
  kDecolorization = 1,
  kLensBlur = 2,
  kCodecError = 3,
  kDarkening = 4,
  kDirtyLens = 5,
  kExposure = 6,
  kGaussianBlur = 7,
  kNoise = 8,
  kRain = 9,
  kShadow = 10,
  kSnow = 11,
  kHaze = 12,
};

/// What the challenges of a group have in common is where in a camera they arise. A detector that was
/// trained on one challenge of a group has seen something of the others.
enum class Group { kOptics, kLight, kWeather, kSensorAndTransmission };

/// What the registry knows of a type.
struct TypeInfo {
  Type type;
  std::string_view name;     ///< "lens-blur": the command line's word
  std::string_view summary;  ///< one line for --help and the contact sheet
  Group group;
  /// The families of distorted copies (OneClassOptions::distortions) that look similar to it,
  /// separated by commas.
  std::string_view similar_distortions;
};

/// All, by number.
GRADSPACE_API std::span<const TypeInfo> all_types();

/// By name ("rain") or number ("9", "09"). Throws InvalidArgument that lists the valid ones.
GRADSPACE_API Type parse_type(std::string_view text);

GRADSPACE_API std::string_view name(Type type);

/// What the registry knows of a type. Throws InvalidArgument for a number that no type has.
GRADSPACE_API const TypeInfo& info(Type type);

/// What the sizes at a level are relative to: the widths of blurs, the grain of noise, the sizes of drops,
/// flakes, dirt and macroblocks, and how many of them there are. Decolorization, darkening, exposure and haze
/// have no size, and are the same under both.
enum class Strength {
  /// The image's shorter side.
  kImage,
  /// Nothing: sizes are in pixels, whatever the image's size, and numbers of things are for an area in pixels.
  /// At levels 1 to 5:
  ///   Gaussian blur  a standard deviation of 0.5, 0.8, 1.4, 2.4, 4 px
  ///   lens blur      a radius of 1, 1.6, 2.8, 4.8, 8 px
  ///   noise          white; on mid-grey (128) a standard deviation of 2, 5, 9, 15, 25 of 255, over all channels
  ///   codec error    macroblocks of 16 px, damaged runs of 1 to 16 of them
  ///   dirty lens, rain, shadow, snow  what kImage makes of an image with a shorter side of 240 px; an image of
  ///                  another size shows more or less of the same rain
  kPixels,
};

/// "image" or "pixels". Throws InvalidArgument that lists them.
GRADSPACE_API Strength parse_strength(std::string_view text);

GRADSPACE_API std::string_view name(Strength strength);

struct Options {
  /// Leave out the image's own sensor noise floor, which optical challenges (blur, dirty lens, haze)
  /// put back by default because in a camera the optics come before the sensor. CURE-TSR's makers
  /// worked on finished pictures and left it out.
  bool post_production = false;
  Strength strength = Strength::kImage;
};

/// The challenged image: same size and number of channels. A function of its arguments alone.
/// Throws InvalidArgument for a level outside 1 to 5 or a side under kMinSide. Thread-safe.
GRADSPACE_API Image apply(const Image& image, Type type, int level, std::uint64_t seed,
                          const Options& options = {});

/// The seed of one image's draws: a hash of the run's seed, the type and the image's key (its path
/// relative to the input, '/'-separated, or its index in an IDX or CIFAR file as decimal text). The
/// level is left out on purpose: the same drops, only heavier.
GRADSPACE_API std::uint64_t image_seed(std::uint64_t run_seed, Type type, std::string_view key);

}  // namespace gradspace::challenge
