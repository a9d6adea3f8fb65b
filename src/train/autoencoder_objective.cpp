// The paper's objective, BCE + beta * KLD, on any backend.
#include <array>

#include "gradspace/train.h"
#include "train/objective.h"
#include "train/record.h"
#include "train/training_run.h"

namespace gradspace {
namespace {

constexpr std::array<std::string_view, 2> kElboTerms = {"bce", "kld"};

nlohmann::json identity_of(const TrainOptions& options) {
  return {{"beta", options.beta}, {"backend", options.backend}};
}

class AutoencoderObjective final : public Objective {
 public:
  AutoencoderObjective(TrainingBackend& backend, const TrainOptions& options)
      : backend_(backend), options_(options) {}

  std::string_view name() const override { return "train"; }
  std::span<const std::string_view> terms() const override { return kElboTerms; }
  nlohmann::json identity() const override { return identity_of(options_); }

  TermSums step(std::span<const std::uint8_t> images, std::size_t n,
                std::span<const float> noise) override {
    return sums_of(backend_.step(images, n, noise));
  }
  TermSums evaluate(std::span<const std::uint8_t> images, std::size_t n) override {
    return sums_of(backend_.evaluate(images, n));
  }
  double loss(const TermSums& sums, double images) const override {
    return (sums[0] + options_.beta * sums[1]) / images;
  }
  void reconstruct(std::span<const std::uint8_t> images, std::size_t n,
                   std::span<float> out) override {
    backend_.reconstruct(images, n, out);
  }

  TensorMap state() const override { return backend_.state(); }
  void restore(const TensorMap& state, std::int64_t steps) override {
    backend_.restore(state, steps);
  }

 private:
  static TermSums sums_of(const LossSums& losses) { return {losses.bce, losses.kld}; }

  TrainingBackend& backend_;
  const TrainOptions& options_;
};

}  // namespace

TrainResult train_autoencoder(const AutoencoderSpec& spec, const ImageStore& train,
                              const ImageStore& validation, TrainingBackend& backend,
                              const TrainOptions& options, const TrainObserver& observer) {
  AutoencoderObjective objective(backend, options);
  return run_training({spec, train, validation, options, observer}, objective);
}

bool is_trained_by(const Model& model, const AutoencoderSpec& spec, const ImageStore& train,
                   const ImageStore& validation, const TrainOptions& options) {
  const auto record = model.metadata.find("training");
  return model.spec == spec && record != model.metadata.end() &&
         is_finished_run(record->second,
                         run_identity(spec, options, identity_of(options), train, validation),
                         options);
}

}  // namespace gradspace
