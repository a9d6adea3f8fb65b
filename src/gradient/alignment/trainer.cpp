#include "gradient/alignment/trainer.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "core/parallel.h"

namespace gradspace::gradient::alignment {
namespace {

constexpr const char* kMean = "mean.";

/// Norms and scalar product of a layer's gradient and mean gradient.
struct Angle {
  Angle(std::span<const float> gradient, std::span<const float> mean) {
    double product = 0;
    double gradient_square = 0;
    double mean_square = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const double g = gradient[i];
      const double m = mean[i];
      product += g * m;
      gradient_square += g * g;
      mean_square += m * m;
    }
    gradient_norm = std::sqrt(gradient_square);
    mean_norm = std::sqrt(mean_square);
    if (gradient_norm > 0 && mean_norm > 0) {
      cosine = product / (gradient_norm * mean_norm);
    }
  }

  bool defined() const { return gradient_norm > 0 && mean_norm > 0; }

  double gradient_norm = 0;
  double mean_norm = 0;
  double cosine = 0;  ///< 0 where it is not defined
};

}  // namespace

Trainer::Trainer(const Model& initial, const GradConOptions& options, double learning_rate)
    : options_(options),
      kernels_(kernels(InstructionSet::kBest)),
      network_(initial, kernels_, /*sampled=*/true),
      workspace_(network_),
      passes_(network_, workspace_),
      parameters_(network_, initial.weights, learning_rate),
      slabs_([this] { return allocate_floats(network_.slab_size() * kernels_.lanes); }) {
  options.validate();
  for (std::size_t layer = 0; layer < network_.layers().size(); ++layer) {
    for (const ChannelBlock& block : network_.layers()[layer].weight.small_blocks) {
      tasks_.push_back({layer, block});
    }
    if (layer >= passes_.first_up()) {
      const Tensor& like = parameters_.weight(layer).first_moment;
      alignments_.push_back({layer, zeros_like(like), std::vector<float>(like.values.size())});
    }
  }
}

BatchLosses Trainer::step(std::span<const std::uint8_t> images, std::size_t n,
                          std::span<const float> noise) {
  check_images(network_, images, n);
  check_noise(network_, noise, n);
  const std::size_t groups = passes_.group_count(n);
  const std::size_t layers = network_.layers().size();
  const Batch batch{n, images.data(), network_.bottleneck() ? noise.data() : nullptr};
  const BatchLosses losses = first_pass(batch, /*gradients=*/true);
  const bool aligned = parameters_.steps() > 0 && set_directions();
  parameters_.begin_step();
  if (!options_.mean_of_loss) {
    update_means();
  }
  const auto kld_weight = static_cast<float>(
      options_.kld_weight / (static_cast<double>(n) * static_cast<double>(network_.image_size())));
  parallel_for(groups, [&](std::size_t group) {
    passes_.second(batch, group, aligned ? &direction_ : nullptr, kld_weight);
  });
  reduce(Sum::kGradient, 0, passes_.first_up(), groups);
  if (aligned) {
    reduce(Sum::kHessianProduct, passes_.first_up(), layers, groups);
  }
  if (options_.mean_of_loss) {
    update_means();
  }
  parallel_for(parameters_.size(),
               [&](std::size_t i) { parameters_.adam(i, 0, parameters_[i].gradient.size()); });
  network_.set_weights(parameters_.values());
  return losses;
}

BatchLosses Trainer::evaluate(std::span<const std::uint8_t> images, std::size_t n) {
  check_images(network_, images, n);
  return first_pass({n, images.data(), nullptr}, /*gradients=*/true);
}

void Trainer::reconstruct(std::span<const std::uint8_t> images, std::size_t n,
                          std::span<float> out) {
  check_images(network_, images, n);
  check_reconstruction(network_, out, n);
  first_pass({n, images.data(), nullptr}, /*gradients=*/false);
  for (std::size_t group = 0; group < passes_.group_count(n); ++group) {
    const std::size_t first = group * kernels_.lanes;
    store_values(kernels_, {first, std::min(kernels_.lanes, n - first)},
                 workspace_.reconstruction(group), network_.image_size(), out.data(),
                 network_.image_size());
  }
}

/// Losses, and with `gradients` those of the error by the up layers' weights and biases.
BatchLosses Trainer::first_pass(const Batch& batch, bool gradients) {
  const std::size_t groups = passes_.group_count(batch.count);
  workspace_.reserve(groups);
  std::vector<GroupSums> sums(groups);
  parallel_for(groups, [&](std::size_t group) {
    sums[group] = passes_.forward(batch, group);
    if (gradients) {
      passes_.backward_decoder(group);
    }
  });
  BatchLosses losses;
  for (const GroupSums& group : sums) {
    losses.error += group.squares;
    losses.kld += group.kld;
  }
  const auto images = static_cast<double>(batch.count);
  losses.error /= images * static_cast<double>(network_.image_size());
  losses.kld /= images;
  if (gradients) {
    reduce(Sum::kGradient, passes_.first_up(), network_.layers().size(), groups);
    losses.cosine = cosine();
  }
  return losses;
}

