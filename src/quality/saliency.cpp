#include "quality/saliency.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/aligned_array.h"
#include "simd/row_filters.h"

namespace gradspace::quality {
namespace {

constexpr int kMapSide = 256;

/// Where a sample of an axis lies between two of another.
struct Between {
  int first = 0;
  int second = 0;
  float share = 0;  ///< of the second
};

Between between(double place, int size) {
  const double clamped = std::clamp(place, 0.0, static_cast<double>(size - 1));
  const int first = static_cast<int>(clamped);
  return {first, std::min(first + 1, size - 1), static_cast<float>(clamped - first)};
}

float mixed(float first, float second, float share) {
  return first + share * (second - first);
}

/// Where each of kMapSide samples lies among `size`, by their centres.
std::vector<Between> centres(int size) {
  std::vector<Between> places;
  for (int i = 0; i < kMapSide; ++i) {
    places.push_back(between((i + 0.5) * size / kMapSide - 0.5, size));
  }
  return places;
}

/// The image at kMapSide x kMapSide.
ColourPlanes resized(const Image& rgb) {
  ColourPlanes planes;
  planes.fill(Plane(kMapSide, kMapSide));
  const std::vector<Between> down = centres(rgb.height());
  const std::vector<Between> along = centres(rgb.width());
  std::vector<float> mixed_rows(rgb.row(0).size());
  for (int y = 0; y < kMapSide; ++y) {
    const Between& at = down[static_cast<std::size_t>(y)];
    const std::uint8_t* upper = rgb.row(at.first).data();
    const std::uint8_t* lower = rgb.row(at.second).data();
    for (std::size_t i = 0; i < mixed_rows.size(); ++i) {
      mixed_rows[i] = mixed(upper[i], lower[i], at.share);
    }
    for (std::size_t c = 0; c < planes.size(); ++c) {
      const float* samples = mixed_rows.data() + c;
      float* row = planes[c].row(y);
      for (std::size_t x = 0; x < kMapSide; ++x) {
        row[x] = mixed(samples[3 * along[x].first], samples[3 * along[x].second], along[x].share);
      }
    }
  }
  return planes;
}

/// sRGB to linear light, 0 to 1. The power 2.4 is the square of the number and of its fifth root.
void linearise(std::vector<float>& samples) {
  std::vector<float> roots(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] /= 255;
    roots[i] = (samples[i] + 0.055F) / 1.055F;
  }
  simd::take_roots(5, roots.data(), roots.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const float base = (samples[i] + 0.055F) / 1.055F * roots[i];
    samples[i] = samples[i] <= 0.04045F ? samples[i] / 12.92F : base * base;
  }
}

/// CIE's f: a cube root, and a line for what is dark.
void apply_lightness_curve(std::vector<float>& values) {
  constexpr float kDark = 0.008856F;
  std::vector<float> roots = values;
  simd::take_roots(3, roots.data(), roots.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = values[i] > kDark ? roots[i] : (903.3F * values[i] + 16) / 116;
  }
}

/// Interpolates between the map's rows; the map's corners are the image's.
class MapRows {
 public:
  MapRows(const Plane& map, int width, int height)
      : map_(map), height_(height), mixed_(static_cast<std::size_t>(map.width)) {
    for (int x = 0; x < width; ++x) {
      along_.push_back(between(place(x, width), map.width));
    }
  }

  /// Row `y` of the image into `row`.
  void read(int y, std::vector<float>& row) {
    const Between down = between(place(y, height_), map_.height);
    const float* upper = map_.row(down.first);
    const float* lower = map_.row(down.second);
    for (std::size_t x = 0; x < mixed_.size(); ++x) {
      mixed_[x] = mixed(upper[x], lower[x], down.share);
    }
    for (std::size_t x = 0; x < row.size(); ++x) {
      const Between& at = along_[x];
      row[x] = mixed(mixed_[static_cast<std::size_t>(at.first)],
                     mixed_[static_cast<std::size_t>(at.second)], at.share);
    }
  }

