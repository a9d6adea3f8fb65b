// Sums of products of deviations, moved from one point to another.
//
// With y = x - c for a point c, of n rows: first[k] = sum y_k, second = sum y_k y_l, third(k, l) = sum y_k^2 y_l and
// fourth = sum y_k^2 y_l^2. The same about c - a are those of y + a.
#pragma once

namespace gradspace {

/// What is known of one column of n rows.
struct ColumnMoments {
  double first = 0;
  double square = 0;  ///< sum y_k^2
  double shift = 0;   ///< a_k
};

inline double shifted_third(double third, double second, const ColumnMoments& k,
                            const ColumnMoments& l, double n) {
  const double square = k.square + 2 * k.shift * k.first + n * k.shift * k.shift;
  return third + 2 * k.shift * second + k.shift * k.shift * l.first + l.shift * square;
}

/// `kl` and `lk`: the third moments (k, l) and (l, k).
inline double shifted_fourth(double fourth, double kl, double lk, double second,
                             const ColumnMoments& k, const ColumnMoments& l, double n) {
  const double both = k.shift * l.shift;
  return fourth + 2 * l.shift * kl + 2 * k.shift * lk + l.shift * l.shift * k.square +
         k.shift * k.shift * l.square + 4 * both * second +
         2 * both * (l.shift * k.first + k.shift * l.first) + n * both * both;
}

}  // namespace gradspace