/// Sums of layers [begin, end) over groups and lanes, in a fixed order: `kGradient` becomes the
/// parameters' gradients, `kHessianProduct` is added to them.
void Trainer::reduce(Sum sum, std::size_t begin, std::size_t end, std::size_t groups) {
  const auto first = std::ranges::lower_bound(tasks_, begin, {}, &Task::layer);
  const auto last = std::ranges::lower_bound(tasks_, end, {}, &Task::layer);
  const auto tasks = static_cast<std::size_t>(last - first);
  parallel_for(tasks + (end - begin), [&](std::size_t i) {
    if (i < tasks) {
      reduce_weight(sum, first[static_cast<std::ptrdiff_t>(i)], groups, slabs_.local().get());
    } else {
      reduce_bias(sum, begin + (i - tasks), groups);
    }
  });
}

void Trainer::reduce_weight(Sum sum, const Task& task, std::size_t groups, float* slab) {
  const LayerGeometry& geometry = network_.layers()[task.layer].geometry;
  const std::size_t each = static_cast<std::size_t>(geometry.large.channels) * geometry.taps();
  const std::span gradient = std::span(parameters_.weight(task.layer).gradient)
                                 .subspan(static_cast<std::size_t>(task.block.begin) * each,
                                          static_cast<std::size_t>(task.block.size) * each);
  if (sum == Sum::kGradient) {
    passes_.weight_gradient(task.layer, task.block, groups, slab);
    kernels_.sum_lanes(slab, gradient.size(), gradient.data());
    return;
  }
  passes_.hessian_product(task.layer, task.block, groups, slab);
  std::vector<float> product(gradient.size());
  kernels_.sum_lanes(slab, product.size(), product.data());
  std::ranges::transform(gradient, product, gradient.begin(), std::plus<>());
}

void Trainer::reduce_bias(Sum sum, std::size_t layer, std::size_t groups) {
  std::vector<float>& gradient = parameters_.bias(layer).gradient;
  const auto lane_sums = allocate_floats(gradient.size() * kernels_.lanes);
  std::fill_n(lane_sums.get(), gradient.size() * kernels_.lanes, 0.0F);
  for (std::size_t group = 0; group < groups; ++group) {
    passes_.add_bias_gradient(layer,
                              sum == Sum::kGradient ? workspace_.gradient(group, layer)
                                                    : workspace_.gradient_tangent(group, layer),
                              lane_sums.get());
  }
  std::vector<float> sums(gradient.size());
  kernels_.sum_lanes(lane_sums.get(), sums.size(), sums.data());
  if (sum == Sum::kGradient) {
    gradient = std::move(sums);
  } else {
    std::ranges::transform(gradient, sums, gradient.begin(), std::plus<>());
  }
}

double Trainer::cosine() const {
  double sum = 0;
  for (const Alignment& alignment : alignments_) {
    sum += Angle(parameters_.weight(alignment.layer).gradient, alignment.mean.values).cosine;
  }
  return sum / static_cast<double>(alignments_.size());
}

/// v_l = -alignment / layers (m / (|g| |m|) - cos g / |g|^2). False when all are zero.
bool Trainer::set_directions() {
  if (options_.alignment == 0) {
    return false;
  }
  const double weight = options_.alignment / static_cast<double>(alignments_.size());
  bool any = false;
  for (Alignment& alignment : alignments_) {
    const std::vector<float>& gradient = parameters_.weight(alignment.layer).gradient;
    const std::vector<float>& mean = alignment.mean.values;
    const Angle angle(gradient, mean);
    double by_mean = 0;
    double by_gradient = 0;
    if (angle.defined()) {
      by_mean = -weight / (angle.gradient_norm * angle.mean_norm);
      by_gradient = weight * angle.cosine / (angle.gradient_norm * angle.gradient_norm);
      any = true;
    }
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      alignment.direction[i] = static_cast<float>(by_mean * static_cast<double>(mean[i]) +
                                                  by_gradient * static_cast<double>(gradient[i]));
    }
    direction_.set(network_, alignment.layer, alignment.direction);
  }
  return any;
}

void Trainer::update_means() {
  const float share = 1.0F / static_cast<float>(parameters_.steps());
  for (Alignment& alignment : alignments_) {
    const std::vector<float>& gradient = parameters_.weight(alignment.layer).gradient;
    std::vector<float>& mean = alignment.mean.values;
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] += (gradient[i] - mean[i]) * share;
    }
  }
}

TensorMap Trainer::state() const {
  TensorMap state = parameters_.state();
  for (const Alignment& alignment : alignments_) {
    state[kMean + parameters_.weight(alignment.layer).name] = alignment.mean;
  }
  return state;
}

void Trainer::restore(const TensorMap& state, std::int64_t steps) {
  std::vector<Alignment> alignments = alignments_;
  for (Alignment& alignment : alignments) {
    const std::string& name = parameters_.weight(alignment.layer).name;
    alignment.mean = find_in_state(state, kMean + name, alignment.mean);
  }
  parameters_ = parameters_.restored(network_.spec(), state, steps);
  alignments_ = std::move(alignments);
  network_.set_weights(parameters_.values());
}

TensorMap Trainer::last_gradient() const {
  TensorMap gradients;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    gradients[parameter.name] = {parameter.first_moment.shape, parameter.gradient};
  }
  return gradients;
}

}  // namespace gradspace::gradient::alignment
