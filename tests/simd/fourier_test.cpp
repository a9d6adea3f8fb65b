// Against the plain sums of the definition in double precision.
#include "simd/fourier.h"
#include "core/aligned_array.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "core/random.h"

namespace gradspace::simd {
namespace {

using Value = std::complex<double>;

ComplexPlane random_plane(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  Random random(seed);
  ComplexPlane plane(rows, columns);
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      plane.re()[y * plane.stride() + x] = static_cast<float>(255 * random.uniform());
      plane.im()[y * plane.stride() + x] = static_cast<float>(10 * random.normal());
    }
  }
  return plane;
}

Value at(const ComplexPlane& plane, std::size_t y, std::size_t x) {
  const std::size_t place = y * plane.stride() + x;
  return {plane.re()[place], plane.im()[place]};
}

/// The transform of a line by the definition.
std::vector<Value> definition(const std::vector<Value>& line) {
  const std::size_t n = line.size();
  std::vector<Value> result(n);
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t j = 0; j < n; ++j) {
      const double turn = static_cast<double>(k * j % n) / static_cast<double>(n);
      result[k] += line[j] * std::polar(1.0, -2 * std::numbers::pi * turn);
    }
  }
  return result;
}

/// [u][v], as spectra lie.
std::vector<std::vector<Value>> definition(const ComplexPlane& plane) {
  std::vector<std::vector<Value>> by_row;
  for (std::size_t y = 0; y < plane.rows(); ++y) {
    std::vector<Value> row;
    for (std::size_t x = 0; x < plane.columns(); ++x) {
      row.push_back(at(plane, y, x));
    }
    by_row.push_back(definition(row));
  }
  std::vector<std::vector<Value>> spectrum;
  for (std::size_t u = 0; u < plane.columns(); ++u) {
    std::vector<Value> column;
    for (const auto& row : by_row) {
      column.push_back(row[u]);
    }
    spectrum.push_back(definition(column));
  }
  return spectrum;
}

/// Against the definition, and there and back, within 1e-6 of the largest coefficient.
void expect_transform(std::size_t rows, std::size_t columns) {
  SCOPED_TRACE(testing::Message() << rows << " rows, " << columns << " columns");
  const PlaneFourier fourier(rows, columns);
  const ComplexPlane plane = random_plane(rows, columns, rows * 1000 + columns);
  ComplexPlane spectrum = fourier.make_spectrum();
  fourier.forward(plane, spectrum);
  const auto exact = definition(plane);
  double largest = 0;
  double error = 0;
  for (std::size_t u = 0; u < columns; ++u) {
    for (std::size_t v = 0; v < rows; ++v) {
      largest = std::max(largest, std::abs(exact[u][v]));
      error = std::max(error, std::abs(at(spectrum, u, v) - exact[u][v]));
    }
  }
  EXPECT_LT(error, 1e-6 * largest);
  const std::vector<float> halves(columns * spectrum.stride() + kFourierLanes, 0.5F);
  const auto filter = make_aligned<float>((columns + kFourierLanes) * spectrum.stride());
  std::fill_n(filter.get(), (columns + kFourierLanes) * spectrum.stride(), 0.5F);
  ComplexPlane back = fourier.make_plane();
  fourier.inverse(spectrum, filter.get(), back);
  double difference = 0;
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      difference = std::max(difference, std::abs(2.0 * at(back, y, x) - at(plane, y, x)));
    }
  }
  EXPECT_LT(difference, 255e-6 * 2);
}

TEST(Fourier, EveryLengthIsTheDefinition) {
  for (std::size_t length = 1; length <= 70; ++length) {
    expect_transform(length, 1);
    expect_transform(1, length);
  }
  for (const std::size_t length : {96U, 101U, 127U, 128U, 143U, 169U, 210U, 227U, 256U, 289U}) {
    expect_transform(length, 3);
    expect_transform(5, length);
  }
}

TEST(Fourier, PlanesOfAllShapes) {
  expect_transform(16, 16);
  expect_transform(48, 64);
  expect_transform(47, 61);
  expect_transform(33, 40);
  expect_transform(17, 150);
}

TEST(Fourier, AFilterIsAppliedByFrequency) {
  constexpr std::size_t kRows = 6;
  constexpr std::size_t kColumns = 20;
  const PlaneFourier fourier(kRows, kColumns);
  ComplexPlane spectrum = fourier.make_spectrum();
  fourier.forward(random_plane(kRows, kColumns, 1), spectrum);
  const std::size_t size = 32 * spectrum.stride();
  const auto filter = make_aligned<float>(size);
  std::fill_n(filter.get(), size, 0.0F);
  filter[3 * spectrum.stride() + 2] = 1;  // u = 3, v = 2
  ComplexPlane wave = fourier.make_plane();
  fourier.inverse(spectrum, filter.get(), wave);
  const Value amplitude = at(spectrum, 3, 2) / static_cast<double>(kRows * kColumns);
  for (std::size_t y = 0; y < kRows; ++y) {
    for (std::size_t x = 0; x < kColumns; ++x) {
      const double turn =
          2.0 * static_cast<double>(y) / kRows + 3.0 * static_cast<double>(x) / kColumns;
      const Value expected = amplitude * std::polar(1.0, 2 * std::numbers::pi * turn);
      EXPECT_LT(std::abs(at(wave, y, x) - expected), 1e-5 * std::abs(amplitude));
    }
  }
}

}  // namespace
}  // namespace gradspace::simd
