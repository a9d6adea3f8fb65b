#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <system_error>
#include <utility>

#include "core/file.h"
#include "core/hash.h"
#include "gradspace/error.h"
#include "gradspace/train.h"

namespace gradspace {
namespace {

/// Bytes in a file without a name: it lasts as long as the object, and under pressure the kernel
/// writes it out instead of running out of memory.
class UnnamedFile {
 public:
  explicit UnnamedFile(std::size_t size) : size_(size) {
    std::error_code unusable;
    const std::filesystem::path folder = std::filesystem::temp_directory_path(unusable);
    if (unusable) {
      throw IoError(
          fmt::format("the temporary folder ($TMPDIR) can't be used: {}", unusable.message()));
    }
    std::string name = (folder / "gradspace-images-XXXXXX").string();
    const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor < 0) {
      throw IoError(fmt::format("{}: can't create: {}", name, last_system_error()));
    }
    ::unlink(name.c_str());
    // Reserved at once: a disk that fills up later would end the process by a signal.
    int error = EINTR;
    while (error == EINTR) {
      error = ::posix_fallocate(descriptor, 0, static_cast<off_t>(size));
    }
    if (error == 0) {
      void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
      if (address == MAP_FAILED) {
        error = errno;
      } else {
        bytes_ = static_cast<std::uint8_t*>(address);
      }
    }
    ::close(descriptor);  // the mapping holds the file
    if (error != 0) {
      errno = error;
      throw IoError(fmt::format("{}: no room for {} bytes of images: {}", folder.string(), size,
                                last_system_error()));
    }
  }
  ~UnnamedFile() { ::munmap(bytes_, size_); }
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;

  std::uint8_t* data() { return bytes_; }
  const std::uint8_t* data() const { return bytes_; }

 private:
  std::uint8_t* bytes_ = nullptr;
  std::size_t size_;
};

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
  State(std::size_t listed, const Extent& image_extent)
      : extent(image_extent), pixels(store_size(listed, image_extent)) {}

  /// Moves the images that could be read together, order kept.
  void leave_out_failed(std::span<const std::string> errors) {
    const std::size_t bytes = extent.size();
    for (std::size_t i = 0; i < errors.size(); ++i) {
      if (!errors[i].empty()) {
        failures.push_back(errors[i]);
        continue;
      }
      if (i != size) {
        std::memcpy(pixels.data() + size * bytes, pixels.data() + i * bytes, bytes);
      }
      ++size;
    }
  }

  Extent extent;
  UnnamedFile pixels;
  std::size_t size = 0;
  std::vector<std::string> failures;
  std::string digest;
};

ImageStore::ImageStore(const Source& source, const Extent& extent,
                       const std::function<void(std::size_t done, std::size_t total)>& progress)
    : state_(std::make_unique<State>(source.size(), extent)) {
  const std::size_t listed = source.size();
  std::vector<std::string> errors(listed);
  ProgressCounter counter(progress, listed);
  constexpr std::size_t kGrain = 32;  // images a task: enough to make its overhead nothing
  tbb::enumerable_thread_specific<FixedSizeReader> readers(
      [&extent] { return FixedSizeReader(extent.width, extent.height, extent.channels); });
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, listed, kGrain),
      [&](const tbb::blocked_range<std::size_t>& range) {
        FixedSizeReader& reader = readers.local();
        for (std::size_t i = range.begin(); i < range.end(); ++i) {
          try {
            source.load_fitted(i, reader,
                               {state_->pixels.data() + i * reader.size(), reader.size()});
          } catch (const Error& error) {
            errors[i] = error.what();
          }
        }
        counter.add(range.size());
      },
      tbb::simple_partitioner());

  state_->leave_out_failed(errors);
  if (state_->size == 0) {
    throw FormatError(fmt::format("none of {} images could be read; the first: {}", listed,
                                  state_->failures.front()));
  }
  Sha256 hash;
  hash.update(images(0, state_->size));
  state_->digest = hash.finish();
}

ImageStore::~ImageStore() = default;

std::size_t ImageStore::size() const {
  return state_->size;
}

const Extent& ImageStore::extent() const {
  return state_->extent;
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
