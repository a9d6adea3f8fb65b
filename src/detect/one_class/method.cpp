#include "detect/one_class/method.h"

#include <fmt/format.h>

#include <utility>

#include "detect/hold_out.h"
#include "detect/in_place_score.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr double kGibibyte = 1 << 30;

class DensityScore : public InPlaceScore {
 public:
  DensityScore(ObservationNeeds needs, RepresentationInto represent,
               std::unique_ptr<Density> density)
      : needs_(std::move(needs)), represent_(std::move(represent)), density_(std::move(density)) {}

  const ObservationNeeds& needs() const override { return needs_; }
  void score_into(const Observations& observations, ScoreMemory& memory,
                  std::span<double> scores) const override {
    if (observations.count == 0) {  // whose representation has no columns
      return;
    }
    represent_(observations, memory);
    density_->score_into(memory.features, memory.density, scores);
  }

 private:
  ObservationNeeds needs_;
  RepresentationInto represent_;
  std::unique_ptr<Density> density_;
};

class DirectScore : public ScoreFunction {
 public:
  DirectScore(ObservationNeeds needs, std::function<std::vector<double>(const Observations&)> score)
      : needs_(std::move(needs)), score_(std::move(score)) {}

  const ObservationNeeds& needs() const override { return needs_; }
  std::vector<double> score(const Observations& observations) const override {
    return score_(observations);
  }

 private:
  ObservationNeeds needs_;
  std::function<std::vector<double>(const Observations&)> score_;
};

}  // namespace

OneClassMethod density_method(std::string name, std::string summary,
                              std::function<ObservationNeeds(const AutoencoderSpec&)> needs,
                              std::function<Representation(const AutoencoderSpec&)> represent,
                              DensityKind kind) {
  return density_method(
      std::move(name), std::move(summary), std::move(needs),
      [represent = std::move(represent)](const AutoencoderSpec& spec) -> RepresentationInto {
        return [made = represent(spec)](const Observations& observations, ScoreMemory& memory) {
          memory.features = made(observations);
        };
      },
      std::move(kind));
}

OneClassMethod density_method(std::string name, std::string summary,
                              std::function<ObservationNeeds(const AutoencoderSpec&)> needs,
                              std::function<RepresentationInto(const AutoencoderSpec&)> represent,
                              DensityKind kind) {
  OneClassMethod method{std::move(name), std::move(summary), needs, {}, {}};
  method.fit = [name = method.name, represent, kind](const OneClassTraining& training) {
    const auto features_of_clean = [&] {
      ScoreMemory memory;
      represent(training.spec)(training.clean, memory);
      return std::move(memory.features);
    };
    return kind.fit(features_of_clean(), name);
  };
  method.load = [needs = std::move(needs), represent = std::move(represent),
                 kind = std::move(kind)](const TensorMap& tensors, const AutoencoderSpec& spec) {
    return std::make_unique<DensityScore>(needs(spec), represent(spec), kind.load(tensors));
  };
  return method;
}

OneClassMethod direct_method(std::string name, std::string summary,
                             std::function<ObservationNeeds(const AutoencoderSpec&)> needs,
                             std::function<std::vector<double>(const Observations&)> score) {
  OneClassMethod method{std::move(name), std::move(summary), needs, {}, {}};
  method.fit = [](const OneClassTraining&) { return TensorMap{}; };
  method.load = [needs = std::move(needs), score = std::move(score)](const TensorMap&,
                                                                     const AutoencoderSpec& spec) {
    return std::make_unique<DirectScore>(needs(spec), score);
  };
  return method;
}

ObservationNeeds needs_reconstruction(const AutoencoderSpec& /*spec*/) {
  ObservationNeeds needs;
  needs.reconstruction = true;
  return needs;
}

std::uint64_t covariance_bytes(const OneClassMethod& method, const AutoencoderSpec& spec) {
  if (!method.covariance_columns) {
    return 0;
  }
  // The covariance as it is summed up and as it is passed on, its factors, what inverts them, and its inverse.
  constexpr std::uint64_t kMatrices = 5;
  const std::uint64_t columns = method.covariance_columns(spec);
  return kMatrices * sizeof(double) * columns * columns;
}

void check_memory(const OneClassMethod& method, const AutoencoderSpec& spec, double memory_gib) {
  const auto gib = static_cast<double>(covariance_bytes(method, spec)) / kGibibyte;
  if (gib <= memory_gib) {
    return;
  }
  std::string bounded;
  for (const OneClassMethod& other : one_class_registry()) {
    const bool variant = other.name.ends_with("-typicality") || other.name.starts_with("ensemble-");
    if (!other.covariance_columns && other.any_model && !variant) {
      bounded += (bounded.empty() ? "" : ", ") + other.name;
    }
  }
  throw InvalidArgument(
      fmt::format("fit: {} takes {:.1f} GiB of memory for the covariance of this model's {} "
                  "columns, and may take {:.4g}; "
                  "methods without such a covariance: {}",
                  method.name, gib, method.covariance_columns(spec), memory_gib, bounded));
}

HeldOut hold_out(const Observations& clean, std::uint64_t seed) {
  const HeldOutPositions positions = hold_out_positions(clean.count, seed, HoldOutOf::kCalibration);
  return {select(clean, positions.kept), select(clean, positions.held)};
}

TensorMap tensors_under(const TensorMap& tensors, const std::string& prefix) {
  TensorMap part;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(prefix)) {
      part[name.substr(prefix.size())] = tensor;
    }
  }
  return part;
}

void put_under(TensorMap& tensors, const std::string& prefix, const TensorMap& part) {
  for (const auto& [name, tensor] : part) {
    tensors[prefix + name] = tensor;
  }
}

}  // namespace gradspace
