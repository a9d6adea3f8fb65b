// Reference gradients. One forward pass; for each loss one backward pass that goes from the loss to
// the outputs of the asked layers and no further; then each image's weight gradient from its
// layer's input x and the loss's gradient g at its output (h: the unfolded windows of a
// convolution):
//   Linear           g x^T
//   Conv2d           g h(x)^T
//   ConvTranspose2d  x h(g)^T: the windows of g, which are 4 to 40 times fewer values than those of
//                    the zero-stuffed input
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "torch/backends.h"
#include "torch/full_precision.h"
#include "torch/network.h"

namespace gradspace {
namespace {

/// What one pass takes at most: so many images, and of a large model so many that its tensors stay under
/// about this many values.
struct PassLimits {
  std::size_t images;
  std::size_t values;
};

/// More images gain nothing on a processor, fewer pay LibTorch's overhead an operation (bench/torch). A
/// graphics card computes a thousand images in the time that it takes to ask it for the operations.
constexpr PassLimits kProcessorPass{64, std::size_t{1} << 24};
constexpr PassLimits kCudaPass{1024, std::size_t{1} << 26};

constexpr std::array kLosses{Loss::kBce, Loss::kKld, Loss::kElbo};

/// By structure: with z = mu nothing of the reconstruction depends on fc12, nothing of the KLD on
/// the decoder.
bool reaches(Loss loss, const std::string& layer) {
  const bool in_decoder = layer == "fc2" || layer.starts_with("up.");
  switch (loss) {
    case Loss::kBce:
      return layer != "fc12";
    case Loss::kKld:
      return !in_decoder;
    case Loss::kElbo:
      return true;
  }
  return true;
}

/// The inputs each output position of `conv` sees: [n, channels * kernel * kernel, positions].
at::Tensor windows(const at::Tensor& image, const ConvSpec& conv) {
  // Views and one copy: three times the speed of at::im2col.
  const std::int64_t pad = conv.padding;
  return at::constant_pad_nd(image, {pad, pad, pad, pad})
      .unfold(2, conv.kernel, conv.stride)
      .unfold(3, conv.kernel, conv.stride)
      .permute({0, 1, 4, 5, 2, 3})
      .reshape({image.size(0), image.size(1) * conv.kernel * conv.kernel, -1});
}

/// Each image's gradient by the layer's weight, [n, values of the weight].
at::Tensor weight_gradient(const LayerInfo& layer, const at::Tensor& input,
                           const at::Tensor& output_gradient) {
  at::Tensor gradient;
  switch (layer.kind) {
    case LayerInfo::Kind::kLinear:
      gradient = output_gradient.unsqueeze(2) * input.unsqueeze(1);
      break;
    case LayerInfo::Kind::kConv:
      gradient = at::bmm(output_gradient.flatten(2), windows(input, layer.conv).transpose(1, 2));
      break;
    case LayerInfo::Kind::kConvTranspose:
      gradient = at::bmm(input.flatten(2), windows(output_gradient, layer.conv).transpose(1, 2));
      break;
  }
  return gradient.flatten(1);
}

/// The number of values that `windows` makes for one image of a convolution's weight gradient.
std::size_t window_values(const LayerInfo& layer) {
  if (layer.kind == LayerInfo::Kind::kLinear) {
    return 0;
  }
  const bool transposed = layer.kind == LayerInfo::Kind::kConvTranspose;
  const Extent& unfolded = transposed ? layer.out : layer.in;
  Extent positions = transposed ? layer.in : layer.out;
  positions.channels = unfolded.channels;
  const auto kernel = static_cast<std::size_t>(layer.conv.kernel);
  return positions.size() * kernel * kernel;
}

/// How many values a pass keeps for one image, roughly.
std::size_t values_per_image(const std::vector<TorchLayer>& layers) {
  std::size_t kept = 0;     // activations and their gradients
  std::size_t largest = 0;  // one layer's weight gradient at a time
  for (const TorchLayer& layer : layers) {
    kept += 4 * (layer.info.in.size() + layer.info.out.size());
    largest = std::max(largest, window_values(layer.info) + element_count(layer.info.weight_shape));
  }
  return kept + largest;
}

std::size_t images_per_pass(const TorchNetwork& network) {
  const PassLimits& limits = network.options().device().is_cuda() ? kCudaPass : kProcessorPass;
  return std::clamp<std::size_t>(limits.values / values_per_image(network.layers()), 1,
                                 limits.images);
}

/// Rows [first, first + n) of an output, as LibTorch sees them.
at::Tensor rows(std::span<float> output, std::size_t first, std::size_t n, std::size_t width) {
  return torch::from_blob(output.data() + first * width,
                          {static_cast<std::int64_t>(n), static_cast<std::int64_t>(width)},
                          at::TensorOptions().dtype(at::kFloat));
}

class TorchGradients final : public GradientBackend {
 public:
  TorchGradients(const Model& model, std::vector<FeatureBlock> blocks, at::Device device,
                 at::ScalarType type)
      : network_(model, device, type),
        blocks_(std::move(blocks)),
        chunk_(images_per_pass(network_)) {
    for (const FeatureBlock& block : blocks_) {
      block_layers_.push_back(resolve(block));
      dimension_ = block.end;
    }
  }

