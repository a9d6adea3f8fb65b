#include "gradspace/decoder_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/arena.h"
#include "core/hash.h"
#include "core/options.h"
#include "core/random.h"
#include "decoder/decoder_checkpoint.h"
#include "decoder/decoder_loss.h"
#include "decoder/lbfgs.h"
#include "decoder/training_patches.h"
#include "gradspace/error.h"
#include "gradspace/output_lock.h"

namespace gradspace {
namespace {

using nlohmann::json;

/// Iterations between two checkpoints: some ten seconds' work.
constexpr int kCheckpointInterval = 10;

constexpr const char* kPreprocessing =
    "halved until the longer side is at most max_side, halved, luma, green, red difference "
    "(BT.601, "
    "studio range) in [0, 1], 8x8 patches column by column, mean patch taken off, ZCA with 0.1";

json loss_to_json(const DecoderLossValue& loss) {
  return {{"total", loss.total()},
          {"reconstruction", loss.reconstruction},
          {"decay", loss.decay},
          {"sparsity", loss.sparsity}};
}

/// Weights uniform, biases 0 (Glorot's interval with the 1 of the bias: 400 + 192 + 1).
std::vector<float> initial_parameters(std::uint64_t seed) {
  const double bound =
      std::sqrt(6.0 / static_cast<double>(LinearDecoder::kHidden + LinearDecoder::kVisible + 1));
  std::vector<float> parameters(quality::kDecoderParameters, 0.0F);
  Random random(combine(seed, hash_text("decoder weights")));
  std::generate_n(parameters.begin(), 2 * quality::kDecoderWeights,
                  [&] { return static_cast<float>(random.uniform(-bound, bound)); });
  return parameters;
}

LinearDecoder to_decoder(const std::vector<float>& parameters) {
  LinearDecoder decoder;
  auto next = parameters.begin();
  for (Tensor* tensor : {&decoder.w1, &decoder.w2, &decoder.b1, &decoder.b2}) {
    const auto size = static_cast<std::ptrdiff_t>(element_count(tensor->shape));
    tensor->values.assign(next, next + size);
    next += size;
  }
  return decoder;
}

/// One call of train_decoder.
class Run {
 public:
  Run(const Source& photographs, const DecoderTrainingOptions& options,
      const DecoderTrainingObserver& observer)
      : options_(options), observer_(observer) {
    drawn_ = quality::draw_training_patches(photographs, static_cast<std::size_t>(options.patches),
                                            options.max_side, options.seed,
                                            {observer.on_photo, observer.stop_requested});
    if (drawn_.patches.count > 0) {
      quality::whiten_together(drawn_.patches);
    }
    identity_ = {{"patches", options.patches}, {"max_side", options.max_side},
                 {"rho", options.rho},         {"decay", options.decay},
                 {"beta", options.beta},       {"seed", options.seed},
                 {"patches_sha256", digest()}};
  }

  DecoderTrainingResult finish() {
    DecoderTrainingResult result;
    result.failures = drawn_.failures;
    if (drawn_.patches.count == 0) {
      result.decoder = to_decoder(initial_parameters(options_.seed));
      result.stopped = true;
      return result;
    }
    result.stopped = !descend();
    result.decoder = to_decoder(descent_->x());
    result.loss = loss_;
    result.iterations = iteration_;
    json training = identity_;
    training["iterations"] = iteration_;
    training["photographs"] = drawn_.photographs;
    training["loss"] = loss_to_json(loss_);
    result.decoder.metadata["training"] = training.dump();
    result.decoder.metadata["preprocessing"] = kPreprocessing;
    return result;
  }

 private:
  std::string digest() const {
    const auto& values = drawn_.patches.values;
    return sha256_hex(
        {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(float)});
  }

  void start() {
    quality::DecoderCheckpoint state;
    if (options_.resume && std::filesystem::exists(options_.checkpoint)) {
      state = quality::read_decoder_checkpoint(options_.checkpoint, identity_);
      iteration_ = state.iteration;
    } else {
      state.parameters = initial_parameters(options_.seed);
    }
    function_ = std::make_unique<quality::DecoderLoss>(drawn_.patches, options_);
    const auto function = [this](std::span<const float> x, std::span<float> gradient) {
      evaluated_ = function_->evaluate(x, gradient);
      return evaluated_.total();
    };
    descent_ =
        std::make_unique<Lbfgs>(function, std::move(state.parameters), std::move(state.memory));
    loss_ = evaluated_;
    if (!std::isfinite(loss_.total())) {
      throw Error(fmt::format("iqa-train: the loss is not finite at iteration {}", iteration_));
    }
  }

  /// False when it was ended on request.
  bool descend() {
    start();
    while (iteration_ < options_.iterations && descent_->iterate()) {
      // What was evaluated last is the point that was taken.
      loss_ = evaluated_;
      ++iteration_;
      if (observer_.on_iteration) {
        observer_.on_iteration(iteration_, options_.iterations, loss_);
      }
      const bool stop = iteration_ < options_.iterations && observer_.stop_requested &&
                        observer_.stop_requested();
      if (stop || iteration_ % kCheckpointInterval == 0) {
        save();
      }
      if (stop) {
        return false;
      }
    }
    return true;
  }

  void save() const {
    if (!options_.checkpoint.empty()) {
      quality::write_decoder_checkpoint(options_.checkpoint, identity_,
                                        {iteration_, descent_->x(), descent_->memory()});
    }
  }

  const DecoderTrainingOptions& options_;
  const DecoderTrainingObserver& observer_;
  quality::TrainingPatches drawn_;
  json identity_;
  std::unique_ptr<quality::DecoderLoss> function_;
  std::unique_ptr<Lbfgs> descent_;
  DecoderLossValue evaluated_;  ///< at the latest point that was tried
  DecoderLossValue loss_;
  int iteration_ = 0;
};

}  // namespace

void DecoderTrainingOptions::validate() const {
  constexpr OptionCheck require("iqa-train");
  require(patches >= 1000 && patches <= 10'000'000, "patches", patches, "within 1000 to 10000000");
  require(iterations >= 1, "iterations", iterations, "1 or more");
  require(max_side == 0 || max_side >= 16, "max side", max_side, "16 or more, or 0");
  require(rho > 0 && rho < 1, "rho", rho, "over 0 and under 1");
  require(std::isfinite(decay) && decay >= 0, "decay", decay, "a finite number, 0 or more");
  require(std::isfinite(beta) && beta >= 0, "beta", beta, "a finite number, 0 or more");
  require(threads >= 0, "threads", threads, "1 or more, or 0 for all cores");
  require.resumable(resume, checkpoint);
}

DecoderTrainingResult train_decoder(const Source& photographs,
                                    const DecoderTrainingOptions& options,
                                    const DecoderTrainingObserver& observer) {
  options.validate();
  std::optional<OutputLock> lock;
  if (!options.checkpoint.empty()) {
    lock = OutputLock::of_file(options.checkpoint);
  }
  return in_arena(options.threads, [&] { return Run(photographs, options, observer).finish(); });
}

}  // namespace gradspace
