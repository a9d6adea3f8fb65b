// Phase congruency after Kovesi (1999), by log-Gabor filters of four scales and four orientations, as FSIM wants
// it: wavelengths 6, 12, 24 and 48, sigma over frequency 0.55, angular sigma pi / 4 / 1.2, a low pass of cutoff
// 0.45 and order 15, noise by k = 2 over 1.7.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>

#include "core/aligned_array.h"
#include "quality/phase_kernels.h"
#include "quality/plane.h"
#include "simd/fourier.h"

namespace gradspace::quality {

inline constexpr std::size_t kPhaseOrientations = 4;

/// The filters for planes of one size. Thread-safe.
class LogGaborFilters {
 public:
  LogGaborFilters(int width, int height);

  int width() const { return static_cast<int>(fourier_.columns()); }
  int height() const { return static_cast<int>(fourier_.rows()); }

  /// Of each pixel, 0 to 1.
  Plane phase_congruency(const Plane& plane) const;

 private:
  using Filter = AlignedArray<float>;

  Filter make_filter() const;
  void find_noise();

  simd::PlaneFourier fourier_;
  std::size_t stride_;  ///< of the filters, which lie as spectra do
  std::array<Filter, kPhaseScales> radial_;
  std::array<Filter, kPhaseOrientations> angular_;
  /// What the square root of the median energy at the finest scale is multiplied by, to be the threshold that
  /// noise stays under.
  std::array<float, kPhaseOrientations> noise_{};
};

/// Keeps the filters of the last size: images that come one after the other are mostly of one. Thread-safe.
class LogGaborShelf {
 public:
  std::shared_ptr<const LogGaborFilters> filters(int width, int height);

 private:
  std::mutex mutex_;
  std::shared_ptr<const LogGaborFilters> last_;
};

/// The lower of the two middle ones of values that are not negative; there is at least one.
float lower_median(const std::vector<float>& values);

}  // namespace gradspace::quality
