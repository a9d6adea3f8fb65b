// GradCon's objective (gradspace/gradcon.h) on the native engine.
#include <array>

#include "gradient/alignment/trainer.h"
#include "gradspace/gradcon.h"
#include "train/objective.h"
#include "train/training_run.h"

namespace gradspace {
namespace {

using gradient::alignment::BatchLosses;

constexpr std::array<std::string_view, 3> kGradConTerms = {"error", "cosine", "kld"};

class GradConObjective final : public Objective {
 public:
  GradConObjective(const AutoencoderSpec& spec, const TrainOptions& options,
                   const GradConOptions& gradcon)
      : pixels_(spec.input.size()),
        options_(gradcon),
        trainer_(initialise(spec, options.seed), gradcon, options.learning_rate) {}

  std::string_view name() const override { return "gradcon"; }
  std::span<const std::string_view> terms() const override { return kGradConTerms; }
  nlohmann::json identity() const override {
    return {{"method", "gradcon"},
            {"alignment", options_.alignment},
            {"kld_weight", options_.kld_weight},
            {"mean_of_loss", options_.mean_of_loss}};
  }

  TermSums step(std::span<const std::uint8_t> images, std::size_t n,
                std::span<const float> noise) override {
    return sums_of(trainer_.step(images, n, noise), n);
  }
  TermSums evaluate(std::span<const std::uint8_t> images, std::size_t n) override {
    return sums_of(trainer_.evaluate(images, n), n);
  }
  double loss(const TermSums& sums, double images) const override {
    const BatchLosses means{sums[0] / images, sums[1] / images, sums[2] / images};
    return means.loss(options_, pixels_);
  }
  void reconstruct(std::span<const std::uint8_t> images, std::size_t n,
                   std::span<float> out) override {
    trainer_.reconstruct(images, n, out);
  }

  TensorMap state() const override { return trainer_.state(); }
  void restore(const TensorMap& state, std::int64_t steps) override {
    trainer_.restore(state, steps);
  }

 private:
  static TermSums sums_of(const BatchLosses& means, std::size_t n) {
    const auto images = static_cast<double>(n);
    return {images * means.error, images * means.cosine, images * means.kld};
  }

  std::size_t pixels_;
  GradConOptions options_;
  gradient::alignment::Trainer trainer_;
};

}  // namespace

AutoencoderSpec gradcon_autoencoder(int channels, int latent) {
  AutoencoderSpec spec;
  spec.input = {channels, 28, 28};
  spec.down = {{32}, {32}, {64}, {64}};
  spec.latent = latent;
  spec.up = {{64, 4, 2, 2}, {32, 4, 2, 1}, {32, 4, 2, 2}, {channels, 4, 2, 1}};
  spec.validate();
  return spec;
}

TrainOptions gradcon_training() {
  TrainOptions options;
  options.epochs = 1000;
  options.batch = 64;
  return options;
}

TrainResult train_gradcon(const AutoencoderSpec& spec, const ImageStore& train,
                          const ImageStore& validation, const TrainOptions& options,
                          const GradConOptions& gradcon, const TrainObserver& observer) {
  options.validate();
  spec.validate();
  GradConObjective objective(spec, options, gradcon);
  return run_training({spec, train, validation, options, observer}, objective);
}

}  // namespace gradspace
