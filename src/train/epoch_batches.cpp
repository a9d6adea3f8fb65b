#include "train/epoch_batches.h"

#include <algorithm>

#include "train/schedule.h"

namespace gradspace {

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

}  // namespace gradspace
