#include "detect/one_class/image_features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <numbers>
#include <utility>

#include "simd/matrix_product.h"
#include "simd/transpose.h"

namespace gradspace {
namespace {

/// A picture in [0, 1] that was rounded to 8 bits has an error of this mean square: 1 / (12 x 255^2).
constexpr double kFloor = 1e-6;
constexpr std::size_t kBlocks = 7;  ///< a side of the grid of local energies
constexpr std::array kLocalQuantiles = {0.05, 0.25, 0.5, 0.75, 0.95};
constexpr std::array kToneQuantiles = {0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0};
/// Where rings of frequency begin, of the highest along an axis.
constexpr std::array kRings = {2.0 / 28, 4.0 / 28, 7.0 / 28, 11.0 / 28, 16.0 / 28, 22.0 / 28};

/// The ring of a frequency, given in shares of the highest along each axis.
std::size_t ring_of(double u, double v) {
  return static_cast<std::size_t>(std::ranges::upper_bound(kRings, std::hypot(u, v)) -
                                  kRings.begin());
}

/// The first byte of each level but the lowest.
constexpr std::array kLevelBegins = {1,   8,   16,  26,  39,  57,  77, 102,
                                     128, 153, 179, 204, 230, 248, 255};

/// Linear between the two values next to the place. `sorted` is not empty.
double quantile(std::span<const float> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) *
                             (static_cast<double>(sorted[above]) - sorted[below]);
}

/// The two-dimensional DCT of a plane, D_h x D_w^T: the same digits on every processor, so that a
/// detector fitted on one judges pictures alike on another.
std::vector<float> transform(std::span<const float> plane, std::size_t height, std::size_t width) {
  const auto rows = dct_matrix(height);
  const auto columns = dct_matrix(width);
  std::vector<float> half(height * width);
  std::vector<float> result(height * width);
  matrix_product(height, width, height, {rows->data(), height, 1}, plane.data(), width, half.data(),
                 width, Rounding::kEveryStep);
  matrix_product(height, width, width, {half.data(), width, 1},
                 transposed(width, width, columns->data()).data(), width, result.data(), width,
                 Rounding::kEveryStep);
  return result;
}

/// Log mean energies of the groups that `group(u / height, v / width)` sorts frequencies into.
template <typename Group>
void add_grouped_energies(const Planes& planes, std::size_t groups, Group group,
                          std::vector<double>& out) {
  for (std::size_t c = 0; c < planes.channels; ++c) {
    const std::vector<float> coefficients = transform(planes.plane(c), planes.height, planes.width);
    std::vector<double> sums(groups);
    std::vector<double> counts(groups);
    for (std::size_t u = 0; u < planes.height; ++u) {
      for (std::size_t v = u == 0 ? 1 : 0; v < planes.width; ++v) {
        const double value = coefficients[u * planes.width + v];
        const std::size_t k = group(static_cast<double>(u) / static_cast<double>(planes.height),
                                    static_cast<double>(v) / static_cast<double>(planes.width));
        sums[k] += value * value;
        counts[k] += 1;
      }
    }
    for (std::size_t k = 0; k < groups; ++k) {
      out.push_back(std::log(sums[k] / std::max(counts[k], 1.0) + kFloor));
    }
  }
}

/// Where `i` lies on a line of `n` samples that is mirrored at its ends.
std::size_t mirrored(std::ptrdiff_t i, std::ptrdiff_t n) {
  while (i < 0 || i >= n) {
    i = i < 0 ? -1 - i : 2 * n - 1 - i;
  }
  return static_cast<std::size_t>(i);
}

/// Each row out of those around it.
void blur_down(std::span<const float> in, std::span<float> out, std::size_t width,
               std::span<const float> kernel) {
  const std::size_t height = in.size() / width;
  const auto radius = static_cast<std::ptrdiff_t>(kernel.size() / 2);
  std::ranges::fill(out, 0.0F);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t k = 0; k < kernel.size(); ++k) {
      const std::size_t from = mirrored(static_cast<std::ptrdiff_t>(y + k) - radius,
                                        static_cast<std::ptrdiff_t>(height));
      for (std::size_t x = 0; x < width; ++x) {
        out[y * width + x] += kernel[k] * in[from * width + x];
      }
    }
  }
}

