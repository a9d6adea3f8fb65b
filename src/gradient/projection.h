// Random projections of rows of features to few columns (Johnson and Lindenstrauss): distances between rows are kept,
// their squares exactly on average over seeds, and each with a standard deviation of 1 / sqrt(2 columns) of itself.
//
// y = x R / sqrt(D) for a row x of d values and D columns, where R's elements are 1 and -1 with equal probability
// (Achlioptas 2003, "Database-friendly random projections", theorem 1.1). R depends on seed, d and D alone: of the
// outputs of SplitMix64 (Steele, Lea and Flood 2014) that starts at the seed, each of x's values has w = ceil(D / 64),
// in order; bit c mod 64, counted from the lowest, of the (c / 64)th of these is set where R's element of column c is
// -1.
//
// A column's sum runs over x's values in their order, in float32. As products with 1 and -1 are exact, its bits are the
// same on every processor, and whatever rows are beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/aligned_array.h"
#include "gradspace/gradient.h"

namespace gradspace {

/// Immutable: any threads may use one.
class RandomProjection {
 public:
  /// Throws InvalidArgument where R takes more than 1 GiB of memory (4 d D bytes), or either number is 0.
  RandomProjection(std::size_t dimension, std::size_t columns, std::uint64_t seed);

  std::size_t dimension() const { return dimension_; }
  std::size_t columns() const { return columns_; }

  /// `rows` is [n, dimension()], `out` [n, columns()].
  void apply(std::span<const float> rows, std::span<float> out) const;

 private:
  std::size_t dimension_;
  std::size_t columns_;
  float scale_;
  AlignedArray<float> signs_;  ///< [dimension, columns]
};

/// One that others in this process may have too, as long as anyone has it.
std::shared_ptr<const RandomProjection> shared_projection(std::size_t dimension,
                                                          std::size_t columns, std::uint64_t seed);

/// Of one autoencoder (member 0): what `make` makes, with its features projected where the blocks are a projection.
/// Throws InvalidArgument where that is of features that the model has not, or stands beside other blocks.
std::unique_ptr<GradientBackend> make_projected_backend(const Model& model,
                                                        std::vector<FeatureBlock> blocks,
                                                        const MemberBackendFactory& make);

}  // namespace gradspace
