#include "decoder/decoder_loss.h"

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "gradspace/error.h"
#include "simd/logistic_rows.h"
#include "simd/products.h"
#include "simd/transpose.h"

namespace gradspace::quality {
namespace {

constexpr std::size_t kHidden = LinearDecoder::kHidden;
/// So many sums are made apart and added in order, whatever the number of threads.
constexpr std::size_t kSlices = 16;

/// The four parts of a vector of parameters.
template <typename T>
struct Parts {
  std::span<T> w1;
  std::span<T> w2;
  std::span<T> b1;
  std::span<T> b2;

  explicit Parts(std::span<T> all)
      : w1(all.subspan(0, kDecoderWeights)),
        w2(all.subspan(kDecoderWeights, kDecoderWeights)),
        b1(all.subspan(2 * kDecoderWeights, kHidden)),
        b2(all.subspan(2 * kDecoderWeights + kHidden, kPatchSize)) {}
};

PackedMatrix packed_transpose(std::size_t rows, std::size_t columns, const float* values) {
  return {columns, rows, transposed(rows, columns, values).data()};
}

void add_columns(std::size_t rows, const float* values, std::vector<double>& sums) {
  std::vector<float> block(sums.size(), 0.0F);
  for (std::size_t row = 0; row < rows; ++row, values += block.size()) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      block[i] += values[i];
    }
  }
  std::transform(sums.begin(), sums.end(), block.begin(), sums.begin(),
                 [](double sum, float value) { return sum + static_cast<double>(value); });
}

double squared_norm(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) {
    sum += static_cast<double>(value) * static_cast<double>(value);
  }
  return sum;
}

/// x' without its bias becomes x' - x; returns the sum of squares.
double subtract(std::size_t rows, const float* patches, std::span<const float> bias,
                float* output) {
  double squares = 0;
  for (std::size_t row = 0; row < rows; ++row, patches += kPatchSize, output += kPatchSize) {
    for (std::size_t i = 0; i < kPatchSize; ++i) {
      output[i] += bias[i] - patches[i];
    }
    squares += squared_norm({output, kPatchSize});
  }
  return squares;
}

/// d loss / d h becomes d loss / d (W1 x + b1).
void through_sigmoid(std::size_t rows, std::span<const float> sparsity_slopes, const float* hidden,
                     float* delta) {
  for (std::size_t row = 0; row < rows; ++row, hidden += kHidden, delta += kHidden) {
    for (std::size_t i = 0; i < kHidden; ++i) {
      delta[i] = (delta[i] + sparsity_slopes[i]) * hidden[i] * (1 - hidden[i]);
    }
  }
}

double divergence(double rho, double activation) {
  return rho * std::log(rho / activation) + (1 - rho) * std::log((1 - rho) / (1 - activation));
}

double divergence_slope(double rho, double activation) {
  return (1 - rho) / (1 - activation) - rho / activation;
}

}  // namespace

/// A run of patches, with the sums over it.
struct DecoderLoss::Slice {
  std::size_t begin = 0;
  std::size_t end = 0;
  double squares = 0;
  std::vector<double> activations;  ///< sums of h
  std::vector<double> b1;           ///< of deltas
  std::vector<double> b2;           ///< of residuals
  std::vector<double> w1;           ///< of deltas times patches
  std::vector<double> w2;           ///< of residuals times activations

  template <typename Work>
  void for_blocks(const Work& work) const {
    for (std::size_t first = begin; first < end; first += kBlockRows) {
      work(first, std::min(kBlockRows, end - first));
    }
  }
};

DecoderLoss::DecoderLoss(const Patches& whitened, const DecoderTrainingOptions& options)
    : patches_(whitened), rho_(options.rho), decay_(options.decay), beta_(options.beta) {
  if (whitened.count == 0) {
    throw InvalidArgument("iqa-train: there are no patches");
  }
  hidden_.resize(whitened.count * kHidden);
  for (std::size_t i = 0; i < kSlices; ++i) {
    slices_.emplace_back();
    slices_.back().begin = whitened.count * i / kSlices;
    slices_.back().end = whitened.count * (i + 1) / kSlices;
  }
}

DecoderLoss::~DecoderLoss() = default;

