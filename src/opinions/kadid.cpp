// KADID-10k: Lin, Hosu, Saupe, "KADID-10k: A large-scale artificially distorted IQA database", QoMEX
// 2019.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "core/csv_table.h"
#include "core/file.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "opinions/database.h"

namespace gradspace::databases {
namespace {

constexpr std::array kKadidTypes{
    "Gaussian blur",
    "lens blur",
    "motion blur",
    "colour diffusion",
    "colour shift",
    "colour quantization",
    "colour saturation 1",
    "colour saturation 2",
    "JPEG 2000",
    "JPEG",
    "white noise",
    "white noise in colour component",
    "impulse noise",
    "multiplicative noise",
    "denoise",
    "brighten",
    "darken",
    "mean shift",
    "jitter",
    "non-eccentricity patch",
    "pixelate",
    "quantization",
    "colour block",
    "high sharpen",
    "contrast change",
};

/// By the second field of I01_05_03.png.
std::string kadid_type(std::string_view name) {
  std::size_t number = 0;
  const std::size_t begin = name.find('_');
  for (std::size_t i = begin + 1;
       begin != std::string_view::npos && i < name.size() && i < begin + 3; ++i) {
    number = name[i] >= '0' && name[i] <= '9'
                 ? number * 10 + static_cast<std::size_t>(name[i] - '0')
                 : kKadidTypes.size() + 1;
  }
  return number >= 1 && number <= kKadidTypes.size() ? kKadidTypes[number - 1] : "other";
}

}  // namespace

List parse_kadid(std::string_view text, const std::string& name) {
  CsvTable table(text, name);
  const std::size_t distorted = table.column("dist_img");
  const std::size_t reference = table.column("ref_img");
  const std::size_t opinion = table.column("dmos");
  const auto variance = table.find_column("var");
  List list;
  while (table.next()) {
    ListedPair& pair = list.emplace_back();
    pair.reference = fmt::format("images/{}", table.text(reference));
    pair.distorted = fmt::format("images/{}", table.text(distorted));
    pair.type = kadid_type(table.text(distorted));
    pair.opinion = table.number(opinion);
    if (variance) {
      const double value = table.number(*variance);
      if (value < 0) {
        throw FormatError(fmt::format("{}: the variance of {} is {}", name,
                                      printable(table.text(distorted)), value));
      }
      pair.deviation = std::sqrt(value);
    }
  }
  return list;
}

List list_kadid(AnyCaseFiles& files) {
  const std::filesystem::path path = files.require("dmos.csv");
  return parse_kadid(read_text_file(path), path.string());
}

}  // namespace gradspace::databases
