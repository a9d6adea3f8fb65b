// What the training loop minimises: losses, a step, and the state to continue from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "gradspace/tensor.h"

namespace gradspace {

/// A value for each of the objective's terms, summed over images.
using TermSums = std::vector<double>;

class Objective {
 public:
  virtual ~Objective() = default;

  /// Stands in messages: "train", "gradcon".
  virtual std::string_view name() const = 0;
  /// "bce", "kld": what the loss is made of, in the order of a table's columns.
  virtual std::span<const std::string_view> terms() const = 0;
  /// What else decides the course of a run, beside description, data and the loop's own options.
  virtual nlohmann::json identity() const = 0;

  /// One step of the optimiser on a batch: images_u8_nhwc [n,H,W,C], noise [n,latent] standard normal.
  /// The terms before it.
  virtual TermSums step(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n,
                        std::span<const float> noise) = 0;
  /// The terms with z = mu; nothing changes.
  virtual TermSums evaluate(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n) = 0;
  /// What is minimised, per image, of terms that are sums over so many images.
  virtual double loss(const TermSums& sums, double images) const = 0;
  /// As TrainingBackend::reconstruct.
  virtual void reconstruct(std::span<const std::uint8_t> images_u8_nhwc, std::size_t n,
                           std::span<float> out) = 0;

  /// Weights by their names, the optimiser's tensors as "adam.<...>", mean gradients, where there are
  /// some, as "mean.<weight>". With `restore` of them and the number of steps, training goes on bit for
  /// bit.
  virtual TensorMap state() const = 0;
  virtual void restore(const TensorMap& state, std::int64_t steps) = 0;
};

}  // namespace gradspace
