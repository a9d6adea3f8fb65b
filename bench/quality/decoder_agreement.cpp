// Do two decoders rank distortions alike? Scores photographs against JPEG, blurred and noisy versions
// of themselves with the shipped decoder and with another one, and prints Spearman's correlation of
// their scores, and the mean scores by distortion.
//
// Usage: gradspace_decoder_agreement_bench PHOTOS OTHER_DECODER
#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "challenge/blur.h"
#include "core/random.h"
#include "gradspace/agreement.h"
#include "gradspace/error.h"
#include "gradspace/quality.h"
#include "gradspace/source.h"

namespace {

using namespace gradspace;

enum class Kind { kJpeg, kBlur, kNoise };

struct Distortion {
  const char* name;
  Kind kind;
  double strength;  ///< JPEG quality, or sigma in pixels or in 8-bit steps
};

constexpr Distortion kDistortions[] = {
    {"jpeg 90", Kind::kJpeg, 90},   {"jpeg 70", Kind::kJpeg, 70},   {"jpeg 50", Kind::kJpeg, 50},
    {"jpeg 30", Kind::kJpeg, 30},   {"jpeg 10", Kind::kJpeg, 10},   {"blur 0.7", Kind::kBlur, 0.7},
    {"blur 1.2", Kind::kBlur, 1.2}, {"blur 2", Kind::kBlur, 2},     {"blur 3.5", Kind::kBlur, 3.5},
    {"noise 4", Kind::kNoise, 4},   {"noise 10", Kind::kNoise, 10}, {"noise 20", Kind::kNoise, 20},
    {"noise 40", Kind::kNoise, 40},
};
constexpr std::size_t kKinds = std::size(kDistortions);

std::uint8_t to_byte(double value) {
  return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

Image blurred(const Image& image, double sigma) {
  challenge::Planes planes;
  for (int c = 0; c < 3; ++c) {
    challenge::Plane& plane = planes.emplace_back(image.width(), image.height());
    for (std::size_t i = 0; i < plane.size(); ++i) {
      plane.samples()[i] = image.pixels()[3 * i + static_cast<std::size_t>(c)];
    }
  }
  challenge::gaussian(planes, static_cast<float>(sigma));
  Image result = image;
  for (std::size_t i = 0; i < result.pixels().size(); ++i) {
    result.pixels()[i] = to_byte(static_cast<double>(planes[i % 3].samples()[i / 3]));
  }
  return result;
}

Image noisy(const Image& image, double sigma, std::uint64_t seed) {
  Random random(seed);
  Image result = image;
  for (std::uint8_t& sample : result.pixels()) {
    sample = to_byte(static_cast<double>(sample) + sigma * random.normal());
  }
  return result;
}

Image distort(const Image& image, const Distortion& distortion, std::uint64_t seed) {
  switch (distortion.kind) {
    case Kind::kJpeg: {
      EncodeOptions options;
      options.jpeg_quality = static_cast<int>(distortion.strength);
      return decode_image(encode_image(image, ImageFormat::kJpeg, options), "distorted");
    }
    case Kind::kBlur:
      return blurred(image, distortion.strength);
    case Kind::kNoise:
      return noisy(image, distortion.strength, seed);
  }
  return image;
}

/// Scores by photograph and distortion.
using Scores = std::vector<double>;

double mean_of(const Scores& scores, std::size_t distortion) {
  double sum = 0;
  for (std::size_t i = distortion; i < scores.size(); i += kKinds) {
    sum += scores[i];
  }
  return sum / static_cast<double>(scores.size() / kKinds);
}

/// `scores` in the order of the metrics.
void score_photo(const Image& photo, std::uint64_t seed,
                 const std::vector<std::unique_ptr<QualityMetric>>& metrics,
                 std::vector<Scores>& scores, std::size_t row) {
  const auto reference = std::make_shared<const QualityImage>(photo, "reference");
  std::vector<std::unique_ptr<QualityReference>> prepared;
  for (const auto& metric : metrics) {
    prepared.push_back(metric->prepare(reference));
  }
  for (std::size_t d = 0; d < kKinds; ++d) {
    const QualityImage distorted(distort(photo, kDistortions[d], combine(seed, d)), "distorted");
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      scores[m][row * kKinds + d] = prepared[m]->score(distorted);
    }
  }
}

void run(const std::string& photos, const std::string& other) {
  const auto source = open_source(photos, SourceKind::kFolder);
  const LinearDecoder theirs = load_decoder(other);
  std::vector<std::unique_ptr<QualityMetric>> metrics;
  for (const char* name : {"gradient", "unique"}) {
    metrics.push_back(make_quality_metric(name));
    metrics.push_back(make_quality_metric(name, theirs));
  }
  std::vector<Scores> scores(metrics.size(), Scores(source->size() * kKinds));
  tbb::parallel_for(std::size_t{0}, source->size(), [&](std::size_t i) {
    score_photo(to_rgb(source->load(i)), i, metrics, scores, i);
  });

  fmt::print("{} photographs, {} pairs, commit {}\n", source->size(), scores[0].size(),
             GRADSPACE_COMMIT);
  fmt::print("Spearman, shipped against {}: gradient {:.4f}, unique {:.4f}\n", other,
             *spearman_correlation(scores[0], scores[1]),
             *spearman_correlation(scores[2], scores[3]));
  fmt::print("{:10} {:>9} {:>9}   {:>9} {:>9}\n", "mean of", "gradient", "theirs", "unique",
             "theirs");
  for (std::size_t d = 0; d < kKinds; ++d) {
    fmt::print("{:10} {:9.4f} {:9.4f}   {:9.4f} {:9.4f}\n", kDistortions[d].name,
               mean_of(scores[0], d), mean_of(scores[1], d), mean_of(scores[2], d),
               mean_of(scores[3], d));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: {} PHOTOS OTHER_DECODER\n", argv[0]);
    return 2;
  }
  try {
    run(argv[1], argv[2]);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
