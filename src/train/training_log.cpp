#include "train/training_log.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace gradspace {
namespace {

constexpr std::size_t kImagesShown = 8;
constexpr int kEpochsBetweenImages = 10;

std::uint8_t to_byte(float value) {
  return static_cast<std::uint8_t>(std::lround(255.0F * std::clamp(value, 0.0F, 1.0F)));
}

/// A picture of two rows: images spread evenly over `validation`, and their reconstructions below.
Image reconstruction_strip(const ImageStore& validation, Objective& objective) {
  const Extent& extent = validation.extent();
  const std::size_t shown = std::min(kImagesShown, validation.size());
  std::vector<std::uint8_t> inputs;
  inputs.reserve(shown * extent.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const auto image = validation.image(i * validation.size() / shown);
    inputs.insert(inputs.end(), image.begin(), image.end());
  }
  std::vector<float> outputs(inputs.size());
  objective.reconstruct(inputs, shown, outputs);

  Image picture(extent.width * static_cast<int>(shown), extent.height * 2, extent.channels);
  const auto channels = static_cast<std::size_t>(extent.channels);
  const auto width = static_cast<std::size_t>(extent.width);
  const auto height = static_cast<std::size_t>(extent.height);
  for (std::size_t i = 0; i < shown; ++i) {
    for (std::size_t y = 0; y < height; ++y) {
      const auto input = picture.row(static_cast<int>(y)).subspan(i * width * channels);
      const auto output = picture.row(static_cast<int>(y + height)).subspan(i * width * channels);
      for (std::size_t x = 0; x < width; ++x) {
        for (std::size_t c = 0; c < channels; ++c) {
          const std::size_t hwc = (y * width + x) * channels + c;
          const std::size_t chw = (c * height + y) * width + x;
          input[x * channels + c] = inputs[i * extent.size() + hwc];
          output[x * channels + c] = to_byte(outputs[i * extent.size() + chw]);
        }
      }
    }
  }
  return picture;
}

}  // namespace

TrainingLog::TrainingLog(const std::filesystem::path& folder, int first_epoch) : file_(folder) {
  if (first_epoch > 1) {
    file_.session_start(first_epoch);
  }
}

void TrainingLog::epoch_done(const EpochRecord& record, const ImageStore& validation,
                             Objective& objective) {
  std::vector<std::pair<std::string, double>> scalars = {
      {"loss/train", record.train.loss}, {"loss/validation", record.validation.loss}};
  for (std::size_t i = 0; i < record.train.terms.size(); ++i) {
    const auto& [name, value] = record.train.terms[i];
    scalars.emplace_back(name + "/train", value);
    scalars.emplace_back(name + "/validation", record.validation.terms[i].second);
  }
  file_.scalars(record.epoch, scalars);
  if (record.epoch == 1 || record.epoch % kEpochsBetweenImages == 0) {
    file_.image(record.epoch, "validation/input_above_reconstruction",
                reconstruction_strip(validation, objective));
  }
}

}  // namespace gradspace
