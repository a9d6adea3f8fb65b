// Luma and chroma into RGB, against the definitions in double precision.
#include "video/planes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/random.h"

namespace gradspace::video {
namespace {

/// The samples of a frame, as numbers.
struct Frame {
  PlaneFormat format;
  std::vector<std::vector<std::uint16_t>> planes;

  double at(std::size_t plane, int x, int y) const {
    const int width = plane == 0 ? format.width : format.chroma_width();
    const int height = plane == 0 ? format.height : format.chroma_height();
    x = std::clamp(x, 0, width - 1);
    y = std::clamp(y, 0, height - 1);
    return planes[plane][static_cast<std::size_t>(y * width + x)];
  }

  /// Bilinear interpolation, of chroma at the place of a pixel.
  double chroma_at(std::size_t plane, int x, int y) const {
    const auto place = [](int at, int log2_factor, bool centred) {
      const double factor = 1 << log2_factor;
      return (at - (centred ? (factor - 1) / 2 : 0)) / factor;
    };
    const double cx = place(x, format.log2_chroma_width, false);
    const double cy = place(y, format.log2_chroma_height, true);
    const int left = static_cast<int>(std::floor(cx));
    const int top = static_cast<int>(std::floor(cy));
    const double right_part = cx - left;
    const double lower_part = cy - top;
    const auto row = [&](int number) {
      return at(plane, left, number) * (1 - right_part) + at(plane, left + 1, number) * right_part;
    };
    return row(top) * (1 - lower_part) + row(top + 1) * lower_part;
  }
};

Frame random_frame(const PlaneFormat& format, std::uint64_t seed) {
  Frame frame{format, {}};
  Random random(seed);
  const auto add_plane = [&](int width, int height) {
    std::vector<std::uint16_t> plane(static_cast<std::size_t>(width * height));
    for (std::uint16_t& sample : plane) {
      sample = static_cast<std::uint16_t>(random.below(std::uint64_t{1} << format.bits));
    }
    frame.planes.push_back(std::move(plane));
  };
  add_plane(format.width, format.height);
  if (!format.grey) {
    add_plane(format.chroma_width(), format.chroma_height());
    add_plane(format.chroma_width(), format.chroma_height());
  }
  return frame;
}

Image converted(const Frame& frame) {
  std::vector<std::vector<std::uint8_t>> bytes;
  Planes planes;
  for (std::size_t i = 0; i < frame.planes.size(); ++i) {
    const std::size_t size = frame.format.sample_bytes();
    std::vector<std::uint8_t>& plane = bytes.emplace_back(frame.planes[i].size() * size);
    for (std::size_t j = 0; j < frame.planes[i].size(); ++j) {
      if (size == 1) {
        plane[j] = static_cast<std::uint8_t>(frame.planes[i][j]);
      } else {
        std::memcpy(plane.data() + 2 * j, &frame.planes[i][j], 2);
      }
    }
    planes.data[i] = plane.data();
    const int width = i == 0 ? frame.format.width : frame.format.chroma_width();
    planes.stride[i] = width * static_cast<std::ptrdiff_t>(size);
  }
  return PlaneConverter(frame.format).convert(planes);
}

/// R, G and B of a pixel before they are rounded, from the definition of the matrices: luma is the weighted sum of the
/// colours, chroma their scaled distance from it.
std::array<double, 3> expected(const Frame& frame, int x, int y) {
  const PlaneFormat& format = frame.format;
  const double unit = std::pow(2.0, format.bits - 8);
  const double largest = std::pow(2.0, format.bits) - 1;
  const double luma = format.full_range ? frame.at(0, x, y) / largest
                                        : (frame.at(0, x, y) - 16 * unit) / (219 * unit);
  if (format.grey) {
    return {255 * luma, 255 * luma, 255 * luma};
  }
  const double range = format.full_range ? largest : 224 * unit;
  const double blue_chroma = (frame.chroma_at(1, x, y) - 128 * unit) / range;
  const double red_chroma = (frame.chroma_at(2, x, y) - 128 * unit) / range;
  const double kr = format.matrix == ColourMatrix::kBt601   ? 0.299
                    : format.matrix == ColourMatrix::kBt709 ? 0.2126
                                                            : 0.2627;
  const double kb = format.matrix == ColourMatrix::kBt601   ? 0.114
                    : format.matrix == ColourMatrix::kBt709 ? 0.0722
                                                            : 0.0593;
  const double red = luma + red_chroma * 2 * (1 - kr);
  const double blue = luma + blue_chroma * 2 * (1 - kb);
  const double green = (luma - kr * red - kb * blue) / (1 - kr - kb);
  return {255 * red, 255 * green, 255 * blue};
}

void expect_by_definition(const Frame& frame) {
  const Image image = converted(frame);
  ASSERT_EQ(image.channels(), frame.format.grey ? 1 : 3);
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      const std::array<double, 3> exact = expected(frame, x, y);
      for (int c = 0; c < image.channels(); ++c) {
        const double clipped = std::clamp(exact[static_cast<std::size_t>(c)], 0.0, 255.0);
        // Half a step by rounding, and what float32 adds to it.
        EXPECT_NEAR(image.row(y)[static_cast<std::size_t>(x * image.channels() + c)], clipped,
                    0.5002)
            << x << ',' << y << ',' << c << " of " << words(frame.format);
      }
    }
  }
}

TEST(PlaneConverter, FollowsTheDefinitions) {
  std::uint64_t seed = 0;
  for (const int bits : {8, 10, 12, 16}) {
    for (const ColourMatrix matrix :
         {ColourMatrix::kBt601, ColourMatrix::kBt709, ColourMatrix::kBt2020}) {
      for (const bool full_range : {false, true}) {
        PlaneFormat format;
        format.width = 9;
        format.height = 7;
        format.bits = bits;
        format.matrix = matrix;
        format.full_range = full_range;
        expect_by_definition(random_frame(format, ++seed));  // 4:4:4
      }
    }
  }
}

TEST(PlaneConverter, InterpolatesChromaFromWhereItLies) {
  std::uint64_t seed = 100;
  for (const auto& [log2_x, log2_y] : {std::pair(1, 1), {1, 0}, {0, 1}, {2, 0}}) {
    for (const auto& [width, height] : {std::pair(1, 1), {2, 2}, {9, 7}, {16, 4}}) {
      PlaneFormat format;
      format.width = width;
      format.height = height;
      format.log2_chroma_width = log2_x;
      format.log2_chroma_height = log2_y;
      expect_by_definition(random_frame(format, ++seed));
    }
  }
}

TEST(PlaneConverter, MakesGreyOfLumaAlone) {
  for (const int bits : {8, 10}) {
    PlaneFormat format;
    format.width = 5;
    format.height = 3;
    format.bits = bits;
    format.grey = true;
    expect_by_definition(random_frame(format, 7));
  }
}

TEST(MatrixOfSize, IsThatOfTelevision) {
  EXPECT_EQ(matrix_of_size(720, 576), ColourMatrix::kBt601);
  EXPECT_EQ(matrix_of_size(1280, 536), ColourMatrix::kBt709);
  EXPECT_EQ(matrix_of_size(720, 577), ColourMatrix::kBt709);
}

}  // namespace
}  // namespace gradspace::video
