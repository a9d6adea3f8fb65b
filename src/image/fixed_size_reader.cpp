#include <fmt/format.h>

#include <vector>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/codec.h"
#include "image/raw_image.h"

namespace gradspace {

namespace {

/// An image between two passes of resizing that is larger than this is not kept for the next image.
constexpr std::size_t kMostKept = std::size_t{1} << 24;

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
}

void FixedSizeReader::decode(std::span<const std::uint8_t> bytes, std::string_view name,
                             std::span<std::uint8_t> out_hwc) {
  state_->check_size(out_hwc);
  codec::Pixels& pixels = state_->pixels;
  codec::decode(bytes, name, pixels);
  state_->fit({pixels.samples, pixels.width, pixels.height, pixels.channels, pixels.row_size()},
              out_hwc);
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
