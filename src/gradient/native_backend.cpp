#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "gradient/alignment/image_alignment.h"
#include "gradient/lane_group.h"
#include "gradient/network.h"
#include "gradient/projection.h"
#include "gradient/request.h"
#include "gradspace/error.h"

namespace gradspace {
namespace gradient {
namespace {

/// The walks of one backend over groups of one width.
class Engine {
 public:
  Engine(const Model& model, const std::vector<FeatureBlock>& blocks, const Kernels& kernels)
      : kernels_(kernels),
        network_(model, kernels_, /*sampled=*/false),
        blocks_(blocks),
        request_(blocks_, network_),
        walk_(network_),
        alignment_(network_, model),
        loader_(kernels_, model.spec.input) {
    allocate();
  }

  /// The same for the narrow kernels.
  Engine(const Engine& wide, const Kernels& narrow)
      : kernels_(narrow),
        network_(wide.network_, narrow),
        blocks_(wide.blocks_),
        request_(wide.request_),
        walk_(network_),
        alignment_(network_, wide.alignment_),
        loader_(kernels_, network_.spec().input) {
    allocate();
  }

  std::size_t lanes() const { return kernels_.lanes; }
  const Kernels& kernels() const { return kernels_; }
  const AutoencoderSpec& spec() const { return network_.spec(); }
  bool has_means() const { return alignment_.has_means(); }

  /// Images [first, end) of the batch.
  void run(const ImageBatch& batch, std::size_t first, std::size_t end,
           const GradientOutputs& outputs) {
    for (; first < end; first += kernels_.lanes) {
      group_ = {first, std::min(kernels_.lanes, end - first)};
      run_group(batch, outputs);
    }
  }

 private:
  void allocate() {
    slab_ = allocate_floats(network_.slab_size() * kernels_.lanes);
    reconstruction_ = allocate_floats(network_.image_size() * kernels_.lanes);
    code_gradients_ = allocate_floats(3 * network_.latent() * kernels_.lanes);
    square_sums_.resize(blocks_.size() * kernels_.lanes);
  }

  void encode(const ImageBatch& batch) {
    walk_.forward_first([&](int begin, int end) {
      if (batch.f32_nchw().empty()) {
        loader_.load(group_, batch.u8_nhwc().data(), begin, end, walk_.image());
      } else {
        loader_.load(group_, batch.f32_nchw().data(), begin, end, walk_.image());
      }
    });
    walk_.forward(1, network_.encoder_end());
  }

  void run_group(const ImageBatch& batch, const GradientOutputs& outputs) {
    const std::size_t layers = network_.layers().size();
    const std::size_t decoder = network_.decoder_begin();
    const bool blocks = !outputs.features.empty() || !outputs.block_norms.empty();
    const bool bottleneck = network_.bottleneck();
    const bool code_by_bce =
        blocks && (request_.any(Loss::kBce, 0, decoder) || request_.any(Loss::kElbo, 0, decoder));
    const bool output_gradient =
        code_by_bce || (blocks && request_.any(Loss::kBce, decoder, layers));
    const bool decode = output_gradient || !outputs.bce.empty() ||
                        !outputs.reconstruction.empty() || wants_alignment(outputs);
    // The divergence's pass needs logvar but for the gradient of fc11 alone.
    const auto variance_pass = [&](Loss pass) {
      return bottleneck && blocks &&
             (request_.any(pass, 0, network_.fc11()) ||
              !request_.blocks_of(pass, network_.fc12()).empty());
    };
    const bool logvar = variance_pass(Loss::kKld) || variance_pass(Loss::kElbo) ||
                        (bottleneck && !outputs.kld.empty()) || !outputs.logvar.empty() ||
                        (blocks && !request_.logvar.empty());

    std::ranges::fill(square_sums_, 0.0);
    encode(batch);
    if (bottleneck) {
      walk_.forward(network_.fc11());
      if (logvar) {
        walk_.forward(network_.fc12());
      }
      finish_code(outputs);
    } else {
      store_losses(std::array<double, kMaxLanes>{}, outputs.kld);
    }
    if (decode) {
      walk_.forward(decoder, network_.output_layer());
      finish_output(outputs, output_gradient);
    }
    if (blocks) {
      fill_zeros(outputs);
      if (output_gradient) {
        bce_pass(outputs, code_by_bce);
      }
      for (const Loss pass : kPasses) {
        if (bottleneck && request_.any(pass, 0, decoder)) {
          encoder_pass(pass, outputs);
        }
      }
      store_norms(outputs);
    }
    if (wants_alignment(outputs)) {
      finish_alignment(outputs);
    }
  }