 private:
  static double place(int i, int size) {
    return size == 1 ? 0 : static_cast<double>(i) * (kMapSide - 1) / (size - 1);
  }

  const Plane& map_;
  int height_;
  std::vector<float> mixed_;
  std::vector<Between> along_;
};

/// The least and the largest of what it is shown.
class Extremes {
 public:
  void look_at(const std::vector<float>& values) {
    const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
    least_ = std::min(least_, *lowest);
    largest_ = std::max(largest_, *highest);
  }

  /// Takes the least to 0 and the largest to 1.
  void normalise(std::vector<float>& values) const {
    const float scale = 1 / (largest_ - least_ + std::numeric_limits<float>::epsilon());
    for (float& value : values) {
      value = (value - least_) * scale;
    }
  }

 private:
  float least_ = std::numeric_limits<float>::max();
  float largest_ = std::numeric_limits<float>::lowest();
};

/// Means over the grid's blocks of the map at the image's size, scaled by that size's extremes.
Plane block_means(const Plane& map, const Image& rgb, const BlockGrid& grid) {
  MapRows rows(map, rgb.width(), rgb.height());
  Plane means(grid.columns, grid.rows);
  std::vector<float> row(static_cast<std::size_t>(rgb.width()));
  std::vector<float> sums(row.size());
  Extremes extremes;
  for (int block_row = 0; block_row < grid.rows; ++block_row) {
    std::fill(sums.begin(), sums.end(), 0.0F);
    for (int i = 0; i < grid.size; ++i) {
      const int y = std::clamp(block_row * grid.size - grid.before + i, 0, rgb.height() - 1);
      rows.read(y, row);
      for (std::size_t x = 0; x < row.size(); ++x) {
        sums[x] += row[x];
      }
      extremes.look_at(row);
    }
    for (int column = 0; column < grid.columns; ++column) {
      float sum = 0;
      for (int i = 0; i < grid.size; ++i) {
        const int x = std::clamp(column * grid.size - grid.before + i, 0, rgb.width() - 1);
        sum += sums[static_cast<std::size_t>(x)];
      }
      means.row(block_row)[column] = sum / static_cast<float>(grid.size * grid.size);
    }
  }
  for (int y = grid.rows * grid.size - grid.before; y < rgb.height(); ++y) {  // in no block
    rows.read(y, row);
    extremes.look_at(row);
  }
  extremes.normalise(means.values);
  return means;
}

}  // namespace

void to_lab(ColourPlanes& planes) {
  // Of the sRGB primaries to XYZ, each row divided by the white point.
  constexpr double kWhiteX = 0.9642119944211994;
  constexpr double kWhiteZ = 0.8251882845188288;
  constexpr double kToWhite[3][3] = {
      {0.4124564 / kWhiteX, 0.3575761 / kWhiteX, 0.1804375 / kWhiteX},
      {0.2126729, 0.7151522, 0.0721750},
      {0.0193339 / kWhiteZ, 0.1191920 / kWhiteZ, 0.9503041 / kWhiteZ}};
  for (Plane& plane : planes) {
    linearise(plane.values);
  }
  for (std::size_t i = 0; i < planes[0].values.size(); ++i) {
    const float red = planes[0].values[i];
    const float green = planes[1].values[i];
    const float blue = planes[2].values[i];
    for (std::size_t c = 0; c < planes.size(); ++c) {
      planes[c].values[i] = static_cast<float>(kToWhite[c][0]) * red +
                            static_cast<float>(kToWhite[c][1]) * green +
                            static_cast<float>(kToWhite[c][2]) * blue;
    }
  }
  for (Plane& plane : planes) {
    apply_lightness_curve(plane.values);
  }
  for (std::size_t i = 0; i < planes[0].values.size(); ++i) {
    const float x = planes[0].values[i];
    const float y = planes[1].values[i];
    const float z = planes[2].values[i];
    planes[0].values[i] = 116 * y - 16;
    planes[1].values[i] = 500 * (x - y);
    planes[2].values[i] = 200 * (y - z);
  }
}

