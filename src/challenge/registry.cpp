#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "challenge/types.h"
#include "core/named_entries.h"
#include "core/random.h"
#include "gradspace/challenge.h"
#include "gradspace/error.h"

// One line a challenge, by CURE-TSR's numbers: its value of Type; its function, in a file of that name;
// its name; a summary; its group; the families of distorted copies that look similar to it.
//
// On those last: a codec error shows blocks of other places, as occlusion pastes other images; haze bends
// tones, takes saturation and lies unevenly; rain and snow cover the picture and veil it.
#define GRADSPACE_CHALLENGES(CHALLENGE)                                                            \
  CHALLENGE(Type::kDecolorization, decolorization, "decolorization", "colours fade to grey",       \
            kSensorAndTransmission, "colour")                                                      \
  CHALLENGE(Type::kLensBlur, lens_blur, "lens-blur", "defocus: points become discs", kOptics,      \
            "filter")                                                                              \
  CHALLENGE(Type::kCodecError, codec_error, "codec-error",                                         \
            "displaced, frozen and miscoloured blocks", kSensorAndTransmission, "occlusion,noise") \
  CHALLENGE(Type::kDarkening, darkening, "darkening", "underexposure with crushed blacks", kLight, \
            "tone,light")                                                                          \
  CHALLENGE(Type::kDirtyLens, dirty_lens, "dirty-lens", "smears and specks on the lens",           \
            kSensorAndTransmission, "occlusion")                                                   \
  CHALLENGE(Type::kExposure, exposure, "exposure", "overexposure, burnt-out highlights", kLight,   \
            "tone,light")                                                                          \
  CHALLENGE(Type::kGaussianBlur, gaussian_blur, "gaussian-blur", "soft blur", kOptics, "filter")   \
  CHALLENGE(Type::kNoise, noise, "noise", "coloured sensor noise", kSensorAndTransmission,         \
            "noise")                                                                               \
  CHALLENGE(Type::kRain, rain, "rain", "streaks and a grey veil", kWeather, "occlusion,tone")      \
  CHALLENGE(Type::kShadow, shadow, "shadow", "a hard-edged shadow across the scene", kLight,       \
            "tone,light")                                                                          \
  CHALLENGE(Type::kSnow, snow, "snow", "flakes of several sizes and blur", kWeather,               \
            "occlusion,tone")                                                                      \
  CHALLENGE(Type::kHaze, haze, "haze", "fades to the air's light with distance", kWeather,         \
            "tone,colour,light")

namespace gradspace::challenge {

#define CHALLENGE(type, function, ...) Image function(const Request& request);
GRADSPACE_CHALLENGES(CHALLENGE)
#undef CHALLENGE

namespace {

struct Challenge {
  TypeInfo info;
  Image (*make)(const Request& request);
};

constexpr std::array kChallenges{
#define CHALLENGE(type, function, name, summary, group, similar_distortions) \
  Challenge{{type, name, summary, Group::group, similar_distortions}, function},
    GRADSPACE_CHALLENGES(CHALLENGE)
#undef CHALLENGE
};

constexpr auto kInfos = infos_of(kChallenges);

const Challenge& challenge(Type type) {
  const auto found = std::ranges::find_if(
      kChallenges, [&](const Challenge& known) { return known.info.type == type; });
  if (found == kChallenges.end()) {
    throw InvalidArgument(fmt::format("challenge type {} is not known; there are {}",
                                      static_cast<int>(type), kChallenges.size()));
  }
  return *found;
}

}  // namespace

std::span<const TypeInfo> all_types() {
  return kInfos;
}

Type parse_type(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  for (const TypeInfo& info : kInfos) {
    if (info.name == text || (is_number && number == static_cast<int>(info.type))) {
      return info.type;
    }
  }
  throw_unknown_name("challenge type", text, names_of(kInfos, [](const TypeInfo& info) {
                       return fmt::format("{:02} {}", static_cast<int>(info.type), info.name);
                     }));
}

std::string_view name(Type type) {
  return info(type).name;
}

const TypeInfo& info(Type type) {
  return challenge(type).info;
}

Image apply(const Image& image, Type type, int level, std::uint64_t seed, const Options& options) {
  const Challenge& chosen = challenge(type);
  if (level < 1 || level > kLevels) {
    throw InvalidArgument(fmt::format("challenge level {} is not within 1 to {}", level, kLevels));
  }
  if (image.width() < kMinSide || image.height() < kMinSide) {
    throw InvalidArgument(
        fmt::format("a challenge needs an image of at least {0}x{0} pixels, not {1}x{2}", kMinSide,
                    image.width(), image.height()));
  }
  return chosen.make({image, level, seed, options});
}

std::uint64_t image_seed(std::uint64_t run_seed, Type type, std::string_view key) {
  return combine(combine(run_seed, static_cast<std::uint64_t>(type)), hash_text(key));
}

}  // namespace gradspace::challenge
