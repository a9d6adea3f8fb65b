#include "gradspace/scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "detect/decision.h"
#include "detect/observation.h"
#include "detect/score_memory.h"
#include "gradspace/error.h"
#include "gradspace/one_class.h"

namespace gradspace {

void require_model(const Detector& detector, const Model& model) {
  const std::string sha256 = fingerprint(model);
  if (detector.model_sha256 != sha256) {
    throw InvalidArgument(fmt::format(
        "scorer: the detector was made for another model (SHA-256 {:.12}...) than this ({:.12}...)",
        detector.model_sha256, sha256));
  }
}

Decoding decoding_of(const Detector& detector, const Model* model) {
  const std::optional<Decoding> fitted = decoding_in(detector.metadata);
  if (model == nullptr) {
    return fitted.value_or(Decoding::kExact);
  }
  const Decoding trained = decoding_in(model->metadata).value_or(Decoding::kExact);
  if (fitted.value_or(trained) != trained) {
    throw InvalidArgument(
        fmt::format("scorer: the detector was fitted to images of {} decoding, but the model was "
                    "trained on images of {} decoding",
                    name(*fitted), name(trained)));
  }
  return trained;
}

void require_exact_decoding(const Model& model, const std::string& what) {
  if (decoding_in(model.metadata) == Decoding::kFast) {
    throw InvalidArgument(
        fmt::format("{}: the model was trained on images of fast decoding, but these are looked at "
                    "as exact decoding gives them",
                    what));
  }
}

struct Scorer::State {
  /// What looks at the images by one of the model's members.
  struct Part {
    std::unique_ptr<GradientBackend> backend;  ///< none for a detector that needs no model
    std::unique_ptr<ScoreFunction> function;
    Observations observations = {};

    void observe(const AutoencoderSpec& autoencoder, std::span<const std::uint8_t> images_u8_nhwc) {
      if (backend) {
        observe_into(*backend, function->needs(), autoencoder, images_u8_nhwc, observations);
      } else {
        observe_pixels_into(autoencoder.input, images_u8_nhwc, observations);
      }
    }
  };

  std::vector<Part> parts;
  Decision decision;
  Calibration calibration;
  double threshold;
  AutoencoderSpec spec;  ///< without a model, its input alone
  // Memory that lives on from call to call.
  std::optional<FixedSizeReader> reader = {};
  std::vector<std::uint8_t> pixels = {};
  ScoreMemory memory = {};
  std::vector<std::vector<double>> said = {};  ///< by each part
  std::vector<double> values = {};

  FixedSizeReader& make_reader() {
    if (!reader) {
      reader.emplace(spec.input.width, spec.input.height, spec.input.channels);
    }
    return *reader;
  }
};

Scorer::Scorer(const Model& model, const Detector& detector, const ScorerOptions& options)
    : Scorer(model, detector, [&](const Model& member, std::vector<FeatureBlock> blocks) {
        return make_native_backend(member, std::move(blocks), options.instruction_set);
      }) {}

Scorer::Scorer(const Model& model, const Detector& detector,
               const MemberBackendFactory& make_backend) {
  detector.validate();
  require_model(detector, model);
  std::vector<State::Part> parts;
  for (std::unique_ptr<ScoreFunction>& function : load_parts(detector, model.spec)) {
    std::vector<FeatureBlock> blocks = blocks_of_member(detector.columns, parts.size());
    std::unique_ptr<GradientBackend> backend = make_backend(member_of(model, parts.size()), blocks);
    if (!std::ranges::equal(backend->blocks(), blocks)) {
      throw InvalidArgument("scorer: the backend does not compute the detector's features");
    }
    parts.push_back({std::move(backend), std::move(function)});
  }
  state_ = std::make_unique<State>(State{std::move(parts), Decision(detector), detector.calibration,
                                         detector.threshold, model.spec});
}

Scorer::Scorer(const Detector& detector) {
  detector.validate();
  AutoencoderSpec images_alone;
  images_alone.input = input_of(detector);
  std::vector<State::Part> parts;
  for (std::unique_ptr<ScoreFunction>& function : load_parts(detector, images_alone)) {
    parts.push_back({nullptr, std::move(function)});
  }
  state_ = std::make_unique<State>(State{std::move(parts), Decision(detector), detector.calibration,
                                         detector.threshold, images_alone});
}

Scorer::~Scorer() = default;
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;

const Extent& Scorer::input() const {
  return state_->spec.input;
}

ImageScore Scorer::score(const ImageView& image) {
  ImageScore result;
  score(std::span(&image, 1), std::span(&result, 1));
  return result;
}

void Scorer::score(std::span<const ImageView> images, std::span<ImageScore> scores) {
  FixedSizeReader& reader = state_->make_reader();
  std::vector<std::uint8_t>& pixels = state_->pixels;
  pixels.resize(images.size() * reader.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    reader.fit(images[i], std::span(pixels).subspan(i * reader.size(), reader.size()));
  }
  score_fitted(pixels, scores);
}

void Scorer::score_fitted(std::span<const std::uint8_t> images_u8_nhwc,
                          std::span<ImageScore> scores) {
  State& state = *state_;
  state.said.resize(state.parts.size());
  for (std::size_t k = 0; k < state.parts.size(); ++k) {
    State::Part& part = state.parts[k];
    part.observe(state.spec, images_u8_nhwc);
    if (scores.size() != part.observations.count) {
      throw InvalidArgument(fmt::format("scorer: room for {} scores of {} images", scores.size(),
                                        part.observations.count));
    }
    state.said[k].resize(scores.size());
    part.function->score_into(part.observations, state.memory, state.said[k]);
  }
  std::vector<double>& values = state.values;
  state.decision.scores_into(state.said, values);
  const auto members = static_cast<float>(state.parts.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = {values[i], state.calibration.empty() ? 1 : state.calibration.p_value(values[i])};
    scores[i].out_of_distribution = values[i] > state.threshold;
    for (const State::Part& part : state.parts) {
      if (part.backend) {
        scores[i].bce += part.observations.bce[i] / members;
        scores[i].kld += part.observations.kld[i] / members;
      }
    }
    const Observations& first = state.parts.front().observations;
    if (!first.cosine.empty()) {
      scores[i].error = first.squared_error[i];
      scores[i].cosine = first.cosine[i];
    }
  }
}

std::vector<ImageScore> Scorer::score_fitted(std::span<const std::uint8_t> images_u8_nhwc) {
  std::vector<ImageScore> scores(images_u8_nhwc.size() / input().size());
  score_fitted(images_u8_nhwc, scores);
  return scores;
}

}  // namespace gradspace
