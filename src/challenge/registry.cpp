#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string>

#include "challenge/types.h"
#include "core/random.h"
#include "gradspace/challenge.h"
#include "gradspace/error.h"

namespace gradspace::challenge {
namespace {

using Function = Image (*)(const Request&);

// One line a challenge, by CURE-TSR's numbers.
constexpr std::array<TypeInfo, 12> kTypes = {{
    {Type::kDecolorization, "decolorization", "colours fade to grey"},
    {Type::kLensBlur, "lens-blur", "defocus: points become discs"},
    {Type::kCodecError, "codec-error", "displaced, frozen and miscoloured blocks"},
    {Type::kDarkening, "darkening", "underexposure with crushed blacks"},
    {Type::kDirtyLens, "dirty-lens", "smears and specks on the lens"},
    {Type::kExposure, "exposure", "overexposure, burnt-out highlights"},
    {Type::kGaussianBlur, "gaussian-blur", "soft blur"},
    {Type::kNoise, "noise", "coloured sensor noise"},
    {Type::kRain, "rain", "streaks and a grey veil"},
    {Type::kShadow, "shadow", "a hard-edged shadow across the scene"},
    {Type::kSnow, "snow", "flakes of several sizes and blur"},
    {Type::kHaze, "haze", "fades to the air's light with distance"},
}};
constexpr std::array<Function, kTypes.size()> kFunctions = {
    decolorization, lens_blur, codec_error, darkening, dirty_lens, exposure,
    gaussian_blur,  noise,     rain,        shadow,    snow,       haze};

std::size_t position(Type type) {
  const auto number = static_cast<std::size_t>(type);
  if (number < 1 || number > kTypes.size()) {
    throw InvalidArgument(
        fmt::format("challenge type {} is unknown; 1 to {} are", number, kTypes.size()));
  }
  return number - 1;
}

std::string known_types() {
  std::string text;
  for (const TypeInfo& info : kTypes) {
    text +=
        fmt::format("{}{:02} {}", text.empty() ? "" : ", ", static_cast<int>(info.type), info.name);
  }
  return text;
}

}  // namespace

std::span<const TypeInfo> all_types() {
  return kTypes;
}

Type parse_type(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  for (const TypeInfo& info : kTypes) {
    if (info.name == text || (is_number && number == static_cast<int>(info.type))) {
      return info.type;
    }
  }
  throw InvalidArgument(
      fmt::format("challenge type '{}' is unknown; known are {}", text, known_types()));
}

std::string_view name(Type type) {
  return kTypes[position(type)].name;
}

Image apply(const Image& image, Type type, int level, std::uint64_t seed, const Options& options) {
  const Function function = kFunctions[position(type)];
  if (level < 1 || level > kLevels) {
    throw InvalidArgument(fmt::format("challenge level {} is not within 1 to {}", level, kLevels));
  }
  if (image.width() < kMinSide || image.height() < kMinSide) {
    throw InvalidArgument(
        fmt::format("a challenge needs an image of at least {0}x{0} pixels, not {1}x{2}", kMinSide,
                    image.width(), image.height()));
  }
  return function({image, level, seed, options.post_production});
}

std::uint64_t image_seed(std::uint64_t run_seed, Type type, std::string_view key) {
  return combine(combine(run_seed, static_cast<std::uint64_t>(type)), hash_text(key));
}

}  // namespace gradspace::challenge
