#include "photograph/descriptor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "detect/one_class/image_features.h"
#include "simd/matrix_product.h"
#include "simd/transpose.h"

namespace gradspace {
namespace {

/// A picture in [0, 1] that was rounded to 8 bits has an error of about this mean square.
constexpr float kFloor = 1e-6F;
/// Where rings of frequency begin, of the highest along an axis.
constexpr std::array kRingBegins = {2.0 / 28, 4.0 / 28, 7.0 / 28, 11.0 / 28, 16.0 / 28, 22.0 / 28};
static_assert(kRingBegins.size() + 1 == kTileBands);

std::size_t band_of(double u, double v) {
  const double radius = std::sqrt(u * u + v * v);
  return static_cast<std::size_t>(
      std::ranges::count_if(kRingBegins, [radius](double begin) { return radius >= begin; }));
}

/// Luma and two opponent colours out of red, green and blue.
constexpr std::array<std::array<float, 3>, 3> kOpponents = {
    {{0.299F, 0.587F, 0.114F}, {0.5F, 0, -0.5F}, {-0.25F, 0.5F, -0.25F}}};

void to_opponents(std::span<const float> rgb, std::size_t area, float* out) {
  const float* red = rgb.data();
  const float* green = red + area;
  const float* blue = green + area;
  for (const auto& row : kOpponents) {
    for (std::size_t p = 0; p < area; ++p) {
      out[p] = row[0] * red[p] + row[1] * green[p] + row[2] * blue[p];
    }
    out += area;
  }
}

/// Linear between the two values next to the place of the share. Values before `from` are no larger than those after; it
/// sorts no more than it must and returns from where on the next larger share may go.
std::size_t take_quantile(std::span<float> values, double share, std::size_t from, float& out) {
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto at = [&values](std::size_t i) {
    return values.begin() + static_cast<std::ptrdiff_t>(i);
  };
  std::nth_element(at(from), at(below), values.end());
  const float above =
      below + 1 < values.size() ? *std::min_element(at(below + 1), values.end()) : values[below];
  out = values[below] +
        static_cast<float>(place - static_cast<double>(below)) * (above - values[below]);
  return below;
}

using Histogram = std::array<std::uint64_t, 256>;

/// The least value that this share of all is not over, in [0, 1].
float quantile(const Histogram& histogram, std::uint64_t count, double share) {
  const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count - 1)) + 1;
  std::uint64_t below = 0;
  for (std::size_t value = 0; value < histogram.size(); ++value) {
    below += histogram[value];
    if (below >= wanted) {
      return static_cast<float>(value) / 255;
    }
  }
  return 1;
}

}  // namespace

TileEnergies::TileEnergies(const Extent& extent)
    : extent_(extent),
      columns_(static_cast<std::size_t>(extent.channels) * kTileBands + kTileBands - 1) {
  const auto height = static_cast<std::size_t>(extent.height);
  const auto width = static_cast<std::size_t>(extent.width);
  across_ = transposed(width, width, dct_matrix(width)->data());
  down_ = *dct_matrix(height);
  std::array<float, kTileBands> counts{};
  for (std::size_t u = 0; u < height; ++u) {
    for (std::size_t v = u == 0 ? 1 : 0; v < width; ++v) {  // the mean is in no band
      const std::size_t band = band_of(static_cast<double>(u) / static_cast<double>(height),
                                       static_cast<double>(v) / static_cast<double>(width));
      counts[band] += 1;
      if (segments_.empty() || segments_.back().row != u || segments_.back().band != band) {
        segments_.push_back({u, v, v, band});
      }
      segments_.back().end = v + 1;
    }
  }
  for (const float count : counts) {
    reciprocal_counts_.push_back(1 / std::max(count, 1.0F));
  }
}

