#include "video/planes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace gradspace::video {
namespace {

/// The parts of red and blue in luma; green has the rest.
struct LumaParts {
  double red;
  double blue;
};

LumaParts luma_parts(ColourMatrix matrix) {
  switch (matrix) {
    case ColourMatrix::kBt709:
      return {0.2126, 0.0722};
    case ColourMatrix::kBt2020:
      return {0.2627, 0.0593};
    case ColourMatrix::kBt601:
      break;
  }
  return {0.299, 0.114};
}

std::uint8_t rounded(float value) {
  return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
}

/// (value - offset) * scale of `count` samples.
void scale_samples(const std::uint8_t* samples, std::size_t sample_bytes, std::size_t count,
                   float offset, float scale, float* out) {
  if (sample_bytes == 1) {
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = (static_cast<float>(samples[i]) - offset) * scale;
    }
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t value = 0;
    std::memcpy(&value, samples + 2 * i, 2);
    out[i] = (static_cast<float>(value) - offset) * scale;
  }
}

int divided(int size, int log2_factor) {
  return static_cast<int>((std::int64_t{size} + (1 << log2_factor) - 1) >> log2_factor);
}

}  // namespace

int PlaneFormat::chroma_width() const {
  return grey ? 0 : divided(width, log2_chroma_width);
}

int PlaneFormat::chroma_height() const {
  return grey ? 0 : divided(height, log2_chroma_height);
}

std::string words(const PlaneFormat& format) {
  std::string sampling = "grey";
  if (!format.grey) {
    const int x = format.log2_chroma_width;
    const int y = format.log2_chroma_height;
    sampling = fmt::format("4:{}:{}", 4 >> x, y == 0 ? 4 >> x : 0);
  }
  return fmt::format("{}, {} bits, {} range", sampling, format.bits,
                     format.full_range ? "full" : "limited");
}

PlaneConverter::PlaneConverter(const PlaneFormat& format) : format_(format) {
  constexpr double kWhite = 255;
  const double levels = std::ldexp(1.0, format.bits);
  const double unit = levels / 256;  // of the limits, which are those of 8 bits
  luma_offset_ = static_cast<float>(format.full_range ? 0 : 16 * unit);
  luma_scale_ = static_cast<float>(kWhite / (format.full_range ? levels - 1 : 219 * unit));
  chroma_offset_ = static_cast<float>(levels / 2);
  chroma_scale_ = static_cast<float>(kWhite / (format.full_range ? levels - 1 : 224 * unit));
}

void PlaneConverter::make_room() {
  const auto width = static_cast<std::size_t>(format_.width);
  if (luma_.size() == width) {
    return;
  }
  luma_.resize(width);
  if (!format_.grey) {
    blue_.resize(width);
    red_.resize(width);
    between_rows_.resize(static_cast<std::size_t>(format_.chroma_width()));
    for (int x = 0; x < format_.width; ++x) {
      columns_.push_back(
          place(x, format_.log2_chroma_width, /*centred=*/false, format_.chroma_width()));
    }
  }
}

PlaneConverter::Between PlaneConverter::place(int at, int log2_factor, bool centred, int count) {
  const int factor = 1 << log2_factor;
  const float offset = centred ? 0.5F * static_cast<float>(factor - 1) : 0.0F;
  const float position = (static_cast<float>(at) - offset) / static_cast<float>(factor);
  const float below = std::floor(position);
  const int first = static_cast<int>(below);
  return {std::clamp(first, 0, count - 1), std::clamp(first + 1, 0, count - 1), position - below};
}

void PlaneConverter::luma_row(const Planes& planes, int y) {
  scale_samples(planes.data[0] + y * planes.stride[0], format_.sample_bytes(), luma_.size(),
                luma_offset_, luma_scale_, luma_.data());
}

void PlaneConverter::chroma_row(const Planes& planes, std::size_t plane, int y,
                                std::vector<float>& out) {
  const Between rows =
      place(y, format_.log2_chroma_height, /*centred=*/true, format_.chroma_height());
  const auto row = [&](int number) { return planes.data[plane] + number * planes.stride[plane]; };
  const std::size_t count = between_rows_.size();
  scale_samples(row(rows.first), format_.sample_bytes(), count, chroma_offset_, chroma_scale_,
                between_rows_.data());
  if (rows.weight > 0 && rows.second != rows.first) {
    // `out` has room for more than a row of chroma.
    scale_samples(row(rows.second), format_.sample_bytes(), count, chroma_offset_, chroma_scale_,
                  out.data());
    for (std::size_t i = 0; i < count; ++i) {
      between_rows_[i] += (out[i] - between_rows_[i]) * rows.weight;
    }
  }
  if (format_.log2_chroma_width == 0) {
    std::ranges::copy(between_rows_, out.begin());
    return;
  }
  for (std::size_t x = 0; x < out.size(); ++x) {
    const float first = between_rows_[static_cast<std::size_t>(columns_[x].first)];
    const float second = between_rows_[static_cast<std::size_t>(columns_[x].second)];
    out[x] = first + (second - first) * columns_[x].weight;
  }
}

void PlaneConverter::write_rgb(std::uint8_t* out) const {
  const LumaParts parts = luma_parts(format_.matrix);
  const double green = 1 - parts.red - parts.blue;
  const auto red_of_red = static_cast<float>(2 * (1 - parts.red));
  const auto blue_of_blue = static_cast<float>(2 * (1 - parts.blue));
  const auto green_of_red = static_cast<float>(2 * (1 - parts.red) * parts.red / green);
  const auto green_of_blue = static_cast<float>(2 * (1 - parts.blue) * parts.blue / green);
  for (std::size_t x = 0; x < luma_.size(); ++x) {
    out[3 * x] = rounded(luma_[x] + red_of_red * red_[x]);
    out[3 * x + 1] = rounded(luma_[x] - green_of_red * red_[x] - green_of_blue * blue_[x]);
    out[3 * x + 2] = rounded(luma_[x] + blue_of_blue * blue_[x]);
  }
}

Image PlaneConverter::convert(const Planes& planes) {
  make_room();
  Image image(format_.width, format_.height, format_.grey ? 1 : 3);
  for (int y = 0; y < format_.height; ++y) {
    luma_row(planes, y);
    std::uint8_t* const out = image.row(y).data();
    if (format_.grey) {
      std::ranges::transform(luma_, out, rounded);
      continue;
    }
    chroma_row(planes, 1, y, blue_);
    chroma_row(planes, 2, y, red_);
    write_rgb(out);
  }
  return image;
}

}  // namespace gradspace::video
