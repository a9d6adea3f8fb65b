#include "quality/phase_congruency.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "core/aligned_array.h"

namespace gradspace::quality {
namespace {

/// Signed frequency of element `i` of a spectrum of `size` elements. Of an odd number it reaches one half, as in
/// Kovesi's code.
double frequency(std::size_t i, std::size_t size) {
  const auto signed_index =
      static_cast<double>(i) - (i < (size + 1) / 2 ? 0.0 : static_cast<double>(size));
  const std::size_t divisor = size % 2 == 0 ? size : std::max<std::size_t>(size - 1, 1);
  return signed_index / static_cast<double>(divisor);
}

/// A log-Gabor filter's gain at a radius that is not zero, the low pass included.
double radial_gain(double radius, std::size_t scale) {
  constexpr double kShortestWave = 6;
  constexpr double kSigma = 0.55;
  constexpr double kCutoff = 0.45;
  constexpr double kTwiceOrder = 30;
  const double wave = kShortestWave * std::exp2(static_cast<double>(scale));
  const double octaves = std::log(radius * wave) / std::log(kSigma);
  return std::exp(-octaves * octaves / 2) / (1 + std::pow(radius / kCutoff, kTwiceOrder));
}

double angular_gain(double angle, std::size_t orientation) {
  constexpr double kSigma = std::numbers::pi / kPhaseOrientations / 1.2;
  const double away =
      angle - static_cast<double>(orientation) * std::numbers::pi / kPhaseOrientations;
  const double distance = std::abs(std::atan2(std::sin(away), std::cos(away)));
  return std::exp(-distance * distance / (2 * kSigma * kSigma));
}

}  // namespace

float lower_median(const std::vector<float>& values) {
  // Floats that are not negative are ordered as their bits are. The twelve highest tell which run of values the
  // median is in.
  constexpr unsigned kShift = 20;
  const auto run_of = [](float value) { return std::bit_cast<std::uint32_t>(value) >> kShift; };
  std::vector<std::size_t> counts(std::size_t{1} << (32 - kShift));
  for (const float value : values) {
    ++counts[run_of(value)];
  }
  std::size_t rank = (values.size() - 1) / 2;
  std::uint32_t run = 0;
  for (; rank >= counts[run]; ++run) {
    rank -= counts[run];
  }
  std::vector<float> candidates;
  candidates.reserve(counts[run]);
  std::copy_if(values.begin(), values.end(), std::back_inserter(candidates),
               [&](float value) { return run_of(value) == run; });
  const auto middle = candidates.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(candidates.begin(), middle, candidates.end());
  return *middle;
}

LogGaborFilters::LogGaborFilters(int width, int height)
    : fourier_(static_cast<std::size_t>(height), static_cast<std::size_t>(width)),
      stride_(simd::ComplexPlane::stride_for(static_cast<std::size_t>(height))) {
  for (Filter& filter : radial_) {
    filter = make_filter();
  }
  for (Filter& filter : angular_) {
    filter = make_filter();
  }
  for (std::size_t u = 0; u < fourier_.columns(); ++u) {
    for (std::size_t v = 0; v < fourier_.rows(); ++v) {
      const double x = frequency(u, fourier_.columns());
      const double y = frequency(v, fourier_.rows());
      const double angle = std::atan2(-y, x);
      const std::size_t place = u * stride_ + v;
      for (std::size_t i = 0; i < angular_.size(); ++i) {
        angular_[i][place] = static_cast<float>(angular_gain(angle, i));
      }
      for (std::size_t i = 0; i < radial_.size() && place > 0; ++i) {
        radial_[i][place] = static_cast<float>(radial_gain(std::hypot(x, y), i));
      }
    }
  }
  find_noise();
}

LogGaborFilters::Filter LogGaborFilters::make_filter() const {
  const std::size_t size = fourier_.columns() * stride_;
  Filter filter = make_aligned<float>(size);
  std::fill_n(filter.get(), size, 0.0F);
  return filter;
}

/// Kovesi's estimate of the energy that noise has: the median of the finest scale's squares tells the noise's
/// power, and the even parts of the filters, whose sums over the picture are sums over the spectrum too, what
/// becomes of it.
void LogGaborFilters::find_noise() {
  constexpr double kDeviations = 2;
  constexpr double kOverestimate = 1.7;
  const std::size_t columns = fourier_.columns();
  const std::size_t rows = fourier_.rows();
  for (std::size_t i = 0; i < noise_.size(); ++i) {
    const float* angular = angular_[i].get();
    double finest = 0;
    double joined = 0;
    for (std::size_t u = 0; u < columns; ++u) {
      for (std::size_t v = 0; v < rows; ++v) {
        const std::size_t place = u * stride_ + v;
        const std::size_t opposite = (columns - u) % columns * stride_ + (rows - v) % rows;
        double all = 0;
        for (const Filter& radial : radial_) {
          all += (double{radial[place]} * angular[place] +
                  double{radial[opposite]} * angular[opposite]) /
                 2;
        }
        joined += all * all;
        const double gain = double{radial_[0][place]} * angular[place];
        finest += gain * gain;
      }
    }
    const double power = finest > 0 ? 1 / (std::numbers::ln2 * finest) : 0;  // of a median of 1
    const double tau = std::sqrt(power * joined);
    const double pi = std::numbers::pi;
    noise_[i] = static_cast<float>(tau * (std::sqrt(pi / 2) + kDeviations * std::sqrt(2 - pi / 2)) /
                                   kOverestimate);
  }
}

Plane LogGaborFilters::phase_congruency(const Plane& plane) const {
  constexpr float kTiny = 1e-4F;  // far below what an edge gives, far above what rounding does
  const std::size_t width = fourier_.columns();
  simd::ComplexPlane image = fourier_.make_plane();
  // No filter lets the mean pass. Without it, an image that is flat has no features to the last digit.
  const double sum = sum_of(plane.values.size(), [&](std::size_t i) { return plane.values[i]; });
  const auto mean = static_cast<float>(sum / static_cast<double>(plane.values.size()));
  for (int y = 0; y < plane.height; ++y) {
    float* row = image.re() + static_cast<std::size_t>(y) * image.stride();
    std::transform(plane.row(y), plane.row(y) + width, row,
                   [mean](float value) { return value - mean; });
  }
  simd::ComplexPlane spectrum = fourier_.make_spectrum();
  fourier_.forward(image, spectrum);
  simd::ComplexPlane oriented = fourier_.make_spectrum();
  std::vector<simd::ComplexPlane> responses;
  for (std::size_t scale = 0; scale < kPhaseScales; ++scale) {
    responses.push_back(fourier_.make_plane());
  }
  simd::ComplexPlane sums = fourier_.make_plane();  // energy and amplitude
  std::vector<float> squares(plane.values.size());
  for (std::size_t i = 0; i < kPhaseOrientations; ++i) {
    for (std::size_t place = 0; place < width * stride_; ++place) {
      oriented.re()[place] = angular_[i][place] * spectrum.re()[place];
      oriented.im()[place] = angular_[i][place] * spectrum.im()[place];
    }
    for (std::size_t scale = 0; scale < kPhaseScales; ++scale) {
      fourier_.inverse(oriented, radial_[scale].get(), responses[scale]);
    }
    for (std::size_t y = 0; y < fourier_.rows(); ++y) {
      const float* even = responses[0].re() + y * image.stride();
      const float* odd = responses[0].im() + y * image.stride();
      for (std::size_t x = 0; x < width; ++x) {
        squares[y * width + x] = even[x] * even[x] + odd[x] * odd[x];
      }
    }
    const float threshold = noise_[i] * std::sqrt(lower_median(squares));
    for (std::size_t y = 0; y < fourier_.rows(); ++y) {
      const std::size_t start = y * image.stride();
      PhaseResponses row;
      for (std::size_t scale = 0; scale < kPhaseScales; ++scale) {
        row.even[scale] = responses[scale].re() + start;
        row.odd[scale] = responses[scale].im() + start;
      }
      add_phase_energy(row, threshold, sums.re() + start, sums.im() + start, width);
    }
  }
  Plane congruency(plane.width, plane.height);
  for (int y = 0; y < plane.height; ++y) {
    const std::size_t start = static_cast<std::size_t>(y) * sums.stride();
    float* row = congruency.row(y);
    for (std::size_t x = 0; x < width; ++x) {
      row[x] = sums.re()[start + x] / (sums.im()[start + x] + kTiny);
    }
  }
  return congruency;
}

std::shared_ptr<const LogGaborFilters> LogGaborShelf::filters(int width, int height) {
  const std::scoped_lock lock(mutex_);
  if (last_ == nullptr || last_->width() != width || last_->height() != height) {
    last_ = std::make_shared<const LogGaborFilters>(width, height);
  }
  return last_;
}

}  // namespace gradspace::quality
