#include <fmt/format.h>

#include <optional>
#include <vector>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/codec.h"
#include "image/memory_budget.h"
#include "image/raw_image.h"

namespace gradspace {

namespace {

/// Memory that is larger than this is not kept for the next image, and what is decoded into as much is taken
/// out of the budget first.
constexpr std::size_t kMostKept = std::size_t{1} << 24;

/// For the decoded images of all readers together: seven photographs of 12 megapixels. Readers are one a thread,
/// and there may be many; larger images wait for one another.
MemoryBudget& decoded_images() {
  static MemoryBudget budget(std::uint64_t{1} << 28);
  return budget;
}

/// Lets go of pixels that are large, however the work on them ends.
class LargePixels {
 public:
  explicit LargePixels(codec::Pixels& pixels) : pixels_(pixels) {}
  ~LargePixels() {
    pixels_.before_room = {};
    if (pixels_.samples.size() > kMostKept) {
      pixels_.samples = {};
    }
  }
  LargePixels(const LargePixels&) = delete;
  LargePixels& operator=(const LargePixels&) = delete;

 private:
  codec::Pixels& pixels_;
};

}  // namespace

struct FixedSizeReader::State {
  int width;
  int height;
  int channels;
  std::vector<std::uint8_t> file;
  codec::Pixels pixels;
  ResizeBuffers buffers;

  std::size_t size() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(channels);
  }

  void fit(const ImageView& image, std::span<std::uint8_t> out) {
    resize_samples(image, width, height, channels, buffers, out.data());
    if (buffers.between.size() > kMostKept) {
      buffers.between = {};
    }
  }

  /// A large decoded image lies in memory no longer than this takes.
  void decode(std::span<const std::uint8_t> bytes, std::string_view name,
              std::span<std::uint8_t> out) {
    std::optional<MemoryBudget::Share> share;
    const LargePixels let_go(pixels);  // before the share is given back
    pixels.before_room = [&share](std::size_t size) {
      if (size > kMostKept) {
        share.emplace(decoded_images(), size);
      }
    };
    codec::decode(bytes, name, pixels);
    fit({pixels.samples, pixels.width, pixels.height, pixels.channels, pixels.row_size()}, out);
  }

  void check_size(std::span<const std::uint8_t> out) const {
    if (out.size() != size()) {
      throw InvalidArgument(fmt::format("pixels of {}x{}x{} need {} bytes, got room for {}", width,
                                        height, channels, size(), out.size()));
    }
  }
};

FixedSizeReader::FixedSizeReader(int width, int height, int channels)
    : state_(std::make_unique<State>(State{width, height, channels, {}, {}, {}})) {
  checked_sample_count(width, height, channels);
}

FixedSizeReader::~FixedSizeReader() = default;
FixedSizeReader::FixedSizeReader(FixedSizeReader&&) noexcept = default;
FixedSizeReader& FixedSizeReader::operator=(FixedSizeReader&&) noexcept = default;

std::size_t FixedSizeReader::size() const {
  return state_->size();
}

void FixedSizeReader::read(const std::filesystem::path& path, std::span<std::uint8_t> out_hwc) {
  read_file(path, state_->file);
  decode(state_->file, path.native(), out_hwc);
  if (state_->file.size() > kMostKept) {
    state_->file = {};
  }
}

void FixedSizeReader::decode(std::span<const std::uint8_t> bytes, std::string_view name,
                             std::span<std::uint8_t> out_hwc) {
  state_->check_size(out_hwc);
  state_->decode(bytes, name, out_hwc);
}

void FixedSizeReader::fit(const ImageView& image, std::span<std::uint8_t> out_hwc) {
  state_->check_size(out_hwc);
  state_->fit(image, out_hwc);
}

std::span<std::uint8_t> FixedSizeReader::scratch(std::size_t bytes) {
  state_->file.resize(bytes);
  return state_->file;
}

}  // namespace gradspace
