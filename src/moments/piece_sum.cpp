#include "moments/piece_sum.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/aligned_array.h"
#include "core/parallel.h"
#include "moments/moment_shift.h"
#include "simd/products.h"

namespace gradspace {
namespace {

using PackedDoubles = quality::BasicPackedMatrix<double>;

/// Columns whose products are summed up together.
constexpr std::size_t kBlockColumns = quality::kBlockRows;
static_assert(kBlockColumns % quality::kPanelColumns == 0);

/// What is known of a column of the piece, and how it goes with what was summed up before.
struct PieceColumn {
  double mean_from_origin = 0;  ///< of x - the origin of the exact differences
  double square = 0;            ///< sum of (x - mean)^2
  double apart = 0;             ///< the piece's mean less the mean before
  double mean = 0;              ///< of all rows up to now
  ColumnMoments before;         ///< about the mean before
  ColumnMoments piece;          ///< about the centre of the squares
};

/// The values of a block of columns in float64, as both sides of a product of matrices.
struct BlockValues {
  AlignedArray<double> left;           ///< [columns, rows]
  std::optional<PackedDoubles> right;  ///< [rows, columns]

  /// `values` is [kBlockColumns, rows].
  explicit BlockValues(AlignedArray<double> values, std::size_t rows) : left(std::move(values)) {
    const AlignedArray<double> by_rows = make_aligned<double>(rows * kBlockColumns);
    for (std::size_t k = 0; k < kBlockColumns; ++k) {
      for (std::size_t i = 0; i < rows; ++i) {
        by_rows[i * kBlockColumns + k] = left[k * rows + i];
      }
    }
    right.emplace(rows, kBlockColumns, by_rows.get());
  }
};

struct Block {
  std::optional<BlockValues> exact;    ///< differences from the origin
  std::optional<BlockValues> centred;  ///< differences from the centre, rounded to float32
  std::optional<BlockValues> squares;  ///< of these, rounded to float32
};

/// Sums of products of two blocks, [columns, columns].
using BlockSums = std::vector<double>;

BlockSums sums_of(const BlockValues& left, const BlockValues& right) {
  BlockSums sums(kBlockColumns * kBlockColumns);
  quality::multiply(kBlockColumns, left.left.get(), *right.right, sums.data());
  return sums;
}

class Piece {
 public:
  Piece(Moments& to, std::span<const float> rows)
      : to_(to),
        values_(rows),
        rows_(rows.size() / to.columns()),
        n_(static_cast<double>(rows_)),
        n_before_(static_cast<double>(to.rows)),
        weight_(n_before_ * n_ / (n_before_ + n_)),
        columns_(to.columns()),
        blocks_((to.columns() + kBlockColumns - 1) / kBlockColumns) {}

  void add() {
    const bool diagonal = to_.kind == MomentsKind::kDiagonal;
    parallel_for(blocks_.size(), [&](std::size_t i) { prepare_block(i); });
    if (diagonal) {
      for (std::size_t k = 0; k < columns_.size(); ++k) {
        add_second(k, k, k, columns_[k].square);
      }
    } else {
      // Pairs (i, j), i <= j, by one number.
      const std::size_t count = blocks_.size();
      parallel_for(count * (count + 1) / 2, [&](std::size_t pair) {
        std::size_t i = 0;
        for (; pair >= count - i; ++i) {
          pair -= count - i;
        }
        add_pair(i, i + pair);
      });
    }
    for (std::size_t k = 0; k < columns_.size(); ++k) {
      to_.mean[k] = columns_[k].mean;
    }
    to_.rows += rows_;
  }

 private:
  /// [kBlockColumns, rows]
  using BlockArray = AlignedArray<double>;

  BlockArray zeros() const {
    BlockArray values = make_aligned<double>(kBlockColumns * rows_);
    std::fill_n(values.get(), kBlockColumns * rows_, 0.0);
    return values;
  }

  void prepare_block(std::size_t block) {
    const bool fourth = to_.kind == MomentsKind::kFourth;
    const std::size_t first = block * kBlockColumns;
    const std::size_t count = std::min(kBlockColumns, columns_.size() - first);
    const std::vector<float> by_columns = transposed(first, count);
    BlockArray exact = zeros();
    BlockArray centred = fourth ? zeros() : nullptr;
    BlockArray squares = fourth ? zeros() : nullptr;
    for (std::size_t i = 0; i < count; ++i) {
      const std::span<const float> values = std::span(by_columns).subspan(i * rows_, rows_);
      prepare_column(first + i, values, exact.get() + i * rows_);
      if (fourth) {
        prepare_squares(first + i, values, centred.get() + i * rows_, squares.get() + i * rows_);
      }
    }
    if (to_.kind != MomentsKind::kDiagonal) {
      blocks_[block].exact.emplace(std::move(exact), rows_);
    }
    if (fourth) {
      blocks_[block].centred.emplace(std::move(centred), rows_);
      blocks_[block].squares.emplace(std::move(squares), rows_);
    }
  }

  /// [count, rows], from column `first` on.
  std::vector<float> transposed(std::size_t first, std::size_t count) const {
    std::vector<float> result(count * rows_);
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t k = 0; k < count; ++k) {
        result[k * rows_ + i] = values_[i * columns_.size() + first + k];
      }
    }
    return result;
  }

