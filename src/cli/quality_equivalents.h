// Columns that say what scores of image quality are equivalent to.
#pragma once

#include <cstddef>
#include <vector>

#include "cli/iqa_arguments.h"
#include "cli/printer.h"
#include "gradspace/score_pairs.h"

namespace gradspace::cli {

/// In a table, one column in words: of the first metric, or of all with --scale. In JSON lines and CSV, two columns a
/// metric with --scale: the quality of JPEG, and the impairment. Metrics whose scores are of a decoder that the user
/// named have none.
class QualityEquivalents {
 public:
  explicit QualityEquivalents(const IqaArguments& arguments);

  void add_columns(PrinterLayout& layout) const;
  void add_cells(const PairScore& score, std::vector<Cell>& row) const;

 private:
  const IqaArguments& arguments_;
  bool in_words_;
  std::vector<std::size_t> metrics_;  ///< numbers of those that have columns
};

}  // namespace gradspace::cli