  static bool wants_alignment(const GradientOutputs& outputs) {
    return !outputs.squared_error.empty() || !outputs.cosine.empty();
  }

  /// Last of all: the logits, or what became of them, are lost.
  void finish_alignment(const GradientOutputs& outputs) {
    const alignment::ImageAlignment::Lanes lanes =
        alignment_.run(walk_, reconstruction_.get(), !outputs.cosine.empty(), slab_.get());
    store_losses(lanes.error, outputs.squared_error);
    store_losses(lanes.cosine, outputs.cosine);
  }

  /// What is asked of mu, logvar and their divergence.
  void finish_code(const GradientOutputs& outputs) {
    const std::size_t latent = network_.latent();
    const float* mu = walk_.output(network_.fc11());
    const float* logvar = walk_.output(network_.fc12());
    if (!outputs.kld.empty()) {
      alignas(kAlignment) std::array<double, kMaxLanes> sums{};
      kernels_.kld({latent, mu, logvar, sums.data()});
      store_losses(sums, outputs.kld);
    }
    if (!outputs.mu.empty()) {
      store_values(kernels_, group_, mu, latent, outputs.mu.data(), latent);
    }
    if (!outputs.logvar.empty()) {
      store_values(kernels_, group_, logvar, latent, outputs.logvar.data(), latent);
    }
    if (!outputs.features.empty() || !outputs.block_norms.empty()) {
      finish_part(mu, latent, request_.mu, 0, outputs);
      finish_part(logvar, latent, request_.logvar, 0, outputs);
    }
  }

  /// Reconstruction and its loss; the logits become the loss's gradient by them.
  void finish_output(const GradientOutputs& outputs, bool gradient) {
    alignas(kAlignment) std::array<double, kMaxLanes> sums{};
    const std::size_t last = network_.output_layer();
    float* logits = walk_.output(last);
    OutputCall call;
    const bool reconstruct = !outputs.reconstruction.empty() || wants_alignment(outputs);
    call.reconstruction = reconstruct ? reconstruction_.get() : nullptr;
    call.gradient = gradient ? logits : nullptr;
    call.bce = outputs.bce.empty() ? nullptr : sums.data();
    // A weight gradient that fits into the slab is summed while the rows it is made of are in the cache.
    const WeightPlan& plan = network_.layers()[last].weight;
    output_weight_done_ =
        gradient && !request_.blocks_of(Loss::kBce, last).empty() && plan.small_blocks.size() == 1;
    std::size_t band = 0;
    walk_.forward_last(call, [&](int rows) {
      for (; output_weight_done_ && band < plan.bands.size() && plan.bands[band].end_large <= rows;
           ++band) {
        walk_.weight_gradient(last, plan.small_blocks.front(), logits, slab_.get(),
                              /*accumulate=*/band > 0, {band, band + 1});
      }
    });
    if (!outputs.reconstruction.empty()) {
      const std::size_t size = network_.image_size();
      store_values(kernels_, group_, reconstruction_.get(), size, outputs.reconstruction.data(),
                   size);
    }
    store_losses(sums, outputs.bce);
  }

  template <class Value>
  void store_losses(const std::array<double, kMaxLanes>& sums, std::span<Value> out) const {
    if (!out.empty()) {
      for (std::size_t lane = 0; lane < group_.count; ++lane) {
        out[group_.first + lane] = static_cast<Value>(sums[lane]);
      }
    }
  }