/// Each sample out of those to its left and right.
void blur_across(std::span<const float> in, std::span<float> out, std::size_t width,
                 std::span<const float> kernel) {
  const std::size_t radius = kernel.size() / 2;
  std::vector<float> line(width + 2 * radius);
  std::ranges::fill(out, 0.0F);
  for (std::size_t first = 0; first < in.size(); first += width) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      line[i] =
          in[first + mirrored(static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(radius),
                              static_cast<std::ptrdiff_t>(width))];
    }
    for (std::size_t k = 0; k < kernel.size(); ++k) {
      for (std::size_t x = 0; x < width; ++x) {
        out[first + x] += kernel[k] * line[x + k];
      }
    }
  }
}

/// Every plane blurred by a Gaussian cut off at three sigmas.
Planes blurred(const Planes& planes, double sigma) {
  const int radius = static_cast<int>(std::ceil(3 * sigma));
  std::vector<float> kernel;
  double sum = 0;
  for (int k = -radius; k <= radius; ++k) {
    sum += std::exp(-k * k / (2 * sigma * sigma));
  }
  for (int k = -radius; k <= radius; ++k) {
    kernel.push_back(static_cast<float>(std::exp(-k * k / (2 * sigma * sigma)) / sum));
  }
  Planes result = planes;
  std::vector<float> half(planes.area());
  for (std::size_t c = 0; c < planes.channels; ++c) {
    const std::span<float> out(result.values.data() + c * planes.area(), planes.area());
    blur_across(planes.plane(c), half, planes.width, kernel);
    blur_down(half, out, planes.width, kernel);
  }
  return result;
}

Planes difference(Planes a, const Planes& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    a.values[i] -= b.values[i];
  }
  return a;
}

void add_block_quantiles(const Planes& band, std::vector<double>& out) {
  const std::size_t rows = std::min(kBlocks, band.height);
  const std::size_t columns = std::min(kBlocks, band.width);
  for (std::size_t c = 0; c < band.channels; ++c) {
    const auto plane = band.plane(c);
    std::vector<float> energies;
    for (std::size_t block = 0; block < rows * columns; ++block) {
      const std::size_t by = block / columns;
      const std::size_t bx = block % columns;
      double sum = 0;
      double count = 0;
      for (std::size_t y = by * band.height / rows; y < (by + 1) * band.height / rows; ++y) {
        for (std::size_t x = bx * band.width / columns; x < (bx + 1) * band.width / columns; ++x) {
          const double value = plane[y * band.width + x];
          sum += value * value;
          count += 1;
        }
      }
      energies.push_back(static_cast<float>(std::log(sum / count + kFloor)));
    }
    std::ranges::sort(energies);
    for (const double share : kLocalQuantiles) {
      out.push_back(quantile(energies, share));
    }
  }
}

/// In place; three channels only.
void to_opponent_colours(Planes& planes) {
  if (planes.channels != 3) {
    return;
  }
  const std::size_t area = planes.area();
  float* values = planes.values.data();
  for (std::size_t i = 0; i < area; ++i) {
    const float r = values[i];
    const float g = values[area + i];
    const float b = values[2 * area + i];
    values[i] = (r + g + b) / std::sqrt(3.0F);
    values[area + i] = (r - g) / std::sqrt(2.0F);
    values[2 * area + i] = (r + g - 2 * b) / std::sqrt(6.0F);
  }
}

/// The image as it is, channel by channel.
Planes channel_planes(const Observations& observations, std::size_t i) {
  const Extent& extent = observations.input;
  Planes planes{static_cast<std::size_t>(extent.channels), static_cast<std::size_t>(extent.height),
                static_cast<std::size_t>(extent.width), std::vector<float>(extent.size())};
  const std::uint8_t* pixels = observations.pixels.data() + i * extent.size();
  for (std::size_t p = 0; p < planes.area(); ++p) {
    for (std::size_t c = 0; c < planes.channels; ++c) {
      planes.values[c * planes.area() + p] =
          static_cast<float>(pixels[p * planes.channels + c]) / 255.0F;
    }
  }
  return planes;
}

