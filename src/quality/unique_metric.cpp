// UNIQUE: Temel, Prabhushankar, AlRegib, IEEE Signal Processing Letters 23 (2016).
#include <algorithm>
#include <utility>

#include "core/aligned_array.h"
#include "gradspace/quality.h"
#include "quality/prepared_image.h"
#include "simd/row_blocks.h"
#include "simd/transpose.h"
#include "statistics/keys.h"
#include "statistics/ranks.h"

namespace gradspace::quality {
namespace {

/// W1 transposed, and its bias.
struct Encoder {
  PackedMatrix weights;
  std::vector<float> bias;
};

/// The hidden units' features on every patch.
FeatureKeys activations(const Encoder& encoder, const QualityImage& image) {
  const Patches& patches = prepared_of(image).patches;
  std::vector<float> product(kPatchSize * LinearDecoder::kHidden);
  multiply(kPatchSize, whitening_of(image).data(), encoder.weights, product.data());
  const PackedMatrix weights(kPatchSize, LinearDecoder::kHidden, product.data());
  FeatureKeys keys(patches.count * LinearDecoder::kHidden);
  for_each_block(patches.count, [&](std::size_t first, std::size_t rows) {
    const auto sums = make_aligned<float>(kBlockRows * LinearDecoder::kHidden);
    multiply(rows, patches.patch(first).data(), weights, sums.get());
    activation_keys(rows, LinearDecoder::kHidden, sums.get(), encoder.bias.data(),
                    &keys[first * LinearDecoder::kHidden]);
  });
  return keys;
}

class UniqueReference : public QualityReference {
 public:
  UniqueReference(std::shared_ptr<const Encoder> encoder,
                  std::shared_ptr<const QualityImage> reference)
      : encoder_(std::move(encoder)),
        reference_(std::move(reference)),
        ranking_(activations(*encoder_, *reference_), kActivationKeyLimit) {}

  double score(const QualityImage& distorted) const override {
    if (identical_or_comparable(*reference_, distorted)) {
      return 1;
    }
    return score_of(ranking_.correlation(activations(*encoder_, distorted)));
  }

 private:
  std::shared_ptr<const Encoder> encoder_;
  std::shared_ptr<const QualityImage> reference_;
  Ranking ranking_;
};

class UniqueMetric : public QualityMetric {
 public:
  explicit UniqueMetric(const LinearDecoder& decoder)
      : encoder_(std::make_shared<Encoder>(
            Encoder{PackedMatrix(kPatchSize, LinearDecoder::kHidden, transposed(decoder.w1).data()),
                    decoder.b1.values})) {}

  std::unique_ptr<QualityReference> prepare(
      std::shared_ptr<const QualityImage> reference) const override {
    return std::make_unique<UniqueReference>(encoder_, std::move(reference));
  }

 private:
  std::shared_ptr<const Encoder> encoder_;
};

}  // namespace

std::unique_ptr<QualityMetric> make_unique_metric(const LinearDecoder* decoder) {
  decoder->validate();
  return std::make_unique<UniqueMetric>(*decoder);
}

}  // namespace gradspace::quality
