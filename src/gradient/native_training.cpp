// Training on the engine's passes. A batch is cut into chunks that depend on its size alone; each
// chunk sums its gradients in the lanes, and chunks and lanes are added in a fixed order, so that
// results depend neither on the number of threads nor on that of processes. Of several processes, each
// works through some of a batch's chunks; then they tell one another what they found, and all take the
// same step.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "core/parallel.h"
#include "core/round_up.h"
#include "gradient/fixed_tree.h"
#include "gradient/lane_group.h"
#include "gradient/network.h"
#include "gradient/optimiser.h"
#include "gradient/rank_message.h"
#include "gradspace/error.h"
#include "gradspace/training_backend.h"

namespace gradspace {
namespace gradient {
namespace {

/// A part of a parameter: what one task reduces and steps.
struct ParameterRange {
  std::size_t parameter = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Of a linear layer, what the gradient of its weight is made of. All of the batch is kept: such a weight
/// has many values and few products, so that a sum by lane for each chunk would cost more than they.
class LinearRecord {
 public:
  LinearRecord(const Layer& layer, std::size_t lanes)
      : small_(layer.weight.geometry.small.size() * lanes),
        large_(layer.weight.geometry.large.size() * lanes) {}

  void reserve(std::size_t groups) {
    if (groups > groups_) {
      memory_ = allocate_floats(groups * group_step());
      groups_ = groups;
    }
  }
  std::size_t group_step() const { return small_ + large_; }
  void set(std::size_t group, const float* gradient, const float* input) {
    std::copy_n(gradient, small_, memory_.get() + group * group_step());
    std::copy_n(input, large_, memory_.get() + group * group_step() + small_);
  }
  const float* gradients() const { return memory_.get(); }
  const float* inputs() const { return memory_.get() + small_; }
  std::span<float> groups(std::size_t begin, std::size_t end) {
    return {memory_.get() + begin * group_step(), (end - begin) * group_step()};
  }

 private:
  std::size_t small_;
  std::size_t large_;
  std::size_t groups_ = 0;
  AlignedFloats memory_;
};

/// Images of a batch that one task works through, group by group.
struct Chunk {
  Chunk(const Network& network, std::size_t parameters)
      : walk(network),
        sums(allocate_floats(parameters * network.kernels().lanes)),
        totals(parameters),
        code(allocate_floats(4 * network.latent() * network.kernels().lanes)) {}

  Walk walk;
  AlignedFloats sums;         ///< of the parameters' gradients, but for linear weights, by lane
  std::vector<float> totals;  ///< of these over the lanes
  AlignedFloats code;         ///< noise, deviation, gradients by mu and by logvar
  LossSums losses;
  bool begun = false;  ///< the sums have something to be added to
};

class NativeTraining final : public TrainingBackend {
 public:
  NativeTraining(const Model& initial, const StepOptions& options, Ranks* ranks)
      : options_(options),
        ranks_(ranks),
        kernels_(kernels(InstructionSet::kBest)),
        network_(initial, kernels_, /*sampled=*/true),
        parameters_(network_, initial.weights, options.learning_rate),
        loader_(kernels_, initial.spec.input) {
    options.validate();
    constexpr std::size_t kRange = 4096;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const std::size_t size = parameters_[i].gradient.size();
      const bool weight = i % 2 == 0;
      if (weight && is_linear(i / 2)) {
        linear_.emplace(i / 2, LinearRecord(network_.layers()[i / 2], kernels_.lanes));
        offsets_.push_back(0);
        continue;
      }
      offsets_.push_back(parameter_values_);
      parameter_values_ += size;
      for (std::size_t begin = 0; begin < size; begin += kRange) {
        ranges_.push_back({i, begin, std::min(begin + kRange, size)});
      }
    }
    if (chunk_bytes() > kMaxGroupBytes) {
      throw InvalidArgument(
          fmt::format("the model is too large for native training: {} weights; use --backend torch",
                      parameter_values_));
    }
  }

