#include "challenge/blur.h"

#include <cmath>
#include <numbers>

namespace gradspace::challenge {
namespace {

// Widest kernels that are applied at full size.
constexpr float kDirectSigma = 4.0F;
constexpr float kDirectRadius = 8.0F;

/// Position `i` mirrored into 0 .. n - 1, the edge repeated.
int mirrored(int i, int n) {
  const int period = 2 * n;
  i %= period;
  if (i < 0) {
    i += period;
  }
  return i < n ? i : period - 1 - i;
}

/// `row` with `border` mirrored samples on both sides.
void mirror_row(const float* row, int width, int border, float* out) {
  std::copy_n(row, width, out + border);
  for (int i = 0; i < border; ++i) {
    out[border - 1 - i] = row[mirrored(-1 - i, width)];
    out[border + width + i] = row[mirrored(width + i, width)];
  }
}

/// One half of a symmetric kernel, the centre first; sums to 1 with its mirror image. The discrete
/// analogue of the Gaussian, exp(-t) I_n(t) with t = sigma^2 and the modified Bessel functions I_n (T.
/// Lindeberg, "Scale-Space for Discrete Signals", IEEE TPAMI 12(3), 1990): its variance is sigma^2
/// however small sigma is, which a Gaussian read off at whole numbers misses.
std::vector<float> gaussian_half(double sigma) {
  const double t = sigma * sigma;
  const int radius = std::max(1, static_cast<int>(std::ceil(3.0 * sigma)));
  std::vector<double> weights(static_cast<std::size_t>(radius) + 1);
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = std::cyl_bessel_i(static_cast<double>(i), t);
    sum += i == 0 ? weights[i] : 2 * weights[i];
  }
  std::vector<float> half(weights.size());
  for (std::size_t i = 0; i < half.size(); ++i) {
    half[i] = static_cast<float>(weights[i] / sum);
  }
  return half;
}

/// out[x] = sum of in[x - i] + in[x + i] by weight.
void symmetric_row(const float* padded, int width, const std::vector<float>& half, float* out) {
  const auto radius = static_cast<int>(half.size()) - 1;
  const float* centre = padded + radius;
  for (int x = 0; x < width; ++x) {
    out[x] = half[0] * centre[x];
  }
  for (int i = 1; i <= radius; ++i) {
    const float weight = half[static_cast<std::size_t>(i)];
    for (int x = 0; x < width; ++x) {
      out[x] += weight * (centre[x - i] + centre[x + i]);
    }
  }
}

void convolve_symmetric(Plane& plane, const std::vector<float>& half) {
  const int width = plane.width();
  const int height = plane.height();
  const auto radius = static_cast<int>(half.size()) - 1;
  Plane horizontal(width, height);
  std::vector<float> padded(static_cast<std::size_t>(width + 2 * radius));
  for (int y = 0; y < height; ++y) {
    mirror_row(plane.row(y), width, radius, padded.data());
    symmetric_row(padded.data(), width, half, horizontal.row(y));
  }
  for (int y = 0; y < height; ++y) {
    float* out = plane.row(y);
    const float* centre = horizontal.row(y);
    for (int x = 0; x < width; ++x) {
      out[x] = half[0] * centre[x];
    }
    for (int i = 1; i <= radius; ++i) {
      const float weight = half[static_cast<std::size_t>(i)];
      const float* above = horizontal.row(mirrored(y - i, height));
      const float* below = horizontal.row(mirrored(y + i, height));
      for (int x = 0; x < width; ++x) {
        out[x] += weight * (above[x] + below[x]);
      }
    }
  }
}

/// What one row of samples sees of a disc: a chord of even weight that has the part's area and its
/// variance along the row.
struct DiscRow {
  double half_width;  ///< in samples
  double weight;
};

/// Of the row of samples `dy` under the centre.
DiscRow disc_row(double radius, int dy) {
  const double r2 = radius * radius;
  const double low = std::clamp(dy - 0.5, -radius, radius);
  const double high = std::clamp(dy + 0.5, -radius, radius);
  // With the half chord h = sqrt(r^2 - y^2), the antiderivatives of h and of h^3.
  const auto area = [&](double y) {
    return 0.5 * (y * std::sqrt(r2 - y * y) + r2 * std::asin(y / radius));
  };
  const auto cubes = [&](double y) {
    return 0.125 *
           (y * (5 * r2 - 2 * y * y) * std::sqrt(r2 - y * y) + 3 * r2 * r2 * std::asin(y / radius));
  };
  const double first = area(high) - area(low);
  const double third = cubes(high) - cubes(low);
  const double half_width = std::sqrt(third / first);
  return {half_width, first / half_width};
}

/// The rows of a disc from its centre down.
std::vector<DiscRow> disc_rows(double radius) {
  std::vector<DiscRow> rows;
  // A last row that the disc hardly touches is left out: its part would be a quotient of zeros.
  for (int dy = 0; dy - 0.5 < radius - 1e-3; ++dy) {
    rows.push_back(disc_row(radius, dy));
  }
  return rows;
}

/// A chord as it reads the running sum S of a row (S[i] = sum of the samples before i): the sum over
/// x + 1/2 +- half width, S interpolated.
struct Chord {
  int whole;        ///< samples wholly inside on either side of the centre sample
  float inner;      ///< weight of the sum over those
  float outer;      ///< weight of the sum over one more on either side
  bool inside_one;  ///< narrower than the centre sample: `inner` weighs that alone
};

Chord chord(const DiscRow& row) {
  if (row.half_width <= 0.5) {
    return {0, static_cast<float>(row.weight * 2 * row.half_width), 0, true};
  }
  const double beyond = row.half_width - 0.5;
  const double whole = std::floor(beyond);
  const double fraction = beyond - whole;
  return {static_cast<int>(whole), static_cast<float>(row.weight * (1 - fraction)),
          static_cast<float>(row.weight * fraction), false};
}

/// Adds to `out` the chord's sums over two rows of running sums.
void add_chord(const Chord& chord, const float* sums_a, const float* sums_b, int border, int width,
               float* out) {
  const float* a = sums_a + border;
  const float* b = sums_b + border;
  if (chord.inside_one) {
    for (int x = 0; x < width; ++x) {
      out[x] += chord.inner * ((a[x + 1] - a[x]) + (b[x + 1] - b[x]));
    }
    return;
  }
  const float outer = chord.outer;
  const float inner = chord.inner;
  const int right = chord.whole + 1;
  const int left = chord.whole;
  for (int x = 0; x < width; ++x) {
    const float near = (a[x + right] - a[x - left]) + (b[x + right] - b[x - left]);
    const float far = (a[x + right + 1] - a[x - left - 1]) + (b[x + right + 1] - b[x - left - 1]);
    out[x] += inner * near + outer * far;
  }
}

void convolve_disc(Plane& plane, const std::vector<DiscRow>& rows) {
  const int width = plane.width();
  const int height = plane.height();
  const int border = static_cast<int>(rows.front().half_width) + 2;
  std::vector<Chord> chords;
  double area = 0;
  for (std::size_t dy = 0; dy < rows.size(); ++dy) {
    chords.push_back(chord(rows[dy]));
    area += (dy == 0 ? 2 : 4) * rows[dy].half_width * rows[dy].weight;
  }
  Plane sums(width + 2 * border + 1, height);
  std::vector<float> padded(static_cast<std::size_t>(width + 2 * border));
  for (int y = 0; y < height; ++y) {
    mirror_row(plane.row(y), width, border, padded.data());
    float* row = sums.row(y);
    float sum = 0;
    row[0] = 0;
    for (std::size_t i = 0; i < padded.size(); ++i) {
      sum += padded[i];
      row[i + 1] = sum;
    }
  }
  const auto scale = static_cast<float>(1.0 / area);
  for (int y = 0; y < height; ++y) {
    float* out = plane.row(y);
    std::fill_n(out, width, 0.0F);
    // The centre row is one row where the others are two: it is added twice at half the weight.
    add_chord(chords[0], sums.row(y), sums.row(y), border, width, out);
    for (int x = 0; x < width; ++x) {
      out[x] *= 0.5F;
    }
    for (std::size_t dy = 1; dy < chords.size(); ++dy) {
      const auto offset = static_cast<int>(dy);
      add_chord(chords[dy], sums.row(mirrored(y - offset, height)),
                sums.row(mirrored(y + offset, height)), border, width, out);
    }
    for (int x = 0; x < width; ++x) {
      out[x] *= scale;
    }
  }
}

/// Applies `convolve` to every plane, at full size or between reduction and enlargement.
template <class Convolve>
void at_reduced_size(Planes& planes, int factor, const Convolve& convolve) {
  for (Plane& plane : planes) {
    if (factor == 1) {
      convolve(plane);
    } else {
      Plane small = reduce(plane, factor);
      convolve(small);
      plane = enlarge(small, factor, plane.width(), plane.height());
    }
  }
}

/// Variance along an axis that reduction (a box) and enlargement (a triangle) add, in reduced
/// samples.
constexpr double kResizeVariance = 1.0 / 12.0 + 1.0 / 6.0;

}  // namespace

