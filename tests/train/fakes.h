// A source of images made in the test, and an optimiser small enough to reason about.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/source.h"
#include "gradspace/train.h"

namespace gradspace::testing {

/// An image of random pixels, the same for the same seed.
inline Image random_image(int width, int height, int channels, std::uint64_t seed) {
  Image image(width, height, channels);
  Random random(seed);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(random.below(256));
  }
  return image;
}

/// Images by position; one that is missing can't be read.
class FakeSource : public Source {
 public:
  explicit FakeSource(std::vector<std::optional<Image>> images) : images_(std::move(images)) {}

  /// `count` random images.
  FakeSource(std::size_t count, const Extent& extent, std::uint64_t seed) {
    for (std::size_t i = 0; i < count; ++i) {
      images_.emplace_back(
          random_image(extent.width, extent.height, extent.channels, combine(seed, i)));
    }
  }

  SourceKind kind() const override { return SourceKind::kFolder; }
  std::size_t size() const override { return images_.size(); }
  ImageInfo info(std::size_t i) const override {
    ImageInfo info;
    info.path = "image" + std::to_string(i);
    return info;
  }
  Image load(std::size_t i) const override {
    if (!images_[i]) {
      throw FormatError(info(i).path + ": truncated");
    }
    return *images_[i];
  }
  std::span<const std::string> skipped() const override { return {}; }

 private:
  std::vector<std::optional<Image>> images_;
};

/// 1x4x4, latent 2: the smallest autoencoder with every kind of layer.
inline AutoencoderSpec tiny_spec() {
  AutoencoderSpec spec;
  spec.input = {1, 4, 4};
  spec.down = {{2, 4, 2, 2}};
  spec.latent = 2;
  spec.up = {{1, 4, 2, 2}};
  return spec;
}

/// Adam towards a target that hangs on every pixel, its place in the batch, and the noise: whatever
/// the loop hands over in another order, or restores wrongly, shows in the weights.
class FakeBackend : public TrainingBackend {
 public:
  struct Step {
    std::vector<std::uint8_t> images;
    std::size_t count;
    std::vector<float> noise;
  };

  FakeBackend(const Model& initial, const TrainOptions& options)
      : options_(options), image_size_(initial.spec.input.size()) {
    for (const auto& [name, tensor] : initial.weights) {
      Tensor zero{tensor.shape, std::vector<float>(tensor.values.size())};
      parameters_.push_back({name, tensor, zero, zero});
    }
  }

  LossSums step(std::span<const std::uint8_t> images, std::size_t n,
                std::span<const float> noise) override {
    recorded.push_back({{images.begin(), images.end()}, n, {noise.begin(), noise.end()}});
    double signal = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
      signal += images[i] * static_cast<double>(i % 13 + 1) / 1000.0;
    }
    double noise_squares = 0;
    for (std::size_t i = 0; i < noise.size(); ++i) {
      signal += noise[i] * static_cast<float>(i % 5 + 1);
      noise_squares += noise[i] * noise[i];
    }
    const double pull = parameters_.front().weight.values.front();
    adam(signal);
    return {static_cast<double>(n) + pull * pull, noise_squares};
  }

  LossSums evaluate(std::span<const std::uint8_t> images, std::size_t n) override {
    evaluated.push_back(n);
    if (!scripted_validation.empty()) {
      const double loss = scripted_validation.front();
      scripted_validation.erase(scripted_validation.begin());
      return {loss, 0};
    }
    double sum = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto& values = parameters_[i % parameters_.size()].weight.values;
      sum += std::abs(images[i] / 255.0 - values[i % values.size()]);
    }
    return {sum, 1};
  }

  void reconstruct(std::span<const std::uint8_t> images, std::size_t n,
                   std::span<float> out) override {
    for (std::size_t i = 0; i < n * image_size_; ++i) {
      out[i] = static_cast<float>(images[i]) / 510.0F;
    }
  }

  TensorMap state() const override {
    TensorMap state;
    for (const Parameter& parameter : parameters_) {
      state[parameter.name] = parameter.weight;
      state["adam.m." + parameter.name] = parameter.m;
      state["adam.v." + parameter.name] = parameter.v;
    }
    return state;
  }

  void restore(const TensorMap& state, std::int64_t steps) override {
    for (Parameter& parameter : parameters_) {
      parameter.weight = state.at(parameter.name);
      parameter.m = state.at("adam.m." + parameter.name);
      parameter.v = state.at("adam.v." + parameter.name);
    }
    steps_ = steps;
  }

  std::vector<Step> recorded;
  std::vector<std::size_t> evaluated;
  std::vector<double> scripted_validation;  ///< sums to return, one a call

 private:
  struct Parameter {
    std::string name;
    Tensor weight;
    Tensor m;
    Tensor v;
  };

  void adam(double signal) {
    ++steps_;
    const auto steps = static_cast<double>(steps_);
    const double unbias_m = 1 - std::pow(0.9, steps);
    const double unbias_v = 1 - std::pow(0.999, steps);
    for (Parameter& p : parameters_) {
      for (std::size_t i = 0; i < p.weight.values.size(); ++i) {
        float& m = p.m.values[i];
        float& v = p.v.values[i];
        const double gradient =
            p.weight.values[i] - std::sin(signal + static_cast<double>(i)) + options_.beta / 100;
        m = static_cast<float>(0.9 * m + 0.1 * gradient);
        v = static_cast<float>(0.999 * v + 0.001 * gradient * gradient);
        p.weight.values[i] -= static_cast<float>(options_.learning_rate * (m / unbias_m) /
                                                 (std::sqrt(v / unbias_v) + 1e-8));
      }
    }
  }

  TrainOptions options_;
  std::size_t image_size_;
  std::vector<Parameter> parameters_;
  std::int64_t steps_ = 0;
};

}  // namespace gradspace::testing
