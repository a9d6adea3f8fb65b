#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/codec.h"
#include "image/colour.h"
#include "image/raw_image.h"

namespace gradspace {

struct FixedSizeReader::State {
  int width;
  int height;
  int channels;
  std::vector<std::uint8_t> file;
  codec::Pixels pixels;
  std::vector<std::uint8_t> grey;

  std::size_t area() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  }

  /// Colour is changed on the side with fewer channels to resize: each channel is resized alone, so
  /// grey may be repeated afterwards.
  void fit(std::span<const std::uint8_t> samples, int in_width, int in_height, int in_channels,
           std::span<std::uint8_t> out) {
    if (in_channels == 3 && channels == 1) {
      grey.resize(samples.size() / 3);
      colour::luma(samples, grey.data());
      samples = grey;
      in_channels = 1;
    }
    resize_samples(samples.data(), in_width, in_height, in_channels, width, height, out.data());
    if (in_channels == 1 && channels == 3) {
      colour::repeat_grey(out.first(area()), out.data());
    }
  }

  void check_size(std::span<const std::uint8_t> out) const {
    const std::size_t wanted = area() * static_cast<std::size_t>(channels);
    if (out.size() != wanted) {
      throw InvalidArgument(fmt::format("pixels of {}x{}x{} need {} bytes, got room for {}", width,
                                        height, channels, wanted, out.size()));
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
  return state_->area() * static_cast<std::size_t>(state_->channels);
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
  state_->fit(pixels.samples, pixels.width, pixels.height, pixels.channels, out_hwc);
}

void FixedSizeReader::fit(const Image& image, std::span<std::uint8_t> out_hwc) {
  state_->check_size(out_hwc);
  state_->fit(image.pixels(), image.width(), image.height(), image.channels(), out_hwc);
}

}  // namespace gradspace
