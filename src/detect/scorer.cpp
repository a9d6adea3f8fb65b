#include "gradspace/scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gradspace/error.h"

namespace gradspace {

struct Scorer::State {
  std::unique_ptr<GradientBackend> backend;
  Classifier classifier;
  double threshold;
  Extent input;
  std::size_t columns;
  // Reused from call to call, so that one image costs no allocation.
  std::vector<std::uint8_t> pixels;
  std::vector<float> features;
  std::vector<float> bce;
  std::vector<float> kld;
};

Scorer::Scorer(std::unique_ptr<GradientBackend> backend, const Detector& detector,
               const Extent& input) {
  if (!std::ranges::equal(backend->blocks(), detector.columns)) {
    throw InvalidArgument("scorer: the backend does not compute the detector's features");
  }
  Classifier classifier(detector.weights);
  const std::size_t columns = dimension(detector.columns);
  if (classifier.dimension() != columns) {
    throw InvalidArgument(fmt::format("detector: its network takes {} features, its columns are {}",
                                      classifier.dimension(), columns));
  }
  state_ = std::make_unique<State>(State{std::move(backend),
                                         std::move(classifier),
                                         detector.threshold,
                                         input,
                                         columns,
                                         {},
                                         {},
                                         {},
                                         {}});
}

Scorer::~Scorer() = default;
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;

std::vector<ImageScore> Scorer::score(std::span<const Image> images) {
  const std::size_t size = state_->input.size();
  std::vector<std::uint8_t> pixels = std::move(state_->pixels);
  pixels.resize(images.size() * size);
  for (std::size_t i = 0; i < images.size(); ++i) {
    prepare_image(images[i], state_->input, std::span(pixels).subspan(i * size, size));
  }
  std::vector<ImageScore> scores = score_prepared(pixels);
  state_->pixels = std::move(pixels);
  return scores;
}

std::vector<ImageScore> Scorer::score_prepared(std::span<const std::uint8_t> images_u8_nhwc) {
  State& state = *state_;
  const std::size_t count = images_u8_nhwc.size() / state.input.size();
  if (count * state.input.size() != images_u8_nhwc.size()) {
    throw InvalidArgument(fmt::format("scorer: {} bytes are no whole number of {}x{}x{} images",
                                      images_u8_nhwc.size(), state.input.width, state.input.height,
                                      state.input.channels));
  }
  state.features.resize(count * state.columns);
  state.bce.resize(count);
  state.kld.resize(count);
  ImageBatch batch;
  batch.count = count;
  batch.u8_nhwc = images_u8_nhwc.data();
  GradientOutputs outputs;
  outputs.features = state.features;
  outputs.bce = state.bce;
  outputs.kld = state.kld;
  state.backend->run(batch, outputs);

  const std::vector<double> probabilities =
      state.classifier.score({state.features.data(), count, state.columns, state.columns});
  std::vector<ImageScore> scores(count);
  for (std::size_t i = 0; i < count; ++i) {
    scores[i] = {probabilities[i], state.bce[i], state.kld[i], probabilities[i] > state.threshold};
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