  /// From the output to the bottleneck; without one, to the deepest layer.
  void bce_pass(const GradientOutputs& outputs, bool code) {
    const std::size_t layers = network_.layers().size();
    const bool bottleneck = network_.bottleneck();
    const std::size_t begin = bottleneck ? network_.decoder_begin() : 0;
    const std::size_t first =
        bottleneck && code ? begin : request_.deepest(Loss::kBce, begin, layers);
    const bool beyond = bottleneck && code;
    const float* code_gradient =
        walk_.backward(layers - 1, first, walk_.output(layers - 1), beyond,
                       [&](std::size_t layer, const float* gradient) {
                         finish_layer(Loss::kBce, layer, gradient, outputs);
                       });
    if (beyond) {
      std::copy_n(code_gradient, network_.latent() * kernels_.lanes, code_gradients_.get());
    }
  }

  /// From the bottleneck to the deepest layer.
  void encoder_pass(Loss pass, const GradientOutputs& outputs) {
    const std::size_t latent = network_.latent();
    const std::size_t values = latent * kernels_.lanes;
    const std::size_t fc11 = network_.fc11();
    const std::size_t fc12 = network_.fc12();
    const float* mu = walk_.output(fc11);
    const bool deeper = request_.any(pass, 0, fc11);
    const float* mu_gradient = pass == Loss::kKld ? mu : code_gradients_.get();
    if (pass == Loss::kElbo) {
      float* sum = code_gradients_.get() + values;
      std::copy_n(code_gradients_.get(), values, sum);
      kernels_.add(mu, latent, sum);
      mu_gradient = sum;
    }
    finish_layer(pass, fc11, mu_gradient, outputs);
    float* hidden_gradient = walk_.gradient_buffer();
    if (deeper) {
      walk_.backward(fc11, mu_gradient, hidden_gradient);
    }
    if (pass != Loss::kBce && (deeper || !request_.blocks_of(pass, fc12).empty())) {
      float* logvar_gradient = code_gradients_.get() + 2 * values;
      kernels_.kld_logvar_gradient(walk_.output(fc12), latent, logvar_gradient);
      finish_layer(pass, fc12, logvar_gradient, outputs);
      if (deeper) {
        walk_.backward(fc12, logvar_gradient, hidden_gradient, /*accumulate=*/true);
      }
    }
    if (deeper) {
      walk_.backward(network_.encoder_end() - 1, request_.deepest(pass, 0, fc11), hidden_gradient,
                     /*beyond=*/false, [&](std::size_t layer, const float* gradient) {
                       finish_layer(pass, layer, gradient, outputs);
                     });
    }
  }

  /// The gradient of a layer's weight, part by part, to where it is wanted.
  void finish_layer(Loss pass, std::size_t index, const float* output_gradient,
                    const GradientOutputs& outputs) {
    const std::vector<std::size_t>& wanted = request_.blocks_of(pass, index);
    if (wanted.empty()) {
      return;
    }
    const Layer& layer = network_.layers()[index];
    const std::size_t each =
        static_cast<std::size_t>(layer.geometry.large.channels) * layer.geometry.taps();
    const bool done = pass == Loss::kBce && index == network_.output_layer() && output_weight_done_;
    for (const ChannelBlock& block : layer.weight.small_blocks) {
      if (!done) {
        walk_.weight_gradient(index, block, output_gradient, slab_.get(), /*accumulate=*/false);
      }
      finish_part(slab_.get(), static_cast<std::size_t>(block.size) * each, wanted,
                  static_cast<std::size_t>(block.begin) * each, outputs);
    }
  }

  /// `size` values of the blocks `wanted`, from column `column` of each.
  void finish_part(const float* values, std::size_t size, const std::vector<std::size_t>& wanted,
                   std::size_t column, const GradientOutputs& outputs) {
    for (const std::size_t block : wanted) {
      if (!outputs.features.empty()) {
        store_values(kernels_, group_, values, size,
                     outputs.features.data() + blocks_[block].begin + column, dimension(blocks_));
      }
      if (!outputs.block_norms.empty()) {
        kernels_.add_squares(values, size, square_sums_.data() + block * kernels_.lanes);
      }
    }
  }