  std::span<const FeatureBlock> blocks() const override { return blocks_; }

  void run(const ImageBatch& batch, const GradientOutputs& outputs) override {
    check_run(batch, outputs, blocks_, network_.spec());
    if (!outputs.squared_error.empty() || !outputs.cosine.empty()) {
      throw InvalidArgument("gradients: squared errors and cosines want the native backend");
    }
    with_our_errors([&] {
      // The caller's thread may have it switched off.
      const at::AutoGradMode grad_mode(true);
      std::optional<FullPrecision> full_precision;
      if (network_.options().device().is_cuda()) {
        full_precision.emplace();
      }
      for (std::size_t first = 0; first < batch.count(); first += chunk_) {
        run_chunk(batch, outputs, first, std::min(chunk_, batch.count() - first));
      }
    });
  }

 private:
  static constexpr std::size_t kNoLayer = static_cast<std::size_t>(-1);

  /// A layer's input and output during a pass.
  struct Tap {
    at::Tensor input;
    at::Tensor output;
  };

  /// One chunk's forward pass; nothing in `code` and `reconstruction` carries a graph.
  struct Pass {
    at::Tensor images;
    std::vector<Tap> taps;  ///< by layer; empty where nobody asked
    Encoding graph_code;    ///< with the graph
    at::Tensor graph_reconstruction;
    Encoding code;
    at::Tensor reconstruction;
  };

  /// The index of the block's layer, or kNoLayer for activations. Checks the block.
  std::size_t resolve(const FeatureBlock& block) const {
    const auto fail = [&](const std::string& why) {
      throw InvalidArgument(fmt::format(
          "gradients: block {}{}: {}", block.layer,
          block.loss ? fmt::format(":{}", gradspace::name(*block.loss)) : std::string(), why));
    };
    if (!network_.has_bottleneck() && block.loss != Loss::kBce) {
      fail("the model has no bottleneck, so only bce is defined");
    }
    std::size_t layer = kNoLayer;
    std::size_t width = 0;
    if (block.loss) {
      const auto& layers = network_.layers();
      const auto found = std::ranges::find(
          layers, block.layer, [](const TorchLayer& candidate) { return candidate.info.name; });
      if (found == layers.end()) {
        fail("the model has no such layer");
      }
      layer = static_cast<std::size_t>(found - layers.begin());
      width = element_count(found->info.weight_shape);
    } else if (block.layer == "mu" || block.layer == "logvar") {
      width = static_cast<std::size_t>(network_.spec().latent);
    } else {
      fail("without a loss only mu and logvar are defined");
    }
    if (block.begin != dimension_ || block.end != block.begin + width) {
      fail(fmt::format("columns {} to {}; wanted {} to {}", block.begin, block.end, dimension_,
                       dimension_ + width));
    }
    return layer;
  }

  void run_chunk(const ImageBatch& batch, const GradientOutputs& outputs, std::size_t first,
                 std::size_t n) const {
    const bool gradients = !outputs.features.empty() || !outputs.block_norms.empty();
    const Pass pass = forward(batch, first, n, gradients, needs_decoder(outputs));
    write_activations(pass, outputs, first, n);
    if (!gradients) {
      return;
    }
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (block_layers_[i] == kNoLayer) {
        write_block(i, blocks_[i].layer == "mu" ? pass.code.mu : pass.code.logvar, outputs, first,
                    n);
      }
    }
    for (const Loss loss : kLosses) {
      write_gradients(loss, pass, outputs, first, n);
    }
  }

  bool needs_decoder(const GradientOutputs& outputs) const {
    if (!outputs.bce.empty() || !outputs.reconstruction.empty()) {
      return true;
    }
    if (outputs.features.empty() && outputs.block_norms.empty()) {
      return false;
    }
    return std::ranges::any_of(blocks_, [](const FeatureBlock& block) {
      return block.loss && block.loss != Loss::kKld && reaches(Loss::kBce, block.layer);
    });
  }

  Pass forward(const ImageBatch& batch, std::size_t first, std::size_t n, bool gradients,
               bool decoder) const {
    Pass pass;
    pass.taps.resize(network_.layers().size());
    // The graph starts at the first asked layer's output: weights require no gradient here.
    const LayerObserver observer = [&](std::size_t layer, const at::Tensor& input,
                                       const at::Tensor& output) {
      if (std::ranges::find(block_layers_, layer) == block_layers_.end()) {
        return;
      }
      if (!output.requires_grad()) {
        output.set_requires_grad(true);
      }
      pass.taps[layer] = {input.detach(), output};
    };
    const std::size_t offset = first * network_.spec().input.size();
    const auto count = static_cast<std::int64_t>(n);
    pass.images = batch.f32_nchw().empty()
                      ? network_.images(batch.u8_nhwc().data() + offset, count)
                      : network_.images(batch.f32_nchw().data() + offset, count);
    const LayerObserver& used = gradients ? observer : LayerObserver();
    pass.graph_code = network_.encode(pass.images, used);
    pass.code.mu = pass.graph_code.mu.detach();
    if (network_.has_bottleneck()) {
      pass.code.logvar = pass.graph_code.logvar.detach();
    }
    if (decoder) {
      pass.graph_reconstruction = network_.decode(pass.graph_code.mu, used);
      pass.reconstruction = pass.graph_reconstruction.detach();
    }
    return pass;
  }

