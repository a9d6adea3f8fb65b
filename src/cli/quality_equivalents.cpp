#include "cli/quality_equivalents.h"

#include <optional>
#include <string>

#include "gradspace/quality_scale.h"

namespace gradspace::cli {

QualityEquivalents::QualityEquivalents(const IqaArguments& arguments)
    : arguments_(arguments),
      in_words_(parse_output_format(arguments.format) == OutputFormat::kTable) {
  const std::size_t wanted = arguments.scale ? arguments.metrics.size() : in_words_ ? 1 : 0;
  for (std::size_t i = 0; i < wanted; ++i) {
    if (has_quality_scale(arguments.metrics[i], arguments.decoder.empty())) {
      metrics_.push_back(i);
    }
  }
}

void QualityEquivalents::add_columns(PrinterLayout& layout) const {
  for (const std::size_t i : metrics_) {
    const std::string& metric = arguments_.metrics[i];
    if (in_words_) {
      layout.columns.push_back({metric + "_equivalent", metric + " is like", 36});
    } else {
      layout.columns.push_back({metric + "_jpeg_quality", ""});
      layout.columns.push_back({metric + "_impairment", ""});
    }
  }
}

void QualityEquivalents::add_cells(const PairScore& score, std::vector<Cell>& row) const {
  for (const std::size_t i : metrics_) {
    const std::optional<double>& value = score.scores[i].value;
    const std::optional<QualityEquivalent> equivalent =
        value ? quality_equivalent(arguments_.metrics[i], *value) : std::nullopt;
    if (in_words_) {
      row.push_back(equivalent ? Cell(equivalent_text(*equivalent)) : Cell());
    } else {
      row.push_back(equivalent ? Cell(equivalent->jpeg_quality) : Cell());
      row.push_back(equivalent ? Cell(std::string(impairment_name(equivalent->impairment)))
                               : Cell());
    }
  }
}

}  // namespace gradspace::cli