Plane reduce(const Plane& plane, int factor) {
  const int width = (plane.width() + factor - 1) / factor;
  const int height = (plane.height() + factor - 1) / factor;
  Plane small(width, height);
  std::vector<float> column_sums(static_cast<std::size_t>(plane.width()));
  for (int y = 0; y < height; ++y) {
    const int first_row = y * factor;
    const int rows = std::min(factor, plane.height() - first_row);
    std::copy_n(plane.row(first_row), plane.width(), column_sums.data());
    for (int i = 1; i < rows; ++i) {
      const float* row = plane.row(first_row + i);
      for (int x = 0; x < plane.width(); ++x) {
        column_sums[static_cast<std::size_t>(x)] += row[x];
      }
    }
    float* out = small.row(y);
    for (int x = 0; x < width; ++x) {
      const int first = x * factor;
      const int columns = std::min(factor, plane.width() - first);
      float sum = 0;
      for (int i = 0; i < columns; ++i) {
        sum += column_sums[static_cast<std::size_t>(first + i)];
      }
      out[x] = sum / static_cast<float>(rows * columns);
    }
  }
  return small;
}

Plane enlarge(const Plane& plane, int factor, int width, int height) {
  struct Tap {
    int low;
    int high;
    float weight;  ///< of `high`
  };
  const auto taps = [factor](int n, int small_n) {
    std::vector<Tap> result(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
      const float position = (static_cast<float>(i) + 0.5F) / static_cast<float>(factor) - 0.5F;
      const auto low = static_cast<int>(std::floor(position));
      result[static_cast<std::size_t>(i)] = {std::clamp(low, 0, small_n - 1),
                                             std::clamp(low + 1, 0, small_n - 1),
                                             position - static_cast<float>(low)};
    }
    return result;
  };
  const std::vector<Tap> columns = taps(width, plane.width());
  const std::vector<Tap> rows = taps(height, plane.height());
  Plane large(width, height);
  std::vector<float> between(static_cast<std::size_t>(plane.width()));
  for (int y = 0; y < height; ++y) {
    const Tap& row = rows[static_cast<std::size_t>(y)];
    const float* low = plane.row(row.low);
    const float* high = plane.row(row.high);
    for (int x = 0; x < plane.width(); ++x) {
      between[static_cast<std::size_t>(x)] = low[x] + row.weight * (high[x] - low[x]);
    }
    float* out = large.row(y);
    for (int x = 0; x < width; ++x) {
      const Tap& column = columns[static_cast<std::size_t>(x)];
      const float left = between[static_cast<std::size_t>(column.low)];
      const float right = between[static_cast<std::size_t>(column.high)];
      out[x] = left + column.weight * (right - left);
    }
  }
  return large;
}

