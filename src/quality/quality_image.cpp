#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>
#include <utility>

#include "gradspace/error.h"
#include "quality/prepared_image.h"

namespace gradspace {

namespace quality {

PreparedImage prepare(const Image& rgb, const std::string& name) {
  PreparedImage prepared;
  const Image half = halve(rgb);
  prepared.columns = half.width() / kPatchSide;
  prepared.rows = half.height() / kPatchSide;
  prepared.patches = cut_patches(to_ygcr(half));
  const std::size_t count = prepared.patches.count;
  if (count < kMinPatches) {
    throw InvalidArgument(fmt::format("{}: {}x{} pixels are {} {} of 16x16; at least {} are wanted",
                                      name, rgb.width(), rgb.height(), count,
                                      count == 1 ? "patch" : "patches", kMinPatches));
  }
  const std::vector<float>& values = prepared.patches.values;
  prepared.has_variance = !std::equal(values.begin() + kPatchSize, values.end(), values.begin());
  subtract_mean(prepared.patches);
  prepared.covariance = covariance(prepared.patches);
  prepared.whitening = whitening_matrix(prepared.covariance);
  return prepared;
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
  const PreparedImage& a = reference.prepared();
  const PreparedImage& b = distorted.prepared();
  if (reference.rgb() == distorted.rgb()) {
    return true;
  }
  for (const auto& [prepared, image] : {std::pair(&a, &reference), std::pair(&b, &distorted)}) {
    if (!prepared->has_variance) {
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

struct QualityImage::State {
  State(Image image, std::string image_name)
      : rgb(to_rgb(std::move(image))), name(std::move(image_name)) {}

  Image rgb;
  std::string name;
  std::once_flag once_prepared;
  std::once_flag once_luma;
  std::optional<quality::PreparedImage> prepared;
  std::optional<Image> luma;
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

const quality::PreparedImage& QualityImage::prepared() const {
  std::call_once(state_->once_prepared,
                 [this] { state_->prepared = quality::prepare(state_->rgb, state_->name); });
  return *state_->prepared;
}

const Image& QualityImage::luma() const {
  std::call_once(state_->once_luma, [this] { state_->luma = to_grey(state_->rgb); });
  return *state_->luma;
}

}  // namespace gradspace
