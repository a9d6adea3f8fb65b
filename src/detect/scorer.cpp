#include "gradspace/scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "detect/observation.h"
#include "gradspace/error.h"
#include "gradspace/one_class.h"

namespace gradspace {
namespace {

void require_model(const Detector& detector, const Model& model) {
  const std::string sha256 = fingerprint(model);
  if (detector.model_sha256 != sha256) {
    throw InvalidArgument(fmt::format(
        "scorer: the detector was made for another model (SHA-256 {:.12}...) than this ({:.12}...)",
        detector.model_sha256, sha256));
  }
}

}  // namespace

struct Scorer::State {
  std::unique_ptr<GradientBackend> backend;  ///< none for a detector that needs no model
  std::unique_ptr<ScoreFunction> function;
  Calibration calibration;
  double threshold;
  AutoencoderSpec spec;  ///< without a model, its input alone
  // Memory that lives on from call to call.
  std::optional<FixedSizeReader> reader = {};
  std::vector<std::uint8_t> pixels = {};
  Observations observations = {};

  FixedSizeReader& make_reader() {
    if (!reader) {
      reader.emplace(spec.input.width, spec.input.height, spec.input.channels);
    }
    return *reader;
  }

  void observe(std::span<const std::uint8_t> images_u8_nhwc) {
    if (backend) {
      observe_into(*backend, function->needs(), spec, images_u8_nhwc, observations);
    } else {
      observe_pixels_into(spec.input, images_u8_nhwc, observations);
    }
  }
};

Scorer::Scorer(const Model& model, const Detector& detector, const ScorerOptions& options)
    : Scorer(model, detector,
             make_native_backend(model, detector.columns, options.instruction_set)) {}

Scorer::Scorer(const Model& model, const Detector& detector,
               std::unique_ptr<GradientBackend> backend) {
  detector.validate();
  require_model(detector, model);
  if (!std::ranges::equal(backend->blocks(), detector.columns)) {
    throw InvalidArgument("scorer: the backend does not compute the detector's features");
  }
  state_ =
      std::make_unique<State>(State{std::move(backend), load_score_function(detector, model.spec),
                                    detector.calibration, detector.threshold, model.spec});
}

Scorer::Scorer(const Detector& detector) {
  detector.validate();
  AutoencoderSpec images_alone;
  images_alone.input = input_of(detector);
  state_ = std::make_unique<State>(State{nullptr, load_score_function(detector),
                                         detector.calibration, detector.threshold, images_alone});
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
  state.observe(images_u8_nhwc);
  const Observations& observations = state.observations;
  if (scores.size() != observations.count) {
    throw InvalidArgument(
        fmt::format("scorer: room for {} scores of {} images", scores.size(), observations.count));
  }
  const std::vector<double> values = state.function->score(observations);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = {values[i], state.calibration.empty() ? 1 : state.calibration.p_value(values[i])};
    scores[i].out_of_distribution = values[i] > state.threshold;
    if (state.backend) {
      scores[i].bce = observations.bce[i];
      scores[i].kld = observations.kld[i];
    }
    if (!observations.cosine.empty()) {
      scores[i].error = observations.squared_error[i];
      scores[i].cosine = observations.cosine[i];
    }
  }
}

std::vector<ImageScore> Scorer::score_fitted(std::span<const std::uint8_t> images_u8_nhwc) {
  std::vector<ImageScore> scores(images_u8_nhwc.size() / input().size());
  score_fitted(images_u8_nhwc, scores);
  return scores;
}

}  // namespace gradspace
