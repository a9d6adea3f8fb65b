#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gradspace/error.h"
#include "quality/image_parts.h"
#include "quality/prepared_image.h"

namespace gradspace {

struct QualityImage::State {
  State(Image image, std::string image_name)
      : rgb(to_rgb(std::move(image))), name(std::move(image_name)) {}

  Image rgb;
  std::string name;
  quality::KeptParts parts;
};

QualityImage::QualityImage(Image image, std::string name)
    : state_(std::make_unique<State>(std::move(image), std::move(name))) {}
QualityImage::~QualityImage() = default;
QualityImage::QualityImage(QualityImage&&) noexcept = default;
QualityImage& QualityImage::operator=(QualityImage&&) noexcept = default;

const Image& QualityImage::rgb() const {
  return state_->rgb;
}
const std::string& QualityImage::name() const {
  return state_->name;
}

namespace quality {

/// Lets the metrics reach what an image keeps for them.
class ImageParts {
 public:
  static QualityImage::State& of(const QualityImage& image) { return *image.state_; }
};

namespace {

struct Whitening {
  std::vector<float> matrix;
};

struct Luma {
  Image pixels;
};

/// Throws InvalidArgument for fewer than kMinPatches patches; `name` stands in the message.
PreparedImage prepare(const Image& rgb, const std::string& name) {
  PreparedImage prepared;
  prepared.patches = image_patches(rgb);
  const std::size_t count = prepared.patches.count;
  if (count < kMinPatches) {
    throw InvalidArgument(fmt::format("{}: {}x{} pixels are {} {} of 16x16; at least {} are wanted",
                                      name, rgb.width(), rgb.height(), count,
                                      count == 1 ? "patch" : "patches", kMinPatches));
  }
  const auto& values = prepared.patches.values;
  prepared.has_variance = !std::equal(values.begin() + kPatchSize, values.end(), values.begin());
  subtract_mean(prepared.patches);
  if (count > kFewPatches) {
    prepared.covariance = covariance(prepared.patches);
  }
  return prepared;
}

}  // namespace

const PreparedImage& prepared_of(const QualityImage& image) {
  return part_of<PreparedImage>(image, [&] { return prepare(image.rgb(), image.name()); });
}

const std::vector<float>& whitening_of(const QualityImage& image) {
  const auto make = [&] {
    const PreparedImage& prepared = prepared_of(image);
    if (prepared.patches.count > kFewPatches) {
      return Whitening{whitening_matrix(prepared.covariance)};
    }
    const std::vector<double> precise = whitening_matrix_of_few(prepared.patches);
    return Whitening{{precise.begin(), precise.end()}};
  };
  return part_of<Whitening>(image, make).matrix;
}

std::vector<double> precise_whitening_of(const PreparedImage& image) {
  return image.patches.count > kFewPatches ? precise_whitening_matrix(image.covariance)
                                           : whitening_matrix_of_few(image.patches);
}

KeptParts& parts_of(const QualityImage& image) {
  return ImageParts::of(image).parts;
}

const Image& luma_of(const QualityImage& image) {
  return part_of<Luma>(image, [&] { return Luma{to_grey(image.rgb())}; }).pixels;
}

void check_sizes(const QualityImage& reference, const QualityImage& distorted) {
  const Image& a = reference.rgb();
  const Image& b = distorted.rgb();
  if (a.width() != b.width() || a.height() != b.height()) {
    throw InvalidArgument(fmt::format("{} is {}x{} but {} is {}x{}; sizes must match",
                                      reference.name(), a.width(), a.height(), distorted.name(),
                                      b.width(), b.height()));
  }
}

bool identical_or_comparable(const QualityImage& reference, const QualityImage& distorted) {
  check_sizes(reference, distorted);
  const PreparedImage& a = prepared_of(reference);
  const PreparedImage& b = prepared_of(distorted);
  if (reference.rgb() == distorted.rgb()) {
    return true;
  }
  for (const auto& [parts, image] : {std::pair(&a, &reference), std::pair(&b, &distorted)}) {
    if (!parts->has_variance) {
      throw InvalidArgument(fmt::format(
          "{}: all its patches of 16x16 pixels are alike, so there is nothing to compare",
          image->name()));
    }
  }
  return false;
}

double score_of(double correlation) {
  constexpr int kExponent = 10;
  return std::pow(std::abs(correlation), kExponent);
}

}  // namespace quality
}  // namespace gradspace
