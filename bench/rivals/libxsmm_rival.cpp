// LIBXSMM's small products of matrices, compiled for each layer's sizes when it is made. It has no layers of such few
// channels, so that its time is that of the products alone: what they multiply is copied side by side beforehand,
// and bias and ReLU are left to `output`.
#include <libxsmm.h>

#include <algorithm>
#include <stdexcept>

#include "patches.h"
#include "rival.h"

namespace gradspace::rivals {
namespace {

/// C [n, m] = B [n, k] A [k, m], by one kernel many times.
class Products {
 public:
  Products(std::size_t m, std::size_t n, std::size_t k) {
    const float alpha = 1;
    const float beta = 0;
    kernel_ = libxsmm_smmdispatch(static_cast<libxsmm_blasint>(m), static_cast<libxsmm_blasint>(n),
                                  static_cast<libxsmm_blasint>(k), nullptr, nullptr, nullptr,
                                  &alpha, &beta, nullptr, nullptr);
    if (kernel_ == nullptr) {
      throw std::runtime_error("LIBXSMM has no kernel for this product");
    }
  }

  void add(const float* a, const float* b, float* c) { calls_.push_back({a, b, c}); }

  void run() const {
    for (const Call& call : calls_) {
      kernel_(call.a, call.b, call.c);
    }
  }

 private:
  struct Call {
    const float* a;
    const float* b;
    float* c;
  };
  libxsmm_smmfunction kernel_;
  std::vector<Call> calls_;
};

/// The forward pass of a convolution: an image's outputs of one phase are a product.
struct PhaseProducts {
  PhaseProducts(const LayerCase& layer, const Phase& what)
      : phase(what),
        channels(static_cast<std::size_t>(layer.info.out.channels)),
        columns(layer.images * what.terms * what.positions()),
        weight(channels * what.terms),
        out(layer.images * channels * what.positions()),
        products(what.positions(), channels, what.terms) {
    const std::size_t step =
        layer.transposed() ? layer.geometry.taps() : layer.weight.size() / channels;
    for (std::size_t channel = 0; channel < channels; ++channel) {
      for (std::size_t term = 0; term < phase.terms; ++term) {
        weight[channel * phase.terms + term] = layer.weight[phase.weights[term] + channel * step];
      }
    }
    for (std::size_t i = 0; i < layer.images; ++i) {
      float* image_columns = columns.data() + i * phase.sources.size();
      std::ranges::transform(phase.sources, image_columns, [&](std::ptrdiff_t from) {
        return from < 0 ? 0 : layer.input_of(i)[from];
      });
      products.add(image_columns, weight.data(), out.data() + i * channels * phase.positions());
    }
  }

  /// To its places in outputs [n, C, H, W].
  void scatter(std::size_t plane, float* outputs) const {
    const std::size_t rows = out.size() / phase.positions();
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < phase.positions(); ++i) {
        outputs[row * plane + phase.outputs[i]] = out[row * phase.positions() + i];
      }
    }
  }

  Phase phase;
  std::size_t channels;
  std::vector<float> columns;  ///< [n, terms, positions]
  std::vector<float> weight;   ///< [channels, terms]
  std::vector<float> out;      ///< [n, channels, positions]
  Products products;
};

/// The forward pass of a linear layer: some images' outputs are a product.
struct LinearProducts {
  static constexpr std::size_t kImages = 16;

  explicit LinearProducts(const LayerCase& layer)
      : weight(layer.weight.size()),
        out(layer.images * layer.info.out.size()),
        products(layer.info.out.size(), kImages, layer.info.in.size()) {
    const std::size_t outs = layer.info.out.size();
    const std::size_t ins = layer.info.in.size();
    for (std::size_t o = 0; o < outs; ++o) {
      for (std::size_t i = 0; i < ins; ++i) {
        weight[i * outs + o] = layer.weight[o * ins + i];
      }
    }
    for (std::size_t first = 0; first < layer.images; first += kImages) {
      products.add(weight.data(), layer.input_of(first), out.data() + first * outs);
    }
  }

  std::vector<float> weight;  ///< [in, out]
  std::vector<float> out;     ///< [n, out]
  Products products;
};

/// An image's weight gradient [A, B * taps] is a product of the small side's planes and of patches.
struct WeightProducts {
  explicit WeightProducts(const LayerCase& layer)
      : positions(layer.geometry.small.size() /
                  static_cast<std::size_t>(layer.geometry.small.channels)),
        row(layer.weight.size() / static_cast<std::size_t>(layer.geometry.small.channels)),
        patches(layer.images * positions * row),
        out(layer.images * layer.weight.size()),
        products(row, static_cast<std::size_t>(layer.geometry.small.channels), positions) {
    for (std::size_t i = 0; i < layer.images; ++i) {
      float* image_patches = patches.data() + i * positions * row;
      put_patches(layer.geometry, layer.large(i), image_patches);
      products.add(image_patches, layer.small(i), out.data() + i * layer.weight.size());
    }
  }

  std::size_t positions;
  std::size_t row;
  std::vector<float> patches;  ///< [n, positions, B * taps]
  std::vector<float> out;      ///< [n, A, B * taps]
  Products products;
};

class LibxsmmLayer final : public RivalLayer {
 public:
  explicit LibxsmmLayer(const LayerCase& layer) : case_(layer), weights_(layer) {
    if (layer.linear()) {
      linear_ = std::make_unique<LinearProducts>(layer);
      return;
    }
    const auto direction =
        layer.transposed() ? gradient::Direction::kToLarge : gradient::Direction::kToSmall;
    for (const Phase& phase : phases(layer.geometry, direction)) {
      phases_.push_back(std::make_unique<PhaseProducts>(layer, phase));
    }
  }

  void forward() override {
    if (linear_ != nullptr) {
      linear_->products.run();
    }
    for (const auto& phase : phases_) {
      phase->products.run();
    }
  }

  void weight_gradients() override { weights_.products.run(); }

  std::vector<float> output() override {
    std::vector<float> values(case_.images * case_.info.out.size());
    const std::size_t plane = case_.linear() ? 1 : case_.info.out.size() / case_.bias.size();
    if (linear_ != nullptr) {
      values = linear_->out;
    }
    for (const auto& phase : phases_) {
      phase->scatter(plane, values.data());
    }
    add_bias_and_relu(case_, values);
    return values;
  }

  std::vector<float> gradients() override { return weights_.out; }

 private:
  const LayerCase& case_;
  std::unique_ptr<LinearProducts> linear_;
  std::vector<std::unique_ptr<PhaseProducts>> phases_;
  WeightProducts weights_;
};

}  // namespace

void use_in_libxsmm(InstructionSet set) {
  libxsmm_init();
  if (set == InstructionSet::kAvx2) {
    libxsmm_set_target_archid(LIBXSMM_X86_AVX2);
  } else if (set == InstructionSet::kSse4) {
    libxsmm_set_target_archid(LIBXSMM_X86_SSE4);
  }
}

std::unique_ptr<RivalLayer> make_libxsmm_layer(const LayerCase& layer) {
  return std::make_unique<LibxsmmLayer>(layer);
}

}  // namespace gradspace::rivals