struct SampleMoments {
  double mean = 0;
  double deviation = 0;
};

SampleMoments sample_moments(std::span<const float> values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const double mean = sum / n;
  return {mean, std::sqrt(std::max(0.0, squares / n - mean * mean))};
}

}  // namespace

std::shared_ptr<const std::vector<float>> dct_matrix(std::size_t n) {
  static std::mutex mutex;
  static std::map<std::size_t, std::shared_ptr<const std::vector<float>>> known;
  const std::lock_guard lock(mutex);
  auto& entry = known[n];
  if (!entry) {
    std::vector<float> matrix(n * n);
    const auto size = static_cast<double>(n);
    for (std::size_t u = 0; u < n; ++u) {
      const double scale = std::sqrt((u == 0 ? 1.0 : 2.0) / size);
      for (std::size_t x = 0; x < n; ++x) {
        matrix[u * n + x] =
            static_cast<float>(scale * std::cos(std::numbers::pi * (static_cast<double>(x) + 0.5) *
                                                static_cast<double>(u) / size));
      }
    }
    entry = std::make_shared<const std::vector<float>>(std::move(matrix));
  }
  return entry;
}

Planes image_planes(const Observations& observations, std::size_t i) {
  Planes planes = channel_planes(observations, i);
  to_opponent_colours(planes);
  return planes;
}

Planes residual_planes(const Observations& observations, std::size_t i) {
  Planes planes = channel_planes(observations, i);
  const float* reconstruction = observations.reconstruction.data() + i * planes.values.size();
  for (std::size_t k = 0; k < planes.values.size(); ++k) {
    planes.values[k] -= reconstruction[k];
  }
  to_opponent_colours(planes);
  return planes;
}

void add_band_energies(const Planes& planes, std::size_t bands, std::vector<double>& out) {
  add_grouped_energies(
      planes, bands,
      [bands](double u, double v) {
        const double place = std::hypot(u, v) * static_cast<double>(bands);
        return std::min(static_cast<std::size_t>(place), bands - 1);
      },
      out);
}

void add_directional_energies(const Planes& planes, std::vector<double>& out) {
  constexpr std::size_t kDirections = 3;
  add_grouped_energies(
      planes, (kRings.size() + 1) * kDirections,
      [](double u, double v) {
        const std::size_t ring = ring_of(u, v);
        const double angle = std::atan2(u, v);
        const std::size_t direction = angle < std::numbers::pi / 8       ? 0U
                                      : angle < 3 * std::numbers::pi / 8 ? 1U
                                                                         : 2U;
        return ring * kDirections + direction;
      },
      out);
}

void add_band_correlations(const Planes& planes, std::vector<double>& out) {
  constexpr double kMostCorrelation = 0.999;  // where z is 3.8
  if (planes.channels != 3) {
    return;
  }
  std::array<std::vector<float>, 3> coefficients;
  for (std::size_t c = 0; c < 3; ++c) {
    coefficients[c] = transform(planes.plane(c), planes.height, planes.width);
  }
  /// Sums of products of channels a and b, by ring.
  std::array<std::array<std::array<double, kRings.size() + 1>, 3>, 3> sums{};
  std::array<double, kRings.size() + 1> counts{};
  for (std::size_t k = 1; k < planes.area(); ++k) {  // the mean is in none
    const std::size_t row = k / planes.width;
    const std::size_t column = k % planes.width;
    const std::size_t ring =
        ring_of(static_cast<double>(row) / static_cast<double>(planes.height),
                static_cast<double>(column) / static_cast<double>(planes.width));
    counts[ring] += 1;
    for (std::size_t a = 0; a < 3; ++a) {
      for (std::size_t b = a; b < 3; ++b) {
        sums[a][b][ring] += static_cast<double>(coefficients[a][k]) * coefficients[b][k];
      }
    }
  }
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = a + 1; b < 3; ++b) {
      for (std::size_t ring = 0; ring < counts.size(); ++ring) {
        const double floor = kFloor * std::max(counts[ring], 1.0);
        const double rho =
            sums[a][b][ring] / std::sqrt((sums[a][a][ring] + floor) * (sums[b][b][ring] + floor));
        out.push_back(std::atanh(std::clamp(rho, -kMostCorrelation, kMostCorrelation)));
      }
    }
  }
}