  /// The differences of a column's values from a point, which float32 holds exactly: from the first value where all
  /// do, else from 0. Where they don't, the values vary by more than half of their size, and nothing is lost. Returns
  /// the point.
  static double exact_differences(std::span<const float> values, double* to) {
    const float origin = values.front();
    bool all_exact = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float difference = values[i] - origin;
      to[i] = static_cast<double>(difference);
      all_exact =
          all_exact && to[i] == static_cast<double>(values[i]) - static_cast<double>(origin);
    }
    if (all_exact) {
      return static_cast<double>(origin);
    }
    std::ranges::copy(values, to);
    return 0;
  }

  void prepare_column(std::size_t k, std::span<const float> values, double* differences) {
    PieceColumn& column = columns_[k];
    const double origin = exact_differences(values, differences);
    double sum = 0;
    double square = 0;
    for (std::size_t i = 0; i < rows_; ++i) {
      sum += differences[i];
      square += differences[i] * differences[i];
    }
    column.mean_from_origin = sum / n_;
    column.square = square - n_ * column.mean_from_origin * column.mean_from_origin;
    column.apart = (origin + column.mean_from_origin) - to_.mean[k];
    column.mean = to_.mean[k] + column.apart * n_ / (n_before_ + n_);
    column.before = {0, to_.second_of(k, k), to_.mean[k] - column.mean};
  }

  void prepare_squares(std::size_t k, std::span<const float> values, double* centred,
                       double* squares) {
    PieceColumn& column = columns_[k];
    const auto centre = static_cast<float>(to_.mean[k] + column.apart);
    double sum = 0;
    for (std::size_t i = 0; i < rows_; ++i) {
      const float difference = values[i] - centre;
      const float square = difference * difference;
      centred[i] = static_cast<double>(difference);
      squares[i] = static_cast<double>(square);
      sum += centred[i];
    }
    column.piece = {sum, column.square + sum * (sum / n_),
                    static_cast<double>(centre) - column.mean};
  }

  void add_second(std::size_t k, std::size_t l, std::size_t place, double second_of_piece) {
    to_.second[place] =
        to_.second[place] + second_of_piece + columns_[k].apart * columns_[l].apart * weight_;
  }

  /// Adds what the products of two blocks, i <= j, make of the moments of their columns.
  void add_pair(std::size_t i, std::size_t j) {
    const Block& left = blocks_[i];
    const Block& right = blocks_[j];
    const bool fourth = to_.kind == MomentsKind::kFourth;
    const BlockSums exact = sums_of(*left.exact, *right.exact);
    const BlockSums kl = fourth ? sums_of(*left.squares, *right.centred) : BlockSums();
    const BlockSums lk = fourth ? sums_of(*left.centred, *right.squares) : BlockSums();
    const BlockSums squares = fourth ? sums_of(*left.squares, *right.squares) : BlockSums();
    const std::size_t d = columns_.size();
    for (std::size_t k = i * kBlockColumns; k < std::min((i + 1) * kBlockColumns, d); ++k) {
      for (std::size_t l = std::max(k, j * kBlockColumns); l < std::min((j + 1) * kBlockColumns, d);
           ++l) {
        const std::size_t at = (k - i * kBlockColumns) * kBlockColumns + l - j * kBlockColumns;
        const std::size_t place = upper_place(d, k, l);
        const double second =
            exact[at] - n_ * columns_[k].mean_from_origin * columns_[l].mean_from_origin;
        if (fourth) {
          add_higher(k, l, second, kl[at], lk[at], squares[at]);
        }
        add_second(k, l, place, second);
      }
    }
  }

  /// `second` is about the piece's mean; `kl`, `lk` and `squares` are about the centre of the squares.
  void add_higher(std::size_t k, std::size_t l, double second, double kl, double lk,
                  double squares) {
    const std::size_t d = columns_.size();
    const std::size_t place = upper_place(d, k, l);
    const PieceColumn& a = columns_[k];
    const PieceColumn& b = columns_[l];
    const double centred = second + a.piece.first * (b.piece.first / n_);
    double& third_kl = to_.third[k * d + l];
    double& third_lk = to_.third[l * d + k];
    const double before = to_.second[place];
    to_.fourth[place] = shifted_fourth(to_.fourth[place], third_kl, third_lk, before, a.before,
                                       b.before, n_before_) +
                        shifted_fourth(squares, kl, lk, centred, a.piece, b.piece, n_);
    third_kl = shifted_third(third_kl, before, a.before, b.before, n_before_) +
               shifted_third(kl, centred, a.piece, b.piece, n_);
    if (k != l) {
      third_lk = shifted_third(third_lk, before, b.before, a.before, n_before_) +
                 shifted_third(lk, centred, b.piece, a.piece, n_);
    }
  }

  Moments& to_;
  std::span<const float> values_;
  std::size_t rows_;
  double n_;
  double n_before_;
  double weight_;
  std::vector<PieceColumn> columns_;
  std::vector<Block> blocks_;
};

}  // namespace

void add_piece(Moments& to, std::span<const float> rows) {
  Piece(to, rows).add();
}

}  // namespace gradspace