  LossSums step(std::span<const std::uint8_t> images, std::size_t n,
                std::span<const float> noise) override {
    check_images(network_, images, n);
    check_noise(network_, noise, n);
    const std::size_t groups = block_count(kernels_.lanes, n);
    for (auto& [layer, record] : linear_) {
      record.reserve(groups);
    }
    const std::size_t chunks = chunk_count(n);
    for_chunks(n, own_chunks(chunks), [&](Chunk& chunk, std::size_t first, std::size_t end) {
      chunk.begun = false;
      for_groups(first, end, [&](const LaneGroup& group) {
        add_gradients(chunk, group, images.data(), noise.data());
        chunk.begun = true;
      });
      kernels_.sum_lanes(chunk.sums.get(), parameter_values_, chunk.totals.data());
    });
    if (ranks_ != nullptr) {
      exchange(n, /*gradients=*/true);
    }
    parameters_.begin_step();
    reduce_and_step(chunks, groups);
    network_.set_weights(parameters_.values());
    return losses_of(chunks);
  }

  LossSums evaluate(std::span<const std::uint8_t> images, std::size_t n) override {
    check_images(network_, images, n);
    const std::size_t chunks = chunk_count(n);
    for_chunks(n, own_chunks(chunks), [&](Chunk& chunk, std::size_t first, std::size_t end) {
      for_groups(first, end, [&](const LaneGroup& group) {
        reconstruct_group(chunk, group, images.data(), nullptr);
      });
    });
    if (ranks_ != nullptr) {
      exchange(n, /*gradients=*/false);
    }
    return losses_of(chunks);
  }

  void reconstruct(std::span<const std::uint8_t> images, std::size_t n,
                   std::span<float> out) override {
    check_images(network_, images, n);
    check_reconstruction(network_, out, n);
    const TreeNode all{0, chunk_count(n)};
    for_chunks(n, all, [&](Chunk& chunk, std::size_t first, std::size_t end) {
      for_groups(first, end, [&](const LaneGroup& group) {
        reconstruct_group(chunk, group, images.data(), out.data());
      });
    });
  }

  TensorMap state() const override { return parameters_.state(); }

  void restore(const TensorMap& state, std::int64_t steps) override {
    parameters_ = parameters_.restored(network_.spec(), state, steps);
    network_.set_weights(parameters_.values());
  }

 private:
  bool is_linear(std::size_t layer) const {
    const LayerGeometry& geometry = network_.layers()[layer].geometry;
    return geometry.small.size() == static_cast<std::size_t>(geometry.small.channels) &&
           geometry.large.size() == static_cast<std::size_t>(geometry.large.channels);
  }

  std::size_t chunk_bytes() const { return parameter_values_ * kernels_.lanes * sizeof(float); }

  /// A multiple of every lane count; few and large enough for the sums of all chunks to fit into
  /// memory, and for their addition to be cheap beside the passes.
  std::size_t chunk_images(std::size_t n) const {
    constexpr std::size_t kLeast = 32;
    const std::size_t most_chunks = std::clamp<std::size_t>(kMaxGroupBytes / chunk_bytes(), 1, 64);
    return std::max(kLeast, block_count(most_chunks * kMaxLanes, n) * kMaxLanes);
  }

  std::size_t chunk_count(std::size_t n) const { return block_count(chunk_images(n), n); }

  /// The chunks of `count` that rank `rank` works through.
  TreeNode chunks_of(int rank, std::size_t count) const {
    const auto ranks = static_cast<std::size_t>(ranks_ == nullptr ? 1 : ranks_->size());
    const auto at = static_cast<std::size_t>(rank);
    return {count * at / ranks, count * (at + 1) / ranks};
  }
  TreeNode own_chunks(std::size_t count) const {
    return chunks_of(ranks_ == nullptr ? 0 : ranks_->rank(), count);
  }

  /// Calls work(chunk, first image, one past the last) for some of a batch's chunks, in parallel.
  template <class Work>
  void for_chunks(std::size_t n, const TreeNode& which, Work work) {
    const std::size_t size = chunk_images(n);
    while (chunks_.size() < which.end - which.begin) {
      chunks_.push_back(std::make_unique<Chunk>(network_, parameter_values_));
    }
    first_chunk_ = which.begin;
    losses_.assign(chunk_count(n), {});
    parallel_for(which.end - which.begin, [&](std::size_t slot) {
      const std::size_t i = which.begin + slot;
      chunks_[slot]->losses = {};
      work(*chunks_[slot], i * size, std::min((i + 1) * size, n));
      losses_[i] = chunks_[slot]->losses;
    });
  }