void add_levels(const Observations& observations, std::size_t i, std::vector<double>& out) {
  const auto channels = static_cast<std::size_t>(observations.input.channels);
  const std::size_t size = observations.input.size();
  const auto image = observations.pixels.subspan(i * size, size);
  std::vector<std::array<double, kLevelBegins.size() + 1>> counts(channels);
  for (std::size_t k = 0; k < size; ++k) {
    const auto above = std::ranges::upper_bound(kLevelBegins, static_cast<int>(image[k]));
    counts[k % channels][static_cast<std::size_t>(above - kLevelBegins.begin())] += 1;
  }
  const std::size_t area = size / channels;
  const auto samples = static_cast<double>(area);
  for (const auto& of_channel : counts) {
    for (const double count : of_channel) {
      out.push_back(std::log((count + 1) / samples));
    }
  }
}

void add_local_energies(const Planes& planes, std::vector<double>& out) {
  const Planes fine = blurred(planes, 1);
  add_block_quantiles(difference(planes, fine), out);
  add_block_quantiles(difference(fine, blurred(planes, 2)), out);
}

void add_channel_correlations(const Planes& planes, std::vector<double>& out) {
  Planes finer = planes;
  for (const double sigma : {1.0, 2.0, 4.0}) {
    const Planes coarser = blurred(planes, sigma);
    const Planes band = difference(std::move(finer), coarser);
    finer = coarser;
    for (std::size_t a = 0; a < band.channels; ++a) {
      for (std::size_t b = a + 1; b < band.channels; ++b) {
        double product = 0;
        for (std::size_t i = 0; i < band.area(); ++i) {
          product += static_cast<double>(band.plane(a)[i]) * band.plane(b)[i];
        }
        const SampleMoments of_a = sample_moments(band.plane(a));
        const SampleMoments of_b = sample_moments(band.plane(b));
        const double mean = product / static_cast<double>(band.area());
        out.push_back((mean - of_a.mean * of_b.mean) /
                      ((of_a.deviation + 1e-4) * (of_b.deviation + 1e-4)));
      }
    }
  }
}

void add_tones(const Observations& observations, std::size_t i, std::vector<double>& out) {
  const Planes channels = channel_planes(observations, i);
  double brightness = 0;
  for (std::size_t c = 0; c < channels.channels; ++c) {
    std::vector<float> sorted(channels.plane(c).begin(), channels.plane(c).end());
    std::ranges::sort(sorted);
    for (const double share : kToneQuantiles) {
      out.push_back(std::log(quantile(sorted, share) + 0.01));
    }
    brightness += sample_moments(sorted).mean / static_cast<double>(channels.channels);
  }
  out.push_back(std::log(brightness + 1e-3));
  const Planes planes = image_planes(observations, i);
  for (std::size_t c = 0; c < planes.channels; ++c) {
    const SampleMoments of_plane = sample_moments(planes.plane(c));
    out.push_back(of_plane.mean);
    out.push_back(std::log(of_plane.deviation + 1e-4));
  }
  if (channels.channels == 3) {
    double saturation = 0;
    for (std::size_t p = 0; p < channels.area(); ++p) {
      const auto [least, most] =
          std::minmax({channels.plane(0)[p], channels.plane(1)[p], channels.plane(2)[p]});
      saturation += static_cast<double>(most) - least;
    }
    out.push_back(std::log(saturation / static_cast<double>(channels.area()) + 1e-4));
  }
}

Matrix describe_images(
    const Observations& observations,
    const std::function<void(const Observations&, std::size_t i, std::vector<double>&)>& describe) {
  Matrix matrix;
  matrix.rows = observations.count;
  for (std::size_t i = 0; i < observations.count; ++i) {
    describe(observations, i, matrix.values);
  }
  matrix.columns = matrix.rows == 0 ? 0 : matrix.values.size() / matrix.rows;
  return matrix;
}

}  // namespace gradspace
