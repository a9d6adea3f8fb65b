// What every training loop does the same way, whatever its losses: checks its images, walks through an
// epoch, says how far it is, continues from a checkpoint.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gradspace/error.h"
#include "gradspace/train.h"
#include "train/checkpoint.h"

namespace gradspace {

/// Throws InvalidArgument when `images` are not of the model's extent, or too many to be put in order.
/// `method` and `what` ("training") stand in the message.
void check_training_images(std::string_view method, std::string_view what, const ImageStore& images,
                           const AutoencoderSpec& spec);

/// The batches of one epoch: images in its order, each with its noise. The last may be shorter.
class EpochBatches {
 public:
  EpochBatches(const ImageStore& images, std::size_t batch, std::size_t latent, std::uint64_t seed,
               int epoch);

  struct Batch {
    std::size_t begin = 0;  ///< place of the first image in the epoch's order
    std::size_t n = 0;
    std::span<const std::uint8_t> images_u8_nhwc;
    std::span<const float> noise;  ///< [n, latent]
  };

  /// The next one, which lasts until the call after; none after the last.
  std::optional<Batch> next();

 private:
  const ImageStore& images_;
  std::size_t batch_;
  std::size_t latent_;
  std::uint64_t seed_;
  int epoch_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint8_t> pixels_;
  std::vector<float> noise_;
  std::size_t begin_ = 0;
};

/// After `done` of an epoch's images.
TrainProgress step_progress(int epoch, int epochs, std::size_t images, std::size_t done,
                            double loss);

/// How many steps so many epochs take.
std::int64_t steps_of(std::size_t epochs, std::size_t images, std::size_t batch);

/// Throws InvalidArgument for more epochs than the run is to have.
void check_epochs_done(std::size_t done, int wanted, const std::string& file);

/// Throws FormatError when the checkpoint's tensors are not named and shaped as `state` and `best`.
void check_tensors(const Checkpoint& checkpoint, const TensorMap& state, const TensorMap& best,
                   const std::string& file);

/// A checkpoint and its records, ready to be continued from. Throws as `read_checkpoint` and the checks
/// above.
template <typename Record>
std::pair<Checkpoint, std::vector<Record>> read_resumable(
    const std::filesystem::path& path, const nlohmann::json& identity, int epochs,
    const TensorMap& state, const TensorMap& best,
    std::vector<Record> (*parse_history)(const nlohmann::json& history)) {
  Checkpoint checkpoint = read_checkpoint(path, identity);
  const std::string file = path.string();
  std::vector<Record> records;
  try {
    records = parse_history(checkpoint.history);
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(fmt::format("{}: damaged metadata: {}", file, error.what()));
  }
  check_epochs_done(records.size(), epochs, file);
  check_tensors(checkpoint, state, best, file);
  return {std::move(checkpoint), std::move(records)};
}

}  // namespace gradspace
