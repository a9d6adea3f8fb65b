// TID2013: Ponomarenko et al., "Image database TID2013", Signal Processing: Image Communication 2015.
#include <fmt/format.h>

#include <array>

#include "core/file.h"
#include "gradspace/error.h"
#include "opinions/database.h"
#include "opinions/lines.h"

namespace gradspace::databases {
namespace {

constexpr std::array kTid2013Types{
    "additive Gaussian noise",
    "noise in colour components",
    "spatially correlated noise",
    "masked noise",
    "high-frequency noise",
    "impulse noise",
    "quantization noise",
    "Gaussian blur",
    "image denoising",
    "JPEG",
    "JPEG 2000",
    "JPEG transmission errors",
    "JPEG 2000 transmission errors",
    "non-eccentricity pattern noise",
    "local block-wise distortions",
    "mean shift",
    "contrast change",
    "change of colour saturation",
    "multiplicative Gaussian noise",
    "comfort noise",
    "lossy compression of noisy images",
    "colour quantization with dither",
    "chromatic aberrations",
    "sparse sampling and reconstruction",
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether `name` is of the form I01_01_1.bmp, in any letter case.
bool is_distorted_name(std::string_view name) {
  const std::string lower = lower_case(name);
  return lower.size() == 12 && lower[0] == 'i' && is_digit(lower[1]) && is_digit(lower[2]) &&
         lower[3] == '_' && is_digit(lower[4]) && is_digit(lower[5]) && lower[6] == '_' &&
         is_digit(lower[7]) && lower.ends_with(".bmp");
}

std::string tid2013_type(std::string_view name) {
  const auto number = static_cast<std::size_t>((name[4] - '0') * 10 + (name[5] - '0'));
  return number >= 1 && number <= kTid2013Types.size() ? kTid2013Types[number - 1]
                                                       : fmt::format("type {}", number);
}

}  // namespace

List parse_tid2013(std::string_view opinions, std::optional<std::string_view> deviations,
                   const std::string& name) {
  Lines lines(opinions, name);
  Lines deviation_lines(deviations.value_or(std::string_view()), name + " (deviations)");
  List list;
  while (lines.next()) {
    if (lines.words().size() != 2 || !is_distorted_name(lines.words()[1])) {
      lines.fail("is not a mean opinion and a name such as I01_01_1.bmp");
    }
    const std::string_view distorted = lines.words()[1];
    ListedPair& pair = list.emplace_back();
    pair.reference = fmt::format("reference_images/{}.bmp", distorted.substr(0, 3));
    pair.distorted = fmt::format("distorted_images/{}", distorted);
    pair.type = tid2013_type(distorted);
    pair.opinion = lines.number(0);
    if (deviations) {
      if (!deviation_lines.next()) {
        lines.fail("there are fewer deviations than mean opinions");
      }
      pair.deviation = deviation_lines.number(0);
      if (*pair.deviation < 0) {
        deviation_lines.fail("a deviation is negative");
      }
    }
  }
  if (deviations && deviation_lines.next()) {
    deviation_lines.fail("there are more deviations than mean opinions");
  }
  return list;
}

List list_tid2013(AnyCaseFiles& files) {
  const std::filesystem::path path = files.require("mos_with_names.txt");
  std::optional<std::string> deviations;
  if (const auto found = files.find("mos_std.txt")) {
    deviations = read_text_file(files.root() / *found);
  }
  return parse_tid2013(read_text_file(path), deviations, path.string());
}

}  // namespace gradspace::databases
