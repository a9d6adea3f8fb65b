#include "gradspace/causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "monitor/softmax.h"
#include "photograph/frame_numbers.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr std::string_view kKind = "causes";
constexpr const char* kDescription = "causes";
/// The newest clean frames that others are compared with.
constexpr std::size_t kCleanFrames = 20;

json to_json(const CauseAccuracy& accuracy) {
  return {{"right_of_all", accuracy.right_of_all},
          {"named_of_all", accuracy.named_of_all},
          {"right_of_named", accuracy.right_of_named}};
}

CauseAccuracy accuracy_of(const json& object) {
  return {object.at("right_of_all").get<double>(), object.at("named_of_all").get<double>(),
          object.at("right_of_named").get<double>()};
}

Causes causes_of(const json& object, TensorMap weights) {
  Causes causes;
  causes.weights = std::move(weights);
  causes.classes = object.at("classes").get<std::vector<std::string>>();
  causes.scene_certainty = object.at("scene_certainty").get<double>();
  causes.frame_certainty = object.at("frame_certainty").get<double>();
  causes.scene_accuracy = accuracy_of(object.at("scene_accuracy"));
  causes.frame_accuracy = accuracy_of(object.at("frame_accuracy"));
  causes.model_sha256 = object.at("model_sha256").get<std::string>();
  causes.photographs = object.at("photographs").get<std::size_t>();
  causes.tiles = object.contains("tile");
  if (causes.tiles) {
    const auto sides = object.at("tile").get<std::array<int, 4>>();
    causes.tiling = {sides[0], sides[1], sides[2], sides[3]};
    causes.tiling.validate();
  }
  return causes;
}

/// Throws InvalidArgument unless the classifiers know as many classes as have names.
void require_classes(const Causes& causes) {
  for (const char* prefix : {"scene", "frame"}) {
    const std::size_t known = monitor::Softmax::load(causes.weights, prefix).classes();
    if (known != causes.classes.size() || known < 2) {
      throw InvalidArgument(
          fmt::format("causes: {} classes have {} names", known, causes.classes.size()));
    }
  }
}

}  // namespace

void write_causes(const std::filesystem::path& path, const Causes& causes) {
  require_classes(causes);
  json object = {{"classes", causes.classes},
                 {"scene_certainty", causes.scene_certainty},
                 {"frame_certainty", causes.frame_certainty},
                 {"scene_accuracy", to_json(causes.scene_accuracy)},
                 {"frame_accuracy", to_json(causes.frame_accuracy)},
                 {"model_sha256", causes.model_sha256},
                 {"photographs", causes.photographs}};
  if (causes.tiles) {
    const Tiling& tiling = causes.tiling;
    object["tile"] = {tiling.width, tiling.height, tiling.stride_x, tiling.stride_y};
  }
  SafeTensors file;
  file.tensors = causes.weights;
  file.metadata[kDescription] = dump_json(object);
  write_safetensors(path, kKind, std::move(file));
}

Causes read_causes(const std::filesystem::path& path) {
  SafeTensors file = read_safetensors(path, kKind);
  try {
    const auto description = file.metadata.find(kDescription);
    if (description == file.metadata.end()) {
      throw FormatError("nothing is said of the causes");
    }
    Causes causes =
        causes_of(parse_json(description->second, path.native()), std::move(file.tensors));
    require_classes(causes);
    return causes;
  } catch (const json::exception&) {
    throw FormatError(
        fmt::format("{}: what is said of the causes is not as it should be", path.native()));
  } catch (const Error& error) {
    throw FormatError(fmt::format("{}: {}", path.native(), error.what()));
  }
}

struct CauseNamer::State {
  std::vector<std::string> classes;
  monitor::Softmax scene;
  monitor::Softmax frame;
  double scene_certainty;
  double frame_certainty;
  FrameNumbers numbers;
  std::vector<float> clean;  ///< mean of the newest clean frames' numbers
  std::size_t seen = 0;
};

CauseNamer::CauseNamer(const Model* model, const Detector& detector, const Causes& causes) {
  if (causes.model_sha256 != detector.model_sha256) {
    throw InvalidArgument("causes: they were fitted for a detector of another model");
  }
  require_classes(causes);
  FrameNumbers numbers(model, detector);
  const bool same_tiles =
      causes.tiles ? numbers.tiling() == causes.tiling : !numbers.tiling().has_value();
  if (!same_tiles) {
    throw InvalidArgument("causes: they were fitted for a detector that cuts frames otherwise");
  }
  state_.reset(new State{causes.classes,
                         monitor::Softmax::load(causes.weights, "scene"),
                         monitor::Softmax::load(causes.weights, "frame"),
                         causes.scene_certainty,
                         causes.frame_certainty,
                         std::move(numbers),
                         {},
                         0});
}
CauseNamer::~CauseNamer() = default;
CauseNamer::CauseNamer(CauseNamer&&) noexcept = default;
CauseNamer& CauseNamer::operator=(CauseNamer&&) noexcept = default;

void CauseNamer::see_clean(const ImageView& frame) {
  State& state = *state_;
  const std::span<const float> numbers = state.numbers.of(frame, "the frame");
  state.clean.resize(numbers.size());
  state.seen = std::min(state.seen + 1, kCleanFrames);
  const float share = 1 / static_cast<float>(state.seen);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    state.clean[i] += share * (numbers[i] - state.clean[i]);
  }
}

std::string CauseNamer::name(const ImageView& frame) {
  State& state = *state_;
  const std::span<const float> numbers = state.numbers.of(frame, "the frame");
  std::vector<float> row(numbers.begin(), numbers.end());
  const bool compared = state.seen > 0;
  for (std::size_t i = 0; compared && i < row.size(); ++i) {
    row[i] -= state.clean[i];
  }
  const std::vector<double> said = (compared ? state.scene : state.frame).probabilities(row);
  const auto likeliest = static_cast<std::size_t>(std::ranges::max_element(said) - said.begin());
  const double least = compared ? state.scene_certainty : state.frame_certainty;
  return likeliest != 0 && said[likeliest] >= least ? state.classes[likeliest]
                                                    : std::string(kUnknownCause);
}

}  // namespace gradspace