  void fill_zeros(const GradientOutputs& outputs) const {
    if (outputs.features.empty()) {
      return;
    }
    for (const std::size_t block : request_.zero) {
      const std::size_t size = blocks_[block].end - blocks_[block].begin;
      for (std::size_t i = group_.first; i < group_.first + group_.count; ++i) {
        std::ranges::fill(
            outputs.features.subspan(i * dimension(blocks_) + blocks_[block].begin, size), 0.0F);
      }
    }
  }

  void store_norms(const GradientOutputs& outputs) const {
    if (outputs.block_norms.empty()) {
      return;
    }
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      for (std::size_t lane = 0; lane < group_.count; ++lane) {
        outputs.block_norms[(group_.first + lane) * blocks_.size() + block] =
            static_cast<float>(std::sqrt(square_sums_[block * kernels_.lanes + lane]));
      }
    }
  }

  const Kernels& kernels_;
  Network network_;
  const std::vector<FeatureBlock>& blocks_;
  Request request_;
  Walk walk_;
  AlignedFloats slab_;
  AlignedFloats reconstruction_;
  alignment::ImageAlignment alignment_;
  /// By BCE at z; by ELBO at mu; by KLD at logvar.
  AlignedFloats code_gradients_;
  std::vector<double> square_sums_;  ///< [blocks, lanes] of the present group
  ImageLoader loader_;
  LaneGroup group_;
  bool output_weight_done_ = false;  ///< the slab holds the last layer's weight gradient by BCE
};

class NativeBackend final : public GradientBackend {
 public:
  NativeBackend(const Model& model, std::vector<FeatureBlock> blocks, InstructionSet set)
      : blocks_(std::move(blocks)),
        engine_(model, blocks_, kernels(set)),
        narrow_kernels_(narrow_kernels(engine_.kernels())) {}

  std::span<const FeatureBlock> blocks() const override { return blocks_; }

  void run(const ImageBatch& batch, const GradientOutputs& outputs) override {
    check_run(batch, outputs, blocks_, engine_.spec());
    if (!outputs.cosine.empty() && !engine_.has_means()) {
      throw InvalidArgument(
          "gradcon: the model has no mean gradients; train it with --objective gradcon");
    }
    const std::size_t whole = batch.count() / engine_.lanes() * engine_.lanes();
    const std::size_t rest = batch.count() - whole;
    if (rest == 0 || rest > narrow_kernels_.lanes || narrow_kernels_.lanes == engine_.lanes()) {
      engine_.run(batch, 0, batch.count(), outputs);
      return;
    }
    engine_.run(batch, 0, whole, outputs);
    if (narrow_ == nullptr) {
      narrow_ = std::make_unique<Engine>(engine_, narrow_kernels_);
    }
    narrow_->run(batch, whole, batch.count(), outputs);
  }

 private:
  std::vector<FeatureBlock> blocks_;
  Engine engine_;
  const Kernels& narrow_kernels_;
  std::unique_ptr<Engine> narrow_;  ///< made when first needed
};

}  // namespace
}  // namespace gradient

std::unique_ptr<GradientBackend> make_native_backend(const Model& model,
                                                     std::vector<FeatureBlock> blocks,
                                                     InstructionSet set) {
  if (model.members() > 1) {
    return make_members_backend(model, std::move(blocks),
                                [set](const Model& member, std::vector<FeatureBlock> own) {
                                  return make_native_backend(member, std::move(own), set);
                                });
  }
  return make_projected_backend(
      model, std::move(blocks), [set](const Model& member, std::vector<FeatureBlock> own) {
        return std::make_unique<gradient::NativeBackend>(member, std::move(own), set);
      });
}

}  // namespace gradspace
