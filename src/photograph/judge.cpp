#include "photograph/judge.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/named_entries.h"
#include "detect/one_class/method.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr const char* kGradients = "photograph.gradients.";
constexpr const char* kImage = "photograph.image.";
constexpr const char* kTiles = "photograph.tiles.";
constexpr const char* kTileCalibration = "photograph.tile_calibration.";
constexpr const char* kScales = "photograph.scales";

const std::vector<PhotographMethodInfo>& photograph_registry() {
  static const std::vector<PhotographMethodInfo> methods = {
      {"photograph", "Tiles' gradients and the picture, told from damaged photographs by networks",
       true},
      {"photograph-gradients", "The same by the gradients alone", true},
      {"photograph-image", "The same by the picture alone, without a model", false},
  };
  return methods;
}

}  // namespace

std::vector<PhotographMethodInfo> photograph_methods() {
  return photograph_registry();
}

bool is_photograph_method(std::string_view name) {
  const auto& methods = photograph_registry();
  return std::ranges::find(methods, name, &PhotographMethodInfo::name) != methods.end();
}

const PhotographMethodInfo& photograph_method(std::string_view name) {
  return find_named(photograph_registry(), name, "method of photographs",
                    &PhotographMethodInfo::name);
}

PhotographParts parts_of(const PhotographMethodInfo& method) {
  return {method.needs_model, method.name != "photograph-gradients"};
}

PartScale PartScale::of(std::span<const double> clean_scores) {
  const auto count = static_cast<double>(clean_scores.size());
  double sum = 0;
  for (const double score : clean_scores) {
    sum += score;
  }
  PartScale scale;
  scale.mean = sum / count;
  double squares = 0;
  for (const double score : clean_scores) {
    squares += (score - scale.mean) * (score - scale.mean);
  }
  scale.deviation = std::max(std::sqrt(squares / count), 1e-6);
  return scale;
}

std::vector<double> tile_quantiles(std::vector<double> tile_scores) {
  std::ranges::sort(tile_scores);
  std::vector<double> quantiles;
  for (const double share : kTileQuantiles) {
    const double place = share * static_cast<double>(tile_scores.size() - 1);
    quantiles.push_back(tile_scores[static_cast<std::size_t>(place)]);
  }
  return quantiles;
}

std::vector<double> PhotographJudge::part_scores(const PhotographNumbers& numbers,
                                                 std::span<const double> tile_scores) const {
  std::vector<double> parts;
  if (gradients) {
    parts.push_back(gradients->score(numbers.gradients).front());
  }
  if (image) {
    parts.push_back(image->score(numbers.image).front());
  }
  std::ranges::copy(tile_quantiles({tile_scores.begin(), tile_scores.end()}),
                    std::back_inserter(parts));
  return parts;
}

void PhotographJudge::require_fit(const PhotographNumbers& numbers) const {
  const bool fits = (!gradients || gradients->columns() == numbers.gradients.size()) &&
                    (!image || image->columns() == numbers.image.size()) &&
                    tiles->columns() == numbers.tile_columns;
  if (!fits) {
    throw InvalidArgument(
        "detector: its networks take other numbers than photographs are described by; it was made "
        "by another version or for another model");
  }
}

double PhotographJudge::total(std::span<const double> part_scores) const {
  double sum = 0;
  for (std::size_t k = 0; k < scales.size(); ++k) {
    sum += scales[k](part_scores[k]);
  }
  return sum;
}

TensorMap PhotographJudge::tensors() const {
  TensorMap all;
  const auto put = [&all](const char* prefix, const std::optional<Committee>& committee) {
    if (committee) {
      TensorMap part;
      committee->store(part);
      put_under(all, prefix, part);
    }
  };
  put(kGradients, gradients);
  put(kImage, image);
  put(kTiles, tiles);
  put_under(all, kTileCalibration, tile_calibration.tensors());
  Tensor& kept = all[kScales];
  kept.shape = {static_cast<std::int64_t>(scales.size()), 2};
  for (const PartScale& scale : scales) {
    kept.values.push_back(static_cast<float>(scale.mean));
    kept.values.push_back(static_cast<float>(scale.deviation));
  }
  return all;
}

PhotographJudge PhotographJudge::load(const TensorMap& tensors, const PhotographParts& parts) {
  PhotographJudge judge;
  const auto committee = [&tensors](const char* prefix) {
    return Committee::load(tensors_under(tensors, prefix));
  };
  if (parts.gradients) {
    judge.gradients = committee(kGradients);
  }
  if (parts.image) {
    judge.image = committee(kImage);
  }
  judge.tiles = committee(kTiles);
  TensorMap calibration = tensors_under(tensors, kTileCalibration);
  judge.tile_calibration = Calibration::take_from(calibration);
  if (judge.tile_calibration.empty()) {
    throw InvalidArgument("detector: it does not say what clean tiles score");
  }
  const std::size_t count =
      kTileQuantiles.size() + (parts.gradients ? 1 : 0) + (parts.image ? 1 : 0);
  const auto scales = tensors.find(kScales);
  if (scales == tensors.end() || scales->second.values.size() != 2 * count) {
    throw InvalidArgument("detector: the scales of its parts are missing or not as many");
  }
  for (std::size_t k = 0; k < count; ++k) {
    const PartScale scale{scales->second.values[2 * k], scales->second.values[2 * k + 1]};
    if (!std::isfinite(scale.mean) || !(scale.deviation > 0)) {
      throw InvalidArgument("detector: the scale of a part is not over 0");
    }
    judge.scales.push_back(scale);
  }
  return judge;
}

}  // namespace gradspace