SaliencyModel::SaliencyModel() : fourier_(kMapSide, kMapSide), middle_(kMapSide, kMapSide) {
  constexpr double kCentre = 0.021;  // omega 0, sigma F and sigma D of the paper
  constexpr double kBandwidth = 1.34;
  constexpr double kSpread = 145;
  const std::size_t stride = simd::ComplexPlane::stride_for(kMapSide);
  band_pass_ = make_aligned<float>(kMapSide * stride);
  std::fill_n(band_pass_.get(), kMapSide * stride, 0.0F);
  const auto signed_index = [](int i) { return i < kMapSide / 2 ? i : i - kMapSide; };
  for (int y = 0; y < kMapSide; ++y) {
    for (int x = 0; x < kMapSide; ++x) {
      const double radius = std::hypot(signed_index(x), signed_index(y)) / kMapSide;
      const double octaves = std::log(radius / kCentre) / kBandwidth;
      const bool passes = radius > 0 && radius <= 0.5;
      band_pass_[static_cast<std::size_t>(x) * stride + static_cast<std::size_t>(y)] =
          passes ? static_cast<float>(std::exp(-octaves * octaves / 2)) : 0.0F;
      // The middle is half a pixel off, at the 127th of 0 to 255, as in the authors' code.
      const double away = std::hypot(x - kMapSide / 2 + 1, y - kMapSide / 2 + 1) / kSpread;
      middle_.row(y)[x] = static_cast<float>(std::exp(-away * away));
    }
  }
}

Plane SaliencyModel::small_map(const Image& rgb) const {
  constexpr float kColourSpread = 0.001F * 0.001F;  // sigma C of the paper, squared
  ColourPlanes lab = resized(rgb);
  to_lab(lab);
  // The filter is real and the same in all directions, so that two channels go through as one that is complex.
  simd::ComplexPlane two = fourier_.make_plane();
  simd::ComplexPlane one = fourier_.make_plane();
  for (int y = 0; y < kMapSide; ++y) {
    const std::size_t start = static_cast<std::size_t>(y) * two.stride();
    std::copy_n(lab[0].row(y), kMapSide, two.re() + start);
    std::copy_n(lab[1].row(y), kMapSide, two.im() + start);
    std::copy_n(lab[2].row(y), kMapSide, one.re() + start);
  }
  simd::ComplexPlane spectrum = fourier_.make_spectrum();
  for (simd::ComplexPlane* plane : {&two, &one}) {
    fourier_.forward(*plane, spectrum);
    fourier_.inverse(spectrum, band_pass_.get(), *plane);
  }
  for (Plane* chroma : {&lab[1], &lab[2]}) {
    Extremes extremes;
    extremes.look_at(chroma->values);
    extremes.normalise(chroma->values);
  }
  Plane map(kMapSide, kMapSide);
  for (int y = 0; y < kMapSide; ++y) {
    const std::size_t start = static_cast<std::size_t>(y) * two.stride();
    float* row = map.row(y);
    for (int x = 0; x < kMapSide; ++x) {
      const std::size_t place = start + static_cast<std::size_t>(x);
      const float band =
          std::sqrt(two.re()[place] * two.re()[place] + two.im()[place] * two.im()[place] +
                    one.re()[place] * one.re()[place]);
      const float a = lab[1].row(y)[x];
      const float b = lab[2].row(y)[x];
      const float warm = (a * a + b * b) / kColourSpread;
      constexpr float kAsGoodAsOne = 20;  // beyond which 1 - exp(-warm) is 1 in float32
      row[x] = band * middle_.row(y)[x] * (warm > kAsGoodAsOne ? 1 : -std::expm1(-warm));
    }
  }
  return map;
}

Plane SaliencyModel::saliency(const Image& rgb, const BlockGrid& grid) const {
  const std::span<const std::uint8_t> pixels = rgb.pixels();
  // Of an image that is flat, rounding would be all there is to see.
  if (std::equal(pixels.begin() + 3, pixels.end(), pixels.begin())) {
    return {grid.columns, grid.rows};
  }
  return block_means(small_map(rgb), rgb, grid);
}

}  // namespace gradspace::quality
