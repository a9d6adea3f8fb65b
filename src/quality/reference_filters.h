// The gradient score's features: filters out of the reference's weight gradient, and what they give on
// an image's patches.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gradspace/linear_decoder.h"
#include "quality/prepared_image.h"
#include "simd/products.h"
#include "statistics/keys.h"

namespace gradspace::quality {

/// A decoder, laid out for the products.
struct PackedDecoder {
  explicit PackedDecoder(const LinearDecoder& decoder);

  LinearDecoder plain;
  PackedMatrix w1;  ///< transposed: visible x hidden
  std::vector<float> b1;
  PackedMatrix w2;  ///< transposed: hidden x visible
  std::vector<float> b2;
};

/// One filter a hidden unit: a column of the gradient of the reconstruction error by W2.
struct ReferenceFilters {
  std::vector<float> whitening;  ///< the reference's, rounded from float64
  std::vector<float> gradient;   ///< G, visible x hidden
  std::vector<double> kurtosis;  ///< of each filter's first 64 entries
  std::vector<float> weights;    ///< 2 where the kurtosis is over 3, else 1
};

/// G = (x' - x) h^T / patches over the whitened patches of `reference`, and the filters' weights,
/// which are those of an evaluation in double precision: float32 is trusted only where a kurtosis is
/// further from 3 than kKurtosisMargin.
ReferenceFilters reference_filters(const PackedDecoder& decoder, const QualityImage& reference);

/// Some ten times float32's error on photographs, three times the worst that has been met.
inline constexpr double kKurtosisMargin = 3e-4;

/// The filters' entries that their weights look at: the patch's luma.
inline constexpr std::size_t kWeighedEntries = 64;

/// The bias-corrected kurtosis of each filter: of the first 64 entries of G's column, less the mean of
/// all filters' 25 600, each divided by the largest absolute value of that entry in all filters.
std::vector<double> filter_kurtoses(std::span<const double> gradient);

/// The same from images to kurtoses in double precision, ten times slower.
std::vector<double> exact_filter_kurtoses(const LinearDecoder& decoder, const Image& reference);

/// Features in one patch: the moduli of all filters, then their arguments.
inline constexpr std::size_t kGradientFeatures = 2 * LinearDecoder::kHidden;

/// [patches, kGradientFeatures], as keys, of an image's patches and its whitening.
FeatureKeys filter_responses(const ReferenceFilters& filters, const Patches& patches,
                             const std::vector<float>& whitening);

}  // namespace gradspace::quality