DecoderLossValue DecoderLoss::evaluate(std::span<const float> parameters,
                                       std::span<float> gradient) {
  const Parts<const float> parts(parameters);
  run_hidden(parameters);
  const std::vector<double> activations = mean_activations();
  DecoderLossValue value;
  value.decay = decay_ / 2 * (squared_norm(parts.w1) + squared_norm(parts.w2));
  std::vector<float> slopes(kHidden);
  for (std::size_t i = 0; i < kHidden; ++i) {
    value.sparsity += beta_ * divergence(rho_, activations[i]);
    slopes[i] = static_cast<float>(beta_ * divergence_slope(rho_, activations[i]));
  }
  run_visible(parameters, slopes);
  double squares = 0;
  for (const Slice& slice : slices_) {
    squares += slice.squares;
  }
  value.reconstruction = squares / (2 * static_cast<double>(patches_.count));
  gather_gradient(parameters, gradient);
  return value;
}

void DecoderLoss::run_hidden(std::span<const float> parameters) {
  const Parts<const float> parts(parameters);
  const PackedMatrix w1 = packed_transpose(kHidden, kPatchSize, parts.w1.data());
  parallel_for(kSlices, [&](std::size_t i) {
    Slice& slice = slices_[i];
    slice.activations.assign(kHidden, 0.0);
    slice.for_blocks([&](std::size_t first, std::size_t rows) {
      float* hidden = hidden_.data() + first * kHidden;
      multiply(rows, patches_.patch(first).data(), w1, hidden);
      logistic_rows(rows, kHidden, parts.b1.data(), hidden);
      add_columns(rows, hidden, slice.activations);
    });
  });
}

std::vector<double> DecoderLoss::mean_activations() const {
  std::vector<double> means(kHidden, 0.0);
  for (const Slice& slice : slices_) {
    for (std::size_t i = 0; i < kHidden; ++i) {
      means[i] += slice.activations[i] / static_cast<double>(patches_.count);
    }
  }
  return means;
}

void DecoderLoss::run_visible(std::span<const float> parameters,
                              std::span<const float> sparsity_slopes) {
  const Parts<const float> parts(parameters);
  const PackedMatrix w2(kPatchSize, kHidden, parts.w2.data());
  const PackedMatrix w2_transposed = packed_transpose(kPatchSize, kHidden, parts.w2.data());
  parallel_for(kSlices, [&](std::size_t i) {
    Slice& slice = slices_[i];
    slice.squares = 0;
    slice.b1.assign(kHidden, 0.0);
    slice.b2.assign(kPatchSize, 0.0);
    ProductSum w1_sum(kHidden, kPatchSize);
    ProductSum w2_sum(kPatchSize, kHidden);
    std::vector<float> residuals(kBlockRows * kPatchSize);
    std::vector<float> delta(kBlockRows * kHidden);
    slice.for_blocks([&](std::size_t first, std::size_t rows) {
      const float* patches = patches_.patch(first).data();
      const float* hidden = hidden_.data() + first * kHidden;
      multiply(rows, hidden, w2_transposed, residuals.data());
      slice.squares += subtract(rows, patches, parts.b2, residuals.data());
      add_columns(rows, residuals.data(), slice.b2);
      w2_sum.add(rows, residuals.data(), hidden);
      multiply(rows, residuals.data(), w2, delta.data());
      through_sigmoid(rows, sparsity_slopes, hidden, delta.data());
      add_columns(rows, delta.data(), slice.b1);
      w1_sum.add(rows, delta.data(), patches);
    });
    slice.w1 = w1_sum.mean(patches_.count);
    slice.w2 = w2_sum.mean(patches_.count);
  });
}

void DecoderLoss::gather_gradient(std::span<const float> parameters, std::span<float> gradient) {
  const Parts<const float> parts(parameters);
  const Parts<float> out(gradient);
  const auto count = static_cast<double>(patches_.count);
  const auto gather = [&](std::vector<double> Slice::*sums, double divisor, double decay,
                          std::span<const float> values, std::span<float> to) {
    for (std::size_t i = 0; i < to.size(); ++i) {
      double sum = 0;
      for (const Slice& slice : slices_) {
        sum += (slice.*sums)[i];
      }
      to[i] = static_cast<float>(sum / divisor + decay * static_cast<double>(values[i]));
    }
  };
  gather(&Slice::w1, 1, decay_, parts.w1, out.w1);
  gather(&Slice::w2, 1, decay_, parts.w2, out.w2);
  gather(&Slice::b1, count, 0, parts.b1, out.b1);
  gather(&Slice::b2, count, 0, parts.b2, out.b2);
}

}  // namespace gradspace::quality
