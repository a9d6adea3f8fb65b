#include "gradspace/scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gradspace/error.h"
#include "gradspace/one_class.h"

namespace gradspace {

struct Scorer::State {
  std::unique_ptr<GradientBackend> backend;
  std::unique_ptr<ScoreFunction> score;
  Calibration calibration;
  double threshold;
  AutoencoderSpec spec;
};

Scorer::Scorer(std::unique_ptr<GradientBackend> backend, const Detector& detector,
               const AutoencoderSpec& spec) {
  if (!std::ranges::equal(backend->blocks(), detector.columns)) {
    throw InvalidArgument("scorer: the backend does not compute the detector's features");
  }
  state_ = std::make_unique<State>(State{std::move(backend), load_score_function(detector, spec),
                                         detector.calibration, detector.threshold, spec});
}

Scorer::~Scorer() = default;
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;

std::vector<ImageScore> Scorer::score(std::span<const Image> images) {
  const Extent& input = state_->spec.input;
  std::vector<std::uint8_t> pixels(images.size() * input.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    prepare_image(images[i], input, std::span(pixels).subspan(i * input.size(), input.size()));
  }
  return score_prepared(pixels);
}

std::vector<ImageScore> Scorer::score_prepared(std::span<const std::uint8_t> images_u8_nhwc) {
  const State& state = *state_;
  const Observations observations =
      observe(*state.backend, state.score->needs(), state.spec, images_u8_nhwc);
  const std::vector<double> values = state.score->score(observations);
  std::vector<ImageScore> scores(values.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = {values[i], state.calibration.empty() ? 1 : state.calibration.p_value(values[i]),
                 observations.bce[i], observations.kld[i], values[i] > state.threshold};
  }
  return scores;
}

void prepare_image(const Image& image, const Extent& extent, std::span<std::uint8_t> out) {
  if (extent.channels != 1 && extent.channels != 3) {
    throw InvalidArgument(
        fmt::format("images have 1 or 3 channels, the model takes {}", extent.channels));
  }
  // Colour first, as Pillow's users do: convert("RGB"), then resize.
  const bool fits = image.channels() == extent.channels;
  const Image converted = fits ? image : extent.channels == 3 ? to_rgb(image) : to_grey(image);
  const Image resized = resize_bilinear(converted, extent.width, extent.height);
  std::ranges::copy(resized.pixels(), out.begin());
}

}  // namespace gradspace
