#include "photograph/frame_numbers.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "gradspace/error.h"
#include "gradspace/gradient.h"
#include "gradspace/photograph.h"
#include "photograph/describer.h"

namespace gradspace {

struct FrameNumbers::State {
  std::optional<Tiling> tiling;
  std::unique_ptr<const Model> model;  ///< the parts below point to it
  std::unique_ptr<PhotographDescriber> tiles;
  std::unique_ptr<GradientBackend> gradients;
  std::vector<std::uint8_t> fitted;
  std::vector<float> numbers;
};

FrameNumbers::FrameNumbers(const Model* model, const Detector& detector)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.tiling = tiling_of(detector);
  if (model != nullptr && !detector.model_sha256.empty()) {
    state.model = std::make_unique<const Model>(*model);
  }
  if (state.tiling) {
    const PhotographParts parts = {state.model != nullptr, true};
    state.tiles = std::make_unique<PhotographDescriber>(state.model.get(), parts, *state.tiling);
    return;
  }
  if (state.model == nullptr || detector.columns.empty()) {
    throw InvalidArgument(
        "causes: a detector of images that looks at no gradients tells nothing of causes; take one "
        "of photographs, or one with a model");
  }
  state.gradients = make_native_backend(*state.model, detector.columns);
  state.numbers.resize(dimension(detector.columns));
}
FrameNumbers::~FrameNumbers() = default;
FrameNumbers::FrameNumbers(FrameNumbers&&) noexcept = default;
FrameNumbers& FrameNumbers::operator=(FrameNumbers&&) noexcept = default;

const std::optional<Tiling>& FrameNumbers::tiling() const {
  return state_->tiling;
}

std::span<const float> FrameNumbers::of(const ImageView& frame, std::string_view name) {
  State& state = *state_;
  if (state.tiles != nullptr) {
    const PhotographNumbers& numbers = state.tiles->describe(frame, name);
    state.numbers = numbers.gradients;
    state.numbers.insert(state.numbers.end(), numbers.image.begin(), numbers.image.end());
    return state.numbers;
  }
  const Extent& input = state.model->spec.input;
  FixedSizeReader reader(input.width, input.height, input.channels);
  state.fitted.resize(reader.size());
  reader.fit(frame, state.fitted);
  GradientOutputs outputs;
  outputs.features = state.numbers;
  state.gradients->run(ImageBatch::of_u8(state.fitted, 1), outputs);
  return state.numbers;
}

}  // namespace gradspace
