#include "photograph/picture.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "core/parallel.h"

namespace gradspace {
namespace {

/// Rows that a thread takes at a time.
constexpr std::size_t kRowGrain = 16;

std::vector<float> gaussian(float sigma) {
  const int radius = std::max(1, static_cast<int>(std::ceil(3 * sigma)));
  std::vector<float> kernel;
  float sum = 0;
  for (int k = -radius; k <= radius; ++k) {
    kernel.push_back(std::exp(-static_cast<float>(k * k) / (2 * sigma * sigma)));
    sum += kernel.back();
  }
  for (float& weight : kernel) {
    weight /= sum;
  }
  return kernel;
}

std::size_t held_within(std::ptrdiff_t i, std::size_t count) {
  return static_cast<std::size_t>(
      std::clamp<std::ptrdiff_t>(i, 0, static_cast<std::ptrdiff_t>(count) - 1));
}

/// Each sample out of those `step` samples apart in its row.
void blur_row(std::span<const float> in, std::span<float> out, std::size_t channels,
              std::span<const float> kernel) {
  const std::size_t radius = kernel.size() / 2;
  const std::size_t width = in.size() / channels;
  std::vector<float> padded((width + 2 * radius) * channels);
  for (std::size_t x = 0; x < width + 2 * radius; ++x) {
    const std::size_t from = held_within(static_cast<std::ptrdiff_t>(x - radius), width);
    std::copy_n(&in[from * channels], channels, &padded[x * channels]);
  }
  std::ranges::fill(out, 0.0F);
  for (std::size_t k = 0; k < kernel.size(); ++k) {
    const float* shifted = &padded[k * channels];
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] += kernel[k] * shifted[i];
    }
  }
}

float cubic_step(float t) {
  return t * t * (3 - 2 * t);
}

}  // namespace

Picture picture_of(const Image& image) {
  return {static_cast<std::size_t>(image.width()),
          static_cast<std::size_t>(image.height()),
          static_cast<std::size_t>(image.channels()),
          {image.pixels().begin(), image.pixels().end()}};
}

Image image_of(const Picture& picture) {
  std::vector<std::uint8_t> bytes(picture.values.size());
  std::ranges::transform(picture.values, bytes.begin(), [](float value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F) + 0.5F);
  });
  return {static_cast<int>(picture.width), static_cast<int>(picture.height),
          static_cast<int>(picture.channels), std::move(bytes)};
}

std::vector<float> smooth_field(std::size_t width, std::size_t height, int cells, Random& random) {
  const auto side = static_cast<std::size_t>(cells) + 1;
  std::vector<float> corners(side * side);
  for (float& value : corners) {
    value = static_cast<float>(random.uniform());
  }
  // Stretched, so that there is something near 0 and near 1.
  const auto [low, high] = std::ranges::minmax(corners);
  for (float& value : corners) {
    value = (value - low) / std::max(high - low, 1e-6F);
  }
  std::vector<float> field(width * height);
  for (std::size_t y = 0; y < height; ++y) {
    const float v = static_cast<float>(y) / static_cast<float>(height) * static_cast<float>(cells);
    const auto row = static_cast<std::size_t>(v);
    const float down = cubic_step(v - static_cast<float>(row));
    for (std::size_t x = 0; x < width; ++x) {
      const float u = static_cast<float>(x) / static_cast<float>(width) * static_cast<float>(cells);
      const auto column = static_cast<std::size_t>(u);
      const float across = cubic_step(u - static_cast<float>(column));
      const float* corner = &corners[row * side + column];
      const float above = corner[0] + across * (corner[1] - corner[0]);
      const float below = corner[side] + across * (corner[side + 1] - corner[side]);
      field[y * width + x] = above + down * (below - above);
    }
  }
  return field;
}

void blur(Picture& picture, float sigma) {
  const std::vector<float> kernel = gaussian(sigma);
  const std::size_t row_size = picture.width * picture.channels;
  std::vector<float> across(picture.values.size());
  parallel_for_ranges(picture.height, kRowGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t y = begin; y < end; ++y) {
      blur_row(std::span(picture.values).subspan(y * row_size, row_size),
               std::span(across).subspan(y * row_size, row_size), picture.channels, kernel);
    }
  });
  const auto radius = static_cast<std::ptrdiff_t>(kernel.size() / 2);
  parallel_for_ranges(picture.height, kRowGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t y = begin; y < end; ++y) {
      float* out = &picture.values[y * row_size];
      std::fill_n(out, row_size, 0.0F);
      for (std::size_t k = 0; k < kernel.size(); ++k) {
        const std::size_t from =
            held_within(static_cast<std::ptrdiff_t>(y + k) - radius, picture.height);
        const float* in = &across[from * row_size];
        for (std::size_t i = 0; i < row_size; ++i) {
          out[i] += kernel[k] * in[i];
        }
      }
    }
  });
}

void smear(Picture& picture, float length, float degrees) {
  const auto steps = static_cast<int>(std::ceil(length));
  const float radians = degrees * std::numbers::pi_v<float> / 180;
  const Picture sharp = picture;
  std::ranges::fill(picture.values, 0.0F);
  const std::size_t channels = picture.channels;
  for (int k = 0; k <= steps; ++k) {
    const float along = length * (static_cast<float>(k) / static_cast<float>(steps) - 0.5F);
    const auto dx = static_cast<std::ptrdiff_t>(std::lround(along * std::cos(radians)));
    const auto dy = static_cast<std::ptrdiff_t>(std::lround(along * std::sin(radians)));
    parallel_for_ranges(picture.height, kRowGrain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t y = begin; y < end; ++y) {
        const std::size_t row =
            held_within(static_cast<std::ptrdiff_t>(y) + dy, picture.height) * picture.width;
        for (std::size_t x = 0; x < picture.width; ++x) {
          const std::size_t from =
              row + held_within(static_cast<std::ptrdiff_t>(x) + dx, picture.width);
          for (std::size_t c = 0; c < channels; ++c) {
            picture.values[(y * picture.width + x) * channels + c] +=
                sharp.values[from * channels + c] / static_cast<float>(steps + 1);
          }
        }
      }
    });
  }
}

void normalise(Picture& picture) {
  double sum = 0;
  double squares = 0;
  for (const double value : picture.values) {
    sum += value;
    squares += value * value;
  }
  const auto count = static_cast<double>(picture.values.size());
  const double mean = sum / count;
  const double deviation = std::sqrt(std::max(squares / count - mean * mean, 1e-30));
  for (float& value : picture.values) {
    value = static_cast<float>((value - mean) / deviation);
  }
}

}  // namespace gradspace
