#include "quality/reference_filters.h"

#include <algorithm>
#include <cmath>

#include "core/aligned_array.h"
#include "simd/row_blocks.h"
#include "simd/transpose.h"
#include "statistics/keys.h"

namespace gradspace::quality {
namespace {

constexpr std::size_t kHidden = LinearDecoder::kHidden;
constexpr std::size_t kVisible = LinearDecoder::kVisible;

/// The kurtosis of a sample of kWeighedEntries values, corrected for bias: 3 for a normal distribution.
/// MATLAB's kurtosis(x, 0). 0 where all values are equal.
double unbiased_kurtosis(std::span<const double> sample) {
  constexpr double kN = kWeighedEntries;
  double mean = 0;
  for (const double value : sample) {
    mean += value;
  }
  mean /= kN;
  double second = 0;
  double fourth = 0;
  for (const double value : sample) {
    const double square = (value - mean) * (value - mean);
    second += square;
    fourth += square * square;
  }
  if (second == 0) {
    return 0;
  }
  const double biased = kN * fourth / (second * second);
  return (kN - 1) / ((kN - 2) * (kN - 3)) * ((kN + 1) * biased - 3 * (kN - 1)) + 3;
}

}  // namespace

PackedDecoder::PackedDecoder(const LinearDecoder& decoder)
    : plain(decoder),
      w1(kVisible, kHidden, transposed(decoder.w1).data()),
      b1(decoder.b1.values),
      w2(kHidden, kVisible, transposed(decoder.w2).data()),
      b2(decoder.b2.values) {}

std::vector<double> filter_kurtoses(std::span<const double> gradient) {
  const std::span<const double> entries = gradient.first(kWeighedEntries * kHidden);
  double mean = 0;
  for (const double value : entries) {
    mean += value;
  }
  mean /= static_cast<double>(entries.size());
  std::vector<double> table(entries.size());  // a filter's entries side by side
  for (std::size_t i = 0; i < kWeighedEntries; ++i) {
    double largest = 0;
    for (std::size_t filter = 0; filter < kHidden; ++filter) {
      largest = std::max(largest, std::abs(entries[i * kHidden + filter] - mean));
    }
    for (std::size_t filter = 0; filter < kHidden; ++filter) {
      table[filter * kWeighedEntries + i] =
          largest > 0 ? (entries[i * kHidden + filter] - mean) / largest : 0;
    }
  }
  std::vector<double> kurtoses;
  for (std::size_t filter = 0; filter < kHidden; ++filter) {
    kurtoses.push_back(
        unbiased_kurtosis(std::span(table).subspan(filter * kWeighedEntries, kWeighedEntries)));
  }
  return kurtoses;
}

namespace {

/// What a block of patches becomes on its way to G.
struct WeightGradientBlock {
  AlignedArray<float> white = make_aligned<float>(kBlockRows * kVisible);
  AlignedArray<float> hidden = make_aligned<float>(kBlockRows * kHidden);
  AlignedArray<float> error = make_aligned<float>(kBlockRows * kVisible);
};

/// G, summed in float32 by blocks. All but the whitening may be in float32: an error of that matrix is
/// one of all patches alike, which the sum over them doesn't lessen.
std::vector<double> weight_gradient(const PackedDecoder& decoder, const Patches& patches,
                                    const std::vector<float>& whitening) {
  const PackedMatrix packed(kVisible, kVisible, whitening.data());
  return mean_product(patches.count, kVisible, kHidden, ProductSum::Half::kNone,
                      [&](std::size_t first, std::size_t rows, ProductSum& sum) {
                        const WeightGradientBlock block;
                        multiply(rows, patches.patch(first).data(), packed, block.white.get());
                        multiply(rows, block.white.get(), decoder.w1, block.hidden.get());
                        activate(rows, kHidden, decoder.b1.data(), block.hidden.get());
                        multiply(rows, block.hidden.get(), decoder.w2, block.error.get());
                        reconstruction_error(rows, kVisible, decoder.b2.data(), block.white.get(),
                                             block.error.get());
                        sum.add(rows, block.error.get(), block.hidden.get());
                      });
}

}  // namespace

ReferenceFilters reference_filters(const PackedDecoder& decoder, const QualityImage& reference) {
  constexpr double kNormal = 3;
  const PreparedImage& prepared = prepared_of(reference);
  const std::vector<double> precise = precise_whitening_of(prepared);
  ReferenceFilters filters;
  filters.whitening.assign(precise.begin(), precise.end());
  const std::vector<double> gradient =
      weight_gradient(decoder, prepared.patches, filters.whitening);
  filters.gradient.assign(gradient.begin(), gradient.end());
  filters.kurtosis = filter_kurtoses(gradient);
  const bool doubtful =
      std::any_of(filters.kurtosis.begin(), filters.kurtosis.end(),
                  [](double kurtosis) { return std::abs(kurtosis - kNormal) < kKurtosisMargin; });
  if (doubtful) {
    filters.kurtosis = exact_filter_kurtoses(decoder.plain, reference.rgb());
  }
  for (const double kurtosis : filters.kurtosis) {
    filters.weights.push_back(kurtosis > kNormal ? 2.0F : 1.0F);
  }
  return filters;
}

FeatureKeys filter_responses(const ReferenceFilters& filters, const Patches& patches,
                             const std::vector<float>& whitening) {
  std::vector<float> product(kVisible * kHidden);
  multiply(kVisible, whitening.data(), PackedMatrix(kVisible, kHidden, filters.gradient.data()),
           product.data());
  const PackedMatrix whitened(kVisible, kHidden, product.data());
  FeatureKeys keys(patches.count * kGradientFeatures);
  for_each_block(patches.count, [&](std::size_t first, std::size_t rows) {
    const auto responses = make_aligned<float>(kBlockRows * kHidden);
    multiply(rows, patches.patch(first).data(), whitened, responses.get());
    gradient_keys(rows, kHidden, responses.get(), filters.weights.data(),
                  &keys[first * kGradientFeatures]);
  });
  return keys;
}

}  // namespace gradspace::quality
