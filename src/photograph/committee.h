// Networks that tell clean rows of numbers from damaged ones; each leaves other photographs out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "detect/one_class/matrix.h"
#include "detect/perceptron.h"
#include "gradspace/tensor.h"

namespace gradspace {

/// Rows of numbers, clean and damaged, each with the fold that its photograph belongs to.
struct LabelledRows {
  std::size_t columns = 0;
  std::vector<float> values;
  std::vector<std::uint8_t> damaged;
  std::vector<std::uint32_t> fold;  ///< 0 to the number of folds - 1

  std::size_t count() const { return damaged.size(); }
  std::span<const float> row(std::size_t i) const {
    return std::span(values).subspan(i * columns, columns);
  }
  void add(std::span<const float> row, bool is_damaged, std::uint32_t row_fold);
};

struct CommitteeOptions {
  std::uint32_t folds = 6;
  int epochs = 30;
  std::uint64_t seed = 0;
};

/// Thread-safe.
class Committee {
 public:
  /// Numbers are standardised by the clean rows. The k-th network learns from all folds but the k-th, which tells it
  /// when to stop. Throws InvalidArgument when a fold lacks clean or damaged rows; `what` names the rows in messages.
  static Committee fit(const LabelledRows& rows, const CommitteeOptions& options,
                       const std::string& what);
  /// Throws InvalidArgument when tensors do not fit together.
  static Committee load(const TensorMap& tensors);
  void store(TensorMap& tensors) const;

  std::size_t columns() const { return standardiser_.columns(); }

  /// The mean of the networks' logits of "damaged", a number a row of `columns()`.
  std::vector<double> score(std::span<const float> rows) const;

  /// The same of the rows that it was fitted to, each by the network alone that did not see its fold.
  std::vector<double> score_left_out(const LabelledRows& rows) const;

 private:
  Committee(Standardiser standardiser, std::vector<Perceptron> networks)
      : standardiser_(std::move(standardiser)), networks_(std::move(networks)) {}

  /// Rows standardised and laid by column: [columns(), kRowsAtOnce]. What stood beyond them stays.
  void lay_by_column(std::span<const float> rows, std::vector<float>& out) const;

  Standardiser standardiser_;
  std::vector<Perceptron> networks_;
};

}  // namespace gradspace