  LossSums losses_of(std::size_t chunks) const {
    LossSums sums;
    for (std::size_t i = 0; i < chunks; ++i) {
      sums.bce += losses_[i].bce;
      sums.kld += losses_[i].kld;
    }
    return sums;
  }

  template <class Work>
  void for_groups(std::size_t first, std::size_t end, Work work) const {
    for (; first < end; first += kernels_.lanes) {
      work(LaneGroup{first, std::min(kernels_.lanes, end - first)});
    }
  }

  /// Into mu and logvar; the divergence is added to the losses.
  void encode(Chunk& chunk, const LaneGroup& group, const std::uint8_t* images) const {
    Walk& walk = chunk.walk;
    walk.forward_first(
        [&](int begin, int end) { loader_.load(group, images, begin, end, walk.image()); });
    walk.forward(1, network_.decoder_begin());
    if (network_.bottleneck()) {
      alignas(kAlignment) std::array<double, kMaxLanes> sums{};
      kernels_.kld({network_.latent(), walk.output(network_.fc11()), walk.output(network_.fc12()),
                    sums.data()});
      chunk.losses.kld += group.sum(sums);
    }
  }

  /// From the code to the logits, whose loss is added and which become its gradient when `weights`
  /// (by lane) is not null.
  void decode(Chunk& chunk, const LaneGroup& group, const float* weights,
              float* reconstruction) const {
    Walk& walk = chunk.walk;
    walk.forward(network_.decoder_begin(), network_.output_layer());
    alignas(kAlignment) std::array<double, kMaxLanes> sums{};
    OutputCall call;
    call.reconstruction = reconstruction;
    call.gradient = weights == nullptr ? nullptr : walk.output(network_.output_layer());
    call.bce = sums.data();
    call.weight = weights;
    walk.forward_last(call);
    chunk.losses.bce += group.sum(sums);
  }

  /// With z = mu.
  void reconstruct_group(Chunk& chunk, const LaneGroup& group, const std::uint8_t* images,
                         float* out) const {
    Walk& walk = chunk.walk;
    encode(chunk, group, images);
    if (network_.bottleneck()) {
      std::copy_n(walk.output(network_.fc11()), network_.latent() * kernels_.lanes,
                  walk.tensor(network_.code_tensor()));
    }
    // The reconstruction takes the image's place: part by part, when its loss is known.
    decode(chunk, group, nullptr, out == nullptr ? nullptr : walk.image());
    if (out != nullptr) {
      store_values(kernels_, group, walk.image(), network_.image_size(), out,
                   network_.image_size());
    }
  }

  /// Forward, backward, and every parameter's gradient added to the chunk's sums.
  void add_gradients(Chunk& chunk, const LaneGroup& group, const std::uint8_t* images,
                     const float* noise) {
    Walk& walk = chunk.walk;
    const std::size_t latent = network_.latent();
    const std::size_t values = latent * kernels_.lanes;
    alignas(kAlignment) std::array<float, kMaxLanes> image_weights{};
    alignas(kAlignment) std::array<float, kMaxLanes> kld_weights{};
    std::fill_n(image_weights.begin(), group.count, 1.0F);
    std::fill_n(kld_weights.begin(), group.count, static_cast<float>(options_.beta));

    encode(chunk, group, images);
    Kernels::SampleGradient sample;
    if (network_.bottleneck()) {
      float* const group_noise = chunk.code.get();
      float* const deviation = group_noise + values;
      load_values(kernels_, group, noise, latent, group_noise);
      kernels_.sample(walk.output(network_.fc11()), walk.output(network_.fc12()), group_noise,
                      latent, deviation, walk.tensor(network_.code_tensor()));
      sample.count = latent;
      sample.mu = walk.output(network_.fc11());
      sample.deviation = deviation;
      sample.noise = group_noise;
      sample.weight = kld_weights.data();
      sample.mu_gradient = deviation + values;
      sample.logvar_gradient = sample.mu_gradient + values;
    }
    decode(chunk, group, image_weights.data(), nullptr);

    const auto visit = [&](std::size_t layer, const float* gradient) {
      add_layer(chunk, group, layer, gradient);
    };
    float* gradient = walk.output(network_.output_layer());
    if (!network_.bottleneck()) {
      walk.backward(network_.output_layer(), 0, gradient, /*beyond=*/false, visit);
      return;
    }
    sample.z_gradient = walk.backward(network_.output_layer(), network_.decoder_begin(), gradient,
                                      /*beyond=*/true, visit);
    kernels_.sample_gradient(sample);
    visit(network_.fc11(), sample.mu_gradient);
    visit(network_.fc12(), sample.logvar_gradient);
    gradient = walk.gradient_buffer();
    walk.backward(network_.fc11(), sample.mu_gradient, gradient);
    walk.backward(network_.fc12(), sample.logvar_gradient, gradient, /*accumulate=*/true);
    walk.backward(network_.encoder_end() - 1, 0, gradient, /*beyond=*/false, visit);
  }

