#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>

#include <cassert>
#include <cstring>
#include <limits>
#include <mutex>
#include <utility>

#include "core/hash.h"
#include "core/parallel.h"
#include "core/temporary_file.h"
#include "gradspace/error.h"
#include "gradspace/train.h"

namespace gradspace {
namespace {

std::size_t store_size(std::size_t images, const Extent& extent) {
  if (extent.channels != 1 && extent.channels != 3) {
    throw InvalidArgument(
        fmt::format("images of {} channels: must be 1 (grey) or 3 (RGB)", extent.channels));
  }
  if (extent.height < 1 || extent.width < 1) {
    throw InvalidArgument(
        fmt::format("images of {}x{} pixels: must be 1x1 or more", extent.width, extent.height));
  }
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<off_t>::max());
  if (images > kMost / extent.size()) {
    throw InvalidArgument(fmt::format("{} images of {}x{}x{} are more than a file can hold", images,
                                      extent.width, extent.height, extent.channels));
  }
  return images * extent.size();
}

/// Counts what several threads have done; reports from one of them at a time.
class ProgressCounter {
 public:
  ProgressCounter(const std::function<void(std::size_t, std::size_t)>& report, std::size_t total)
      : report_(report), total_(total) {}

  void add(std::size_t count) {
    if (report_) {
      const std::lock_guard lock(mutex_);
      done_ += count;
      report_(done_, total_);
    }
  }

 private:
  const std::function<void(std::size_t, std::size_t)>& report_;
  std::mutex mutex_;
  std::size_t done_ = 0;
  std::size_t total_;
};

}  // namespace

struct ImageStore::State {
  State(std::size_t listed, const Extent& image_extent, Decoding image_decoding)
      : extent(image_extent),
        decoding(image_decoding),
        pixels(file.map(store_size(listed, image_extent), "images")) {}

  /// Moves the images that could be read together, order kept.
  void leave_out_failed(std::span<const std::string> errors) {
    const std::size_t bytes = extent.size();
    for (std::size_t i = 0; i < errors.size(); ++i) {
      if (!errors[i].empty()) {
        failures.push_back(errors[i]);
        continue;
      }
      if (i != size()) {
        std::memcpy(pixels.data() + size() * bytes, pixels.data() + i * bytes, bytes);
      }
      positions.push_back(i);
    }
  }

  std::size_t size() const { return positions.size(); }

  Extent extent;
  Decoding decoding;
  TemporaryFile file;
  std::span<std::uint8_t> pixels;
  std::vector<std::size_t> positions;  ///< in the source, of the images that could be read
  std::vector<std::string> failures;
  std::string digest;
};

ImageStore::ImageStore(const Source& source, const Extent& extent,
                       const std::function<void(std::size_t done, std::size_t total)>& progress,
                       Decoding decoding)
    : state_(std::make_unique<State>(source.size(), extent, decoding)) {
  const std::size_t listed = source.size();
  std::vector<std::string> errors(listed);
  ProgressCounter counter(progress, listed);
  constexpr std::size_t kGrain = 32;  // images a task: enough to make its overhead nothing
  tbb::enumerable_thread_specific<FixedSizeReader> readers(
      [&] { return FixedSizeReader(extent.width, extent.height, extent.channels, decoding); });
  parallel_for_short_ranges(listed, kGrain, [&](std::size_t begin, std::size_t end) {
    FixedSizeReader& reader = readers.local();
    for (std::size_t i = begin; i < end; ++i) {
      try {
        source.load_fitted(i, reader, {state_->pixels.data() + i * reader.size(), reader.size()});
      } catch (const Error& error) {
        errors[i] = error.what();
      }
    }
    counter.add(end - begin);
  });

  state_->leave_out_failed(errors);
  if (state_->size() == 0) {
    throw FormatError(fmt::format("none of {} images could be read; the first: {}", listed,
                                  state_->failures.front()));
  }
  Sha256 hash;
  hash.update(images(0, state_->size()));
  state_->digest = hash.finish();
}

ImageStore::~ImageStore() = default;

std::size_t ImageStore::size() const {
  return state_->size();
}

std::size_t ImageStore::position(std::size_t i) const {
  return state_->positions[i];
}

const Extent& ImageStore::extent() const {
  return state_->extent;
}

Decoding ImageStore::decoding() const {
  return state_->decoding;
}

std::span<const std::uint8_t> ImageStore::images(std::size_t first, std::size_t count) const {
  assert(first <= size() && count <= size() - first);
  const std::size_t bytes = state_->extent.size();
  return {state_->pixels.data() + first * bytes, count * bytes};
}

const std::vector<std::string>& ImageStore::failures() const {
  return state_->failures;
}

const std::string& ImageStore::digest() const {
  return state_->digest;
}

}  // namespace gradspace
