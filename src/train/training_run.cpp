#include "train/training_run.h"

#include <algorithm>
#include <limits>

#include "train/schedule.h"

namespace gradspace {
namespace {

bool same_layout(const TensorMap& a, const TensorMap& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.shape == y.second.shape;
  });
}

}  // namespace

void check_training_images(std::string_view method, std::string_view what, const ImageStore& images,
                           const AutoencoderSpec& spec) {
  if (images.extent() != spec.input) {
    throw InvalidArgument(fmt::format(
        "{}: {} images are {}x{} with {} channels but the model wants {}x{} with {}", method, what,
        images.extent().width, images.extent().height, images.extent().channels, spec.input.width,
        spec.input.height, spec.input.channels));
  }
  if (images.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw InvalidArgument(
        fmt::format("{}: {} {} images: at most 2^32 - 1", method, images.size(), what));
  }
}

EpochBatches::EpochBatches(const ImageStore& images, std::size_t batch, std::size_t latent,
                           std::uint64_t seed, int epoch)
    : images_(images),
      batch_(batch),
      latent_(latent),
      seed_(seed),
      epoch_(epoch),
      order_(epoch_order(static_cast<std::uint32_t>(images.size()), seed, epoch)),
      pixels_(batch * images.extent().size()),
      noise_(batch * latent) {}

std::optional<EpochBatches::Batch> EpochBatches::next() {
  if (begin_ == order_.size()) {
    return std::nullopt;
  }
  const std::size_t image_size = images_.extent().size();
  const std::size_t n = std::min(batch_, order_.size() - begin_);
  for (std::size_t i = 0; i < n; ++i) {
    std::ranges::copy(images_.image(order_[begin_ + i]),
                      pixels_.begin() + static_cast<std::ptrdiff_t>(i * image_size));
  }
  const std::span<float> noise = std::span(noise_).first(n * latent_);
  fill_noise(noise, latent_, seed_, epoch_, begin_);
  const Batch batch{begin_, n, std::span(pixels_).first(n * image_size), noise};
  begin_ += n;
  return batch;
}

TrainProgress step_progress(int epoch, int epochs, std::size_t images, std::size_t done,
                            double loss) {
  return {.epoch = epoch,
          .epochs = epochs,
          .images_done = static_cast<std::size_t>(epoch - 1) * images + done,
          .images_total = static_cast<std::size_t>(epochs) * images,
          .loss = loss};
}

std::int64_t steps_of(std::size_t epochs, std::size_t images, std::size_t batch) {
  return static_cast<std::int64_t>(epochs * ((images + batch - 1) / batch));
}

void check_epochs_done(std::size_t done, int wanted, const std::string& file) {
  if (std::cmp_greater(done, wanted)) {
    throw InvalidArgument(fmt::format("{}: {} epochs are done already, more than the {} asked for",
                                      file, done, wanted));
  }
}

void check_tensors(const Checkpoint& checkpoint, const TensorMap& state, const TensorMap& best,
                   const std::string& file) {
  if (!same_layout(checkpoint.state, state) || !same_layout(checkpoint.best, best)) {
    throw FormatError(fmt::format("{}: damaged: its tensors are not this model's", file));
  }
}

}  // namespace gradspace
