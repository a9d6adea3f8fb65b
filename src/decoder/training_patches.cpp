#include "decoder/training_patches.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "core/parallel.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "image/memory_budget.h"

namespace gradspace::quality {
namespace {

/// For all photographs at work.
constexpr std::uint64_t kPhotoMemory = std::uint64_t{1} << 29;

/// What a photograph takes with those that are made of it.
std::uint64_t bytes_to_prepare(const Image& image) {
  constexpr std::uint64_t kBytesAPixel = 8;
  return kBytesAPixel * static_cast<std::uint64_t>(image.width()) *
         static_cast<std::uint64_t>(image.height());
}

/// A photograph's picture in the colours and at the size that patches are cut from.
Image prepare(Image image, const Source& photographs, std::size_t i, int max_side) {
  image = to_rgb(std::move(image));
  while (max_side > 0 && std::max(image.width(), image.height()) > max_side) {
    image = halve(image);
  }
  Image prepared = to_ygcr(halve(image));
  if (std::min(prepared.width(), prepared.height()) < kPatchSide) {
    throw InvalidArgument(fmt::format("{}: {}x{} pixels when halved; a patch has {}x{}",
                                      photographs.info(i).path, prepared.width(), prepared.height(),
                                      kPatchSide, kPatchSide));
  }
  return prepared;
}

Image crop(const Image& image, int left, int top) {
  Image part(kPatchSide, kPatchSide, image.channels());
  const auto channels = static_cast<std::size_t>(image.channels());
  const std::size_t bytes = kPatchSide * channels;
  for (int y = 0; y < kPatchSide; ++y) {
    std::ranges::copy(image.row(top + y).subspan(static_cast<std::size_t>(left) * channels, bytes),
                      part.row(y).begin());
  }
  return part;
}

std::vector<float> draw(const Image& prepared, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values;
  values.reserve(count * kPatchSize);
  for (std::size_t i = 0; i < count; ++i) {
    const auto places = [&](int side) { return static_cast<std::uint64_t>(side - kPatchSide) + 1; };
    const auto left = static_cast<int>(random.below(places(prepared.width())));
    const auto top = static_cast<int>(random.below(places(prepared.height())));
    const Patches patch = cut_patches(crop(prepared, left, top));
    values.insert(values.end(), patch.values.begin(), patch.values.end());
  }
  return values;
}

/// Whether a photograph can be used shows only when it is read. So each gives as many patches as it
/// must if all can be used; where one can't, those that can are read again for larger shares.
class Drawing {
 public:
  Drawing(const Source& photographs, std::size_t count, int max_side, std::uint64_t seed,
          const PatchObserver& observer)
      : source_(photographs),
        count_(count),
        max_side_(max_side),
        seed_(seed),
        observer_(observer),
        photos_(photographs.size()) {}

  /// False when it was given up on request.
  bool run() {
    read_all(photos_.size());
    const auto usable = static_cast<std::size_t>(
        std::ranges::count_if(photos_, [](const Photo& photo) { return photo.failure.empty(); }));
    if (usable == 0) {
      throw InvalidArgument(
          fmt::format("iqa-train: no photograph can be used: {}", photos_[0].failure));
    }
    if (usable < photos_.size()) {
      read_all(usable);
    }
    return !stop_requested();
  }

  TrainingPatches take() {
    TrainingPatches result;
    auto& all = result.patches.values;
    all.reserve(count_ * kPatchSize);
    for (std::size_t i = 0; i < photos_.size(); ++i) {
      if (photos_[i].failure.empty()) {
        result.photographs.push_back(source_.info(i).path);
        all.insert(all.end(), photos_[i].values.begin(), photos_[i].values.end());
        photos_[i].values = {};
      } else {
        result.failures.push_back(std::move(photos_[i].failure));
      }
    }
    result.patches.count = all.size() / kPatchSize;
    return result;
  }

 private:
  struct Photo {
    std::vector<float> values;
    std::string failure;
  };

  bool stop_requested() const { return observer_.stop_requested && observer_.stop_requested(); }

  /// `usable` photographs share the patches.
  void read_all(std::size_t usable) {
    std::vector<std::size_t> shares(photos_.size(), 0);
    std::size_t given = 0;
    for (std::size_t i = 0; i < photos_.size(); ++i) {
      if (photos_[i].failure.empty()) {
        shares[i] = count_ / usable + (given++ < count_ % usable ? 1 : 0);
      }
    }
    done_ = 0;
    parallel_for(photos_.size(), [&](std::size_t i) {
      if (photos_[i].failure.empty() && !stop_requested()) {
        read(i, shares[i]);
      }
      const std::scoped_lock lock(mutex_);
      ++done_;
      if (observer_.on_photo) {
        observer_.on_photo(done_, photos_.size());
      }
    });
  }

  void read(std::size_t i, std::size_t share) {
    const std::string path = source_.info(i).path;
    try {
      std::optional<MemoryBudget::Share> memory;
      Image photograph = load(i, memory);
      photos_[i].values = draw(prepare(std::move(photograph), source_, i, max_side_), share,
                               combine(seed_, hash_text(path)));
    } catch (const Error& error) {
      photos_[i].failure = error.what();
    } catch (const std::bad_alloc&) {
      photos_[i].failure = fmt::format("{}: out of memory", path);
    }
  }

  /// With its share of the memory; one at a time, so that none lies about without.
  Image load(std::size_t i, std::optional<MemoryBudget::Share>& memory) {
    const std::scoped_lock lock(loading_);
    Image photograph = source_.load(i);
    memory.emplace(memory_, bytes_to_prepare(photograph));
    return photograph;
  }

  const Source& source_;
  std::size_t count_;
  int max_side_;
  std::uint64_t seed_;
  const PatchObserver& observer_;
  std::vector<Photo> photos_;
  std::mutex mutex_;
  std::size_t done_ = 0;
  MemoryBudget memory_{kPhotoMemory};
  std::mutex loading_;
};

}  // namespace

TrainingPatches draw_training_patches(const Source& photographs, std::size_t count, int max_side,
                                      std::uint64_t seed, const PatchObserver& observer) {
  if (photographs.size() > count) {
    throw InvalidArgument(fmt::format("iqa-train: {} photographs are more than {} patches",
                                      photographs.size(), count));
  }
  Drawing drawing(photographs, count, max_side, seed, observer);
  return drawing.run() ? drawing.take() : TrainingPatches{};
}

void whiten_together(Patches& patches) {
  subtract_mean(patches);
  whiten(patches, whitening_matrix(covariance(patches)));
}

}  // namespace gradspace::quality