void TileEnergies::compute(std::span<const float> tiles_nchw, std::span<float> out) {
  const auto height = static_cast<std::size_t>(extent_.height);
  const auto width = static_cast<std::size_t>(extent_.width);
  const auto channels = static_cast<std::size_t>(extent_.channels);
  const std::size_t area = height * width;
  const std::size_t tiles = tiles_nchw.size() / extent_.size();
  planes_.resize(tiles_nchw.size());
  half_.resize(tiles_nchw.size());
  coefficients_.resize(area);
  const float* planes = tiles_nchw.data();
  if (channels == kOpponents.size()) {
    for (std::size_t i = 0; i < tiles; ++i) {
      to_opponents(tiles_nchw.subspan(i * extent_.size(), extent_.size()), area,
                   &planes_[i * extent_.size()]);
    }
    planes = planes_.data();
  }
  // Along the rows of all planes at once, then down each plane.
  matrix_product(tiles * channels * height, width, width, {planes, width, 1}, across_.data(), width,
                 half_.data(), width);
  for (std::size_t plane = 0; plane < tiles * channels; ++plane) {
    matrix_product(height, width, height, {down_.data(), height, 1}, &half_[plane * area], width,
                   coefficients_.data(), width);
    squares_.assign(kTileBands * width, 0.0F);
    for (const Segment& segment : segments_) {
      float* sums = &squares_[segment.band * width];
      const float* row = &coefficients_[segment.row * width];
      for (std::size_t v = segment.begin; v < segment.end; ++v) {
        sums[v] += row[v] * row[v];
      }
    }
    float* energies = &out[plane / channels * columns_ + plane % channels * kTileBands];
    for (std::size_t band = 0; band < kTileBands; ++band) {
      const auto sums = std::span(squares_).subspan(band * width, width);
      const float sum = std::accumulate(sums.begin(), sums.end(), 0.0F);
      energies[band] = std::log(sum * reciprocal_counts_[band] + kFloor);
    }
  }
  for (std::size_t i = 0; i < tiles; ++i) {
    float* own = &out[i * columns_];
    for (std::size_t band = 0; band + 1 < kTileBands; ++band) {
      own[channels * kTileBands + band] = own[band + 1] - own[band];
    }
  }
}

void append_summary(std::span<const float> table, std::size_t columns, std::vector<float>& out) {
  const std::size_t tiles = table.size() / columns;
  std::vector<float> column(tiles);
  for (std::size_t k = 0; k < columns; ++k) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < tiles; ++i) {
      column[i] = table[i * columns + k];
      sum += column[i];
      squares += static_cast<double>(column[i]) * column[i];
    }
    const double mean = sum / static_cast<double>(tiles);
    out.push_back(static_cast<float>(mean));
    out.push_back(static_cast<float>(
        std::sqrt(std::max(squares / static_cast<double>(tiles) - mean * mean, 0.0))));
    std::size_t from = 0;
    for (const double share : {0.02, 0.1, 0.5, 0.9, 0.98}) {
      from = take_quantile(column, share, from, out.emplace_back());
    }
  }
}

void append_blocking(const ImageView& photograph, std::vector<float>& out) {
  constexpr std::size_t kPhases = 8;
  std::array<double, kPhases> across{};
  std::array<double, kPhases> down{};
  const auto channels = static_cast<std::size_t>(photograph.channels());
  const std::size_t sample = channels == 1 ? 0 : 1;  // green
  for (int y = 0; y < photograph.height(); ++y) {
    const auto row = photograph.row(y);
    const auto above = photograph.row(std::max(y - 1, 0));
    double changed = 0;
    for (std::size_t x = 0; x * channels < row.size(); ++x) {
      const int here = row[x * channels + sample];
      changed += std::abs(here - above[x * channels + sample]);
      if (x > 0) {
        across[x % kPhases] += std::abs(here - row[(x - 1) * channels + sample]);
      }
    }
    down[static_cast<std::size_t>(y) % kPhases] += changed;
  }
  for (std::array<double, kPhases>* phases : {&across, &down}) {
    std::ranges::sort(*phases);
    const double median = ((*phases)[3] + (*phases)[4]) / 2;
    out.push_back(static_cast<float>(std::log((phases->back() + 1) / (median + 1))));
  }
}

void append_tones(const ImageView& photograph, std::vector<float>& out) {
  Histogram luma{};
  Histogram saturation{};
  Histogram least{};
  const auto channels = static_cast<std::size_t>(photograph.channels());
  const bool bgr = photograph.order() == ChannelOrder::kBgr;
  for (int y = 0; y < photograph.height(); ++y) {
    const std::span<const std::uint8_t> row = photograph.row(y);
    for (std::size_t x = 0; x < row.size(); x += channels) {
      const unsigned a = row[x];
      const unsigned b = channels == 1 ? a : row[x + 1];
      const unsigned c = channels == 1 ? a : row[x + 2];
      const unsigned red = bgr ? c : a;
      const unsigned blue = bgr ? a : c;
      ++luma[(299 * red + 587 * b + 114 * blue + 500) / 1000];
      ++saturation[std::max({a, b, c}) - std::min({a, b, c})];
      ++least[std::min({a, b, c})];
    }
  }
  const std::uint64_t count = static_cast<std::uint64_t>(photograph.width()) *
                              static_cast<std::uint64_t>(photograph.height());
  for (const double share : {0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0}) {
    out.push_back(quantile(luma, count, share));
  }
  for (const double share : {0.05, 0.5, 0.95}) {
    out.push_back(quantile(saturation, count, share));
  }
  for (const double share : {0.0, 0.01, 0.1}) {
    out.push_back(quantile(least, count, share));
  }
}

}  // namespace gradspace