  void write_activations(const Pass& pass, const GradientOutputs& outputs, std::size_t first,
                         std::size_t n) const {
    const auto write = [&](std::span<float> output, std::size_t width, const auto& values) {
      if (!output.empty()) {
        rows(output, first, n, width).copy_(values().reshape({static_cast<std::int64_t>(n), -1}));
      }
    };
    const auto latent = static_cast<std::size_t>(network_.spec().latent);
    write(outputs.bce, 1, [&] { return bce_of(pass.reconstruction, pass.images); });
    write(outputs.kld, 1, [&] {
      return network_.has_bottleneck() ? kld_of(pass.code)
                                       : pass.images.new_zeros(pass.images.size(0));
    });
    write(outputs.mu, latent, [&] { return pass.code.mu; });
    write(outputs.logvar, latent, [&] { return pass.code.logvar; });
    write(outputs.reconstruction, network_.spec().input.size(),
          [&] { return pass.reconstruction; });
  }

  /// All blocks of one loss.
  void write_gradients(Loss loss, const Pass& pass, const GradientOutputs& outputs,
                       std::size_t first, std::size_t n) const {
    std::vector<std::size_t> reached;
    torch::autograd::variable_list at;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (blocks_[i].loss != loss) {
        continue;
      }
      if (reaches(loss, blocks_[i].layer)) {
        reached.push_back(i);
        at.push_back(pass.taps[block_layers_[i]].output);
      } else {
        write_block(i, pass.images.new_zeros({1, 1}), outputs, first, n);
      }
    }
    if (reached.empty()) {
      return;
    }
    const torch::autograd::variable_list gradients = backward(loss, pass, at);
    for (std::size_t k = 0; k < reached.size(); ++k) {
      const std::size_t layer = block_layers_[reached[k]];
      write_block(
          reached[k],
          weight_gradient(network_.layers()[layer].info, pass.taps[layer].input, gradients[k]),
          outputs, first, n);
    }
  }

  /// The loss's gradients at the given tensors of the graph.
  static torch::autograd::variable_list backward(Loss loss, const Pass& pass,
                                                 const torch::autograd::variable_list& at) {
    torch::autograd::variable_list ends;
    torch::autograd::variable_list seeds;
    const auto start = [&](const at::Tensor& end, const auto& seed) {
      if (end.requires_grad()) {
        ends.push_back(end);
        seeds.push_back(seed());
      }
    };
    if (loss != Loss::kKld && pass.reconstruction.defined()) {
      start(pass.graph_reconstruction,
            [&] { return bce_by_reconstruction(pass.reconstruction, pass.images); });
    }
    if (loss != Loss::kBce) {
      start(pass.graph_code.mu, [&] { return kld_by_mu(pass.code); });
      start(pass.graph_code.logvar, [&] { return kld_by_logvar(pass.code); });
    }
    // Other losses pass through the same graph.
    return torch::autograd::grad(ends, at, seeds, /*retain_graph=*/true);
  }

  /// `values`: [n, width of the block], or what broadcasts to it.
  void write_block(std::size_t block, const at::Tensor& values, const GradientOutputs& outputs,
                   std::size_t first, std::size_t n) const {
    if (!outputs.features.empty()) {
      const auto begin = static_cast<std::int64_t>(blocks_[block].begin);
      const auto end = static_cast<std::int64_t>(blocks_[block].end);
      rows(outputs.features, first, n, dimension_).slice(1, begin, end).copy_(values);
    }
    if (!outputs.block_norms.empty()) {
      rows(outputs.block_norms, first, n, blocks_.size())
          .select(1, static_cast<std::int64_t>(block))
          .copy_(values.norm(2, 1));
    }
  }

  TorchNetwork network_;
  std::vector<FeatureBlock> blocks_;
  std::vector<std::size_t> block_layers_;
  std::size_t dimension_ = 0;
  std::size_t chunk_;
};

}  // namespace

std::unique_ptr<GradientBackend> make_torch_gradients(const Model& model,
                                                      std::vector<FeatureBlock> blocks,
                                                      at::Device device, Precision precision) {
  return std::make_unique<TorchGradients>(
      model, std::move(blocks), device,
      precision == Precision::kFloat64 ? at::kDouble : at::kFloat);
}

}  // namespace gradspace