  void add_layer(Chunk& chunk, const LaneGroup& group, std::size_t index,
                 const float* output_gradient) {
    const Layer& layer = network_.layers()[index];
    float* const bias = chunk.sums.get() + offsets_[2 * index + 1] * kernels_.lanes;
    const auto channels = static_cast<std::size_t>(layer.forward.out_channels);
    if (!chunk.begun) {
      std::fill_n(bias, channels * kernels_.lanes, 0.0F);
    }
    kernels_.add_channel_sums(output_gradient, channels, layer.forward.out_plane, bias);
    if (const auto linear = linear_.find(index); linear != linear_.end()) {
      linear->second.set(group.first / kernels_.lanes, output_gradient,
                         chunk.walk.tensor(layer.input));
      return;
    }
    float* const weight = chunk.sums.get() + offsets_[2 * index] * kernels_.lanes;
    const std::size_t each =
        static_cast<std::size_t>(layer.geometry.large.channels) * layer.geometry.taps();
    for (const ChannelBlock& block : layer.weight.small_blocks) {
      chunk.walk.weight_gradient(
          index, block, output_gradient,
          weight + static_cast<std::size_t>(block.begin) * each * kernels_.lanes, chunk.begun);
    }
  }

  /// Of a batch of `n` images, what other ranks found becomes known here, and what this one found there: losses, and
  /// with `gradients` the sums of those and what linear weights' are made of.
  void exchange(std::size_t n, bool gradients) {
    const std::size_t chunks = chunk_count(n);
    const std::size_t groups = block_count(kernels_.lanes, n);
    const std::size_t groups_a_chunk = chunk_images(n) / kernels_.lanes;
    if (gradients) {
      sum_own_nodes(chunks);
    }
    std::size_t node = 0;
    for (int rank = 0; rank < ranks_->size(); ++rank) {
      const TreeNode part = chunks_of(rank, chunks);
      message_.add(rank, std::span(losses_).subspan(part.begin, part.end - part.begin));
      if (!gradients) {
        continue;
      }
      const std::size_t first = node;
      while (node < nodes_.size() && nodes_[node].end <= part.end) {
        ++node;
      }
      message_.add(rank,
                   std::span(node_sums_)
                       .subspan(first * parameter_values_, (node - first) * parameter_values_));
      for (auto& [layer, record] : linear_) {
        message_.add(rank, record.groups(std::min(part.begin * groups_a_chunk, groups),
                                         std::min(part.end * groups_a_chunk, groups)));
      }
    }
    message_.share(*ranks_);
  }

  /// Makes the list of the largest nodes that one rank alone can sum, of all ranks, and the sums at this one's.
  void sum_own_nodes(std::size_t chunks) {
    nodes_.clear();
    for (int rank = 0; rank < ranks_->size(); ++rank) {
      add_nodes_within({0, chunks}, chunks_of(rank, chunks), nodes_);
    }
    node_sums_.resize(nodes_.size() * parameter_values_);
    const TreeNode own = own_chunks(chunks);
    parallel_for(ranges_.size(), [&](std::size_t task) {
      const ParameterRange& range = ranges_[task];
      const std::size_t first = offsets_[range.parameter] + range.begin;
      for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (nodes_[i].begin >= own.begin && nodes_[i].end <= own.end) {
          sum_tree([&](const TreeNode& leaf) { return totals_of(leaf); }, nodes_[i], first,
                   std::span(node_sums_)
                       .subspan(i * parameter_values_ + first, range.end - range.begin));
        }
      }
    });
  }

