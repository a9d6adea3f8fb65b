#include "experiment/gradcon_outputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <utility>

#include "core/checksum.h"
#include "core/file.h"
#include "experiment/error_map.h"
#include "gradspace/error.h"
#include "image/picture_strip.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kGradConOutputsFormat = 1;
constexpr std::size_t kMistakes = 6;  ///< shown of the inliers, and of the outliers

/// Positions of the images whose `sign` times score is largest, the largest first.
std::vector<std::size_t> extremes(const std::vector<GradConImage>& images, double sign) {
  std::vector<std::size_t> order(images.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t count = std::min(kMistakes, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      const double of_a = sign * images[a].score.score;
                      const double of_b = sign * images[b].score.score;
                      return of_a > of_b || (of_a == of_b && a < b);
                    });
  order.resize(count);
  return order;
}

Image mistake_strip(const Image& seen, GradientBackend& backend) {
  const Image reconstruction = reconstruct(seen, backend);
  const std::array<Image, 3> panels = {to_rgb(seen), to_rgb(reconstruction),
                                       error_map(seen, reconstruction)};
  return picture_strip(panels);
}

}  // namespace

JudgedImages judge_images(const Model& model, double gradient_weight, const Source& source) {
  JudgedImages judged;
  std::vector<std::uint8_t> pixels;
  for (std::size_t i = 0; i < source.size(); ++i) {
    try {
      Image picture = prepared(source.load(i), model.spec.input);
      const ImageInfo info = source.info(i);
      pixels.insert(pixels.end(), picture.pixels().begin(), picture.pixels().end());
      judged.pictures.push_back(std::move(picture));
      judged.images.push_back({info.path, info.object_class, {}});
    } catch (const FormatError& error) {
      judged.failures.emplace_back(error.what());
    }
  }
  const std::vector<GradConScore> scores =
      gradcon_scores(observe_alignment(model, pixels), gradient_weight);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    judged.images[i].score = scores[i];
  }
  return judged;
}

void write_mistakes(const fs::path& folder, const Model& model, const JudgedImages& inliers,
                    const JudgedImages& outliers) {
  make_folder(folder);
  const auto backend = make_native_backend(model, {});
  json rows = json::array();
  const auto add = [&](const char* prefix, const JudgedImages& judged, double sign) {
    int number = 0;
    for (const std::size_t i : extremes(judged.images, sign)) {
      const std::string file = fmt::format("{}_{}.png", prefix, number++);
      write_image(folder / file, mistake_strip(judged.pictures[i], *backend));
      const GradConImage& image = judged.images[i];
      rows.push_back({{"file", file},
                      {"path", image.path},
                      {"label", image.label},
                      {"score", image.score.score},
                      {"error", image.score.error},
                      {"cosine", image.score.cosine}});
    }
  };
  add("in", inliers, 1);
  add("out", outliers, -1);
  write_file(folder / "samples.json", sealed_json({{"format_version", kGradConOutputsFormat},
                                                   {"panels", {"image", "reconstruction", "error"}},
                                                   {"rows", std::move(rows)}},
                                                  1));
}

}  // namespace gradspace