float gaussian(Planes& planes, float sigma_px) {
  const int factor = std::max(1, static_cast<int>(std::ceil(sigma_px / kDirectSigma)));
  double sigma = static_cast<double>(sigma_px) / factor;
  if (factor > 1) {
    sigma = std::sqrt(sigma * sigma - kResizeVariance);
  }
  const std::vector<float> half = gaussian_half(sigma);
  at_reduced_size(planes, factor, [&](Plane& plane) { convolve_symmetric(plane, half); });
  double squares = 0;
  for (std::size_t i = 0; i < half.size(); ++i) {
    squares += (i == 0 ? 1.0 : 2.0) * static_cast<double>(half[i]) * static_cast<double>(half[i]);
  }
  // The norm of a separable kernel is the square of its row's; a reduction by n takes another 1/n.
  return static_cast<float>(squares / factor);
}

float disc(Planes& planes, float radius_px) {
  if (radius_px <= 0.5F) {
    return 1.0F;
  }
  const int factor = std::max(1, static_cast<int>(std::ceil(radius_px / kDirectRadius)));
  double radius = static_cast<double>(radius_px) / factor;
  if (factor > 1) {
    // A disc's variance along an axis is a quarter of its squared radius.
    radius = std::sqrt(radius * radius - 4 * kResizeVariance);
  }
  const std::vector<DiscRow> rows = disc_rows(radius);
  at_reduced_size(planes, factor, [&](Plane& plane) { convolve_disc(plane, rows); });
  return static_cast<float>(1.0 / (std::sqrt(std::numbers::pi) * static_cast<double>(radius_px)));
}

}  // namespace gradspace::challenge