  /// Of a single chunk that this process worked through; else null.
  const float* totals_of(const TreeNode& node) const {
    return node.end - node.begin == 1 ? chunks_[node.begin - first_chunk_]->totals.data() : nullptr;
  }

  /// What is known of the sum at a node: of all ranks', or of this process's chunks.
  const float* known_sum(const TreeNode& node) const {
    if (ranks_ == nullptr) {
      return totals_of(node);
    }
    const auto found = std::ranges::find(nodes_, node);
    return found == nodes_.end()
               ? nullptr
               : node_sums_.data() +
                     static_cast<std::size_t>(found - nodes_.begin()) * parameter_values_;
  }

  void reduce_and_step(std::size_t chunks, std::size_t groups) {
    parallel_for(ranges_.size() + linear_.size(), [&](std::size_t task) {
      if (task >= ranges_.size()) {
        step_linear(*std::next(linear_.begin(), static_cast<std::ptrdiff_t>(task - ranges_.size())),
                    groups);
        return;
      }
      const ParameterRange& range = ranges_[task];
      sum_tree([&](const TreeNode& node) { return known_sum(node); }, TreeNode{0, chunks},
               offsets_[range.parameter] + range.begin,
               std::span(parameters_[range.parameter].gradient)
                   .subspan(range.begin, range.end - range.begin));
      parameters_.adam(range.parameter, range.begin, range.end);
    });
  }

  void step_linear(const std::pair<const std::size_t, LinearRecord>& linear, std::size_t groups) {
    const auto& [index, record] = linear;
    const Layer& layer = network_.layers()[index];
    const std::size_t each = layer.geometry.large.size();
    const auto slab = allocate_floats(
        static_cast<std::size_t>(layer.weight.small_blocks.front().size) * each * kernels_.lanes);
    std::vector<float>& gradient = parameters_.weight(index).gradient;
    WeightCall call;
    call.plan = &layer.weight;
    call.small = record.gradients();
    call.large = record.inputs();
    call.groups = static_cast<int>(groups);
    call.group_step = static_cast<std::ptrdiff_t>(record.group_step());
    call.out = slab.get();
    for (const ChannelBlock& block : layer.weight.small_blocks) {
      call.block = block;
      kernels_.weight_gradient(call);
      kernels_.sum_lanes(slab.get(), static_cast<std::size_t>(block.size) * each,
                         gradient.data() + static_cast<std::size_t>(block.begin) * each);
    }
    parameters_.adam(2 * index, 0, gradient.size());
  }

  StepOptions options_;
  Ranks* ranks_;  ///< null: this process is alone
  const Kernels& kernels_;
  Network network_;
  Parameters parameters_;
  std::vector<std::size_t> offsets_;  ///< of each parameter in a chunk's sums, in vectors
  std::size_t parameter_values_ = 0;
  std::vector<ParameterRange> ranges_;
  ImageLoader loader_;
  std::vector<std::unique_ptr<Chunk>> chunks_;  ///< those that this process works through
  std::size_t first_chunk_ = 0;                 ///< of the batch's chunks, which the first one is
  std::vector<LossSums> losses_;                ///< by chunk of the batch
  std::vector<TreeNode> nodes_;                 ///< whose sums ranks tell one another
  std::vector<float> node_sums_;                ///< [nodes, parameter_values_]
  RankMessage message_;
  std::map<std::size_t, LinearRecord> linear_;  ///< by layer
};

}  // namespace
}  // namespace gradient

std::unique_ptr<TrainingBackend> make_native_training(const Model& initial,
                                                      const StepOptions& options, Ranks* ranks) {
  return std::make_unique<gradient::NativeTraining>(initial, options, ranks);
}

}  // namespace gradspace
