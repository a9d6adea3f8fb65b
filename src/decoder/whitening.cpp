// The inverse square root of a symmetric matrix by polynomials in it: matrix products run near the
// processor's peak, an eigen-decomposition far from it.
//
// With Z = I and Y = A to begin with, a stage multiplies both by q(Z Y), where the polynomial q is near
// x^(-1/2) on the interval that holds the eigenvalues of Z Y. Y stays A Z, and Z Y = A Z^2 comes closer
// to I, that is Z to A^(-1/2). (With the fixed q(x) = (3 - x) / 2 this is Newton and Schulz's
// iteration.) All matrices are polynomials in A, so all products are symmetric.
#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "decoder/preparation.h"
#include "simd/products.h"

namespace gradspace::quality {
namespace {

constexpr std::size_t kSize = kPatchSize;
constexpr int kMaxDegree = 4;

template <typename T>
using Matrix = std::vector<T>;

struct Interval {
  double low = 0;
  double high = 0;

  double centre() const { return (low + high) / 2; }
  /// How far from 1 it reaches.
  double error() const { return std::max(1 - low, high - 1); }
};

/// q(x) = sum of coefficients[k] (x - centre)^k.
struct Polynomial {
  double centre = 0;
  int degree = 0;
  std::array<double, kMaxDegree + 1> coefficients{};

  double operator()(double x) const {
    double value = 0;
    for (int k = degree; k >= 0; --k) {
      value = value * (x - centre) + coefficients[static_cast<std::size_t>(k)];
    }
    return value;
  }
};

/// Near x^(-1/2) on the interval: least squares of sqrt(x) q(x) - 1 at Chebyshev's nodes, which is
/// close to the least greatest error.
Polynomial fit(const Interval& interval, int degree) {
  constexpr int kNodes = 48;
  Polynomial q{interval.centre(), degree, {}};
  // Where the interval is next to nothing the powers are told apart on a wider one.
  const double half_width = std::max((interval.high - interval.low) / 2, 1e-4 * std::abs(q.centre));
  Eigen::MatrixXd powers(kNodes, degree + 1);
  for (int i = 0; i < kNodes; ++i) {
    const double t = std::cos((i + 0.5) * std::numbers::pi / kNodes);
    double term = std::sqrt(q.centre + half_width * t);
    for (int k = 0; k <= degree; ++k, term *= t) {
      powers(i, k) = term;
    }
  }
  const Eigen::VectorXd solution = powers.householderQr().solve(Eigen::VectorXd::Ones(kNodes));
  double scale = 1;
  for (int k = 0; k <= degree; ++k, scale /= half_width) {
    q.coefficients[static_cast<std::size_t>(k)] = solution(k) * scale;
  }
  return q;
}

/// The values of x q(x)^2 on the interval.
Interval image_of(const Interval& interval, const Polynomial& q) {
  constexpr int kSamples = 400;
  Interval image{1, 1};
  for (int i = 0; i <= kSamples; ++i) {
    const double x = interval.low + (interval.high - interval.low) * i / kSamples;
    const double value = x * q(x) * q(x);
    image.low = std::min(image.low, value);
    image.high = std::max(image.high, value);
  }
  return image;
}

/// a b, where that is symmetric.
template <typename T>
Matrix<T> product(const Matrix<T>& a, const Matrix<T>& b) {
  Matrix<T> result(kSize * kSize);
  multiply_symmetric(a.data(), BasicPackedMatrix<T>(kSize, kSize, b.data()), result.data());
  return result;
}

template <typename T>
void add_to_diagonal(Matrix<T>& matrix, double value) {
  for (std::size_t i = 0; i < kSize; ++i) {
    matrix[i * (kSize + 1)] += static_cast<T>(value);
  }
}

/// u a + v b.
template <typename T>
Matrix<T> combination(double u, const Matrix<T>& a, double v, const Matrix<T>& b) {
  const auto first = static_cast<T>(u);
  const auto second = static_cast<T>(v);
  Matrix<T> result(kSize * kSize);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = first * a[i] + second * b[i];
  }
  return result;
}

/// q(matrix) in degree / 2 products.
template <typename T>
Matrix<T> evaluate(const Polynomial& q, Matrix<T> matrix) {
  const auto& c = q.coefficients;
  add_to_diagonal(matrix, -q.centre);
  Matrix<T> result;
  if (q.degree == 1) {
    result = combination(c[1], matrix, 0, matrix);
  } else {
    const Matrix<T> square = product(matrix, matrix);
    result = combination(c[1], matrix, c[2], square);
    if (q.degree == 4) {
      const Matrix<T> high = product(square, combination(c[3], matrix, c[4], square));
      result = combination(1, result, 1, high);
    }
  }
  add_to_diagonal(result, c[0]);
  return result;
}

/// No eigenvalue is larger.
double norm_bound(std::span<const double> matrix) {
  double squares = 0;
  for (const double value : matrix) {
    squares += value * value;
  }
  return std::sqrt(squares);
}

/// (covariance + kWhiteningEpsilon I)^(-1/2), with an error of A Z^2 of at most `tolerance`, but for what
/// T rounds.
template <typename T>
Matrix<T> inverse_root(std::span<const double> covariance, double tolerance) {
  Matrix<T> y(covariance.begin(), covariance.end());
  add_to_diagonal(y, kWhiteningEpsilon);
  Interval interval{kWhiteningEpsilon, kWhiteningEpsilon + norm_bound(covariance)};
  Matrix<T> z;
  while (true) {
    const Matrix<T> zy = z.empty() ? y : product(z, y);
    Polynomial q;
    Interval next;
    for (const int degree : {1, 2, kMaxDegree}) {
      q = fit(interval, degree);
      next = image_of(interval, q);
      if (next.error() < tolerance) {
        break;
      }
    }
    const Matrix<T> factor = evaluate(q, zy);
    z = z.empty() ? factor : product(z, factor);
    if (next.error() < tolerance) {
      return z;
    }
    y = product(y, factor);
    interval = next;
  }
}

}  // namespace

std::vector<float> whitening_matrix(std::span<const double> covariance) {
  constexpr double kTolerance = 1e-7;  // about float32's own
  return inverse_root<float>(covariance, kTolerance);
}

std::vector<double> precise_whitening_matrix(std::span<const double> covariance) {
  constexpr double kTolerance = 1e-10;
  return inverse_root<double>(covariance, kTolerance);
}

}  // namespace gradspace::quality
