#include "simd/fourier_plan.h"

#include <cassert>
#include <complex>
#include <numbers>
#include <optional>

namespace gradspace::simd {
namespace {

/// exp(-2 pi i numerator / denominator), exact to float's last digit whatever the numerator.
std::complex<double> root_of_unity(std::size_t numerator, std::size_t denominator) {
  const double turn =
      static_cast<double>(numerator % denominator) / static_cast<double>(denominator);
  return std::polar(1.0, -2 * std::numbers::pi * turn);
}

void append(ComplexTable& table, std::complex<double> value) {
  table.re.push_back(static_cast<float>(value.real()));
  table.im.push_back(static_cast<float>(value.imag()));
}

/// Fours first: their butterfly multiplies least. Nothing where a prime factor is too large.
std::optional<std::vector<std::size_t>> radices_of(std::size_t length) {
  std::vector<std::size_t> radices;
  for (const std::size_t radix : {4U, 2U, 3U, 5U, 7U, 11U, 13U}) {
    for (; length % radix == 0; length /= radix) {
      radices.push_back(radix);
    }
  }
  return length == 1 ? std::optional(radices) : std::nullopt;
}

FourierStage make_stage(std::size_t radix, std::size_t part) {
  FourierStage stage{radix, part, {}, {}};
  for (std::size_t j = 0; j < part; ++j) {
    for (std::size_t q = 1; q < radix; ++q) {
      append(stage.twiddles, root_of_unity(q * j, radix * part));
    }
  }
  for (std::size_t k = 0; k < radix; ++k) {
    append(stage.roots, root_of_unity(k, radix));
  }
  return stage;
}

/// The spectrum of the chirp's conjugate, laid around the convolution's length: in double precision and by
/// the definition's own recursion, as it is made once a length.
void transform_exactly(std::vector<std::complex<double>>& values) {
  const std::size_t size = values.size();
  if (size == 1) {
    return;
  }
  std::vector<std::complex<double>> even(size / 2);
  std::vector<std::complex<double>> odd(size / 2);
  for (std::size_t i = 0; i < size / 2; ++i) {
    even[i] = values[2 * i];
    odd[i] = values[2 * i + 1];
  }
  transform_exactly(even);
  transform_exactly(odd);
  for (std::size_t i = 0; i < size / 2; ++i) {
    const std::complex<double> turned = root_of_unity(i, size) * odd[i];
    values[i] = even[i] + turned;
    values[i + size / 2] = even[i] - turned;
  }
}

}  // namespace

FourierPlan::FourierPlan(std::size_t line_length) : length(line_length) {
  assert(length > 0);
  if (const auto radices = radices_of(length)) {
    order = {0};
    for (const std::size_t radix : *radices) {
      const std::size_t part = order.size();
      stages.push_back(make_stage(radix, part));
      std::vector<std::uint32_t> joined(radix * part);
      for (std::size_t q = 0; q < radix; ++q) {
        for (std::size_t i = 0; i < part; ++i) {
          joined[q * part + i] = static_cast<std::uint32_t>(radix * order[i] + q);
        }
      }
      order = std::move(joined);
    }
    return;
  }
  std::size_t size = 1;
  while (size < 2 * length - 1) {
    size *= 2;
  }
  convolution = std::make_unique<const FourierPlan>(size);
  std::vector<std::complex<double>> around(size);
  for (std::size_t k = 0; k < length; ++k) {
    const std::complex<double> value = root_of_unity(k * k, 2 * length);
    append(chirp, value);
    around[k] = std::conj(value);
    around[(size - k) % size] = std::conj(value);
  }
  transform_exactly(around);
  for (const std::complex<double>& value : around) {
    append(chirp_spectrum, value / static_cast<double>(size));
  }
}

}  // namespace gradspace::simd
