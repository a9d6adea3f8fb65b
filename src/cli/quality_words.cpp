#include "cli/quality_words.h"

#include <fmt/format.h>

#include "cli/option_values.h"
#include "gradspace/quality.h"

namespace gradspace::cli {

std::vector<std::string> metric_words() {
  std::vector<std::string> words = names_of(all_quality_metrics());
  for (const std::string& family : names_of(quality_families())) {
    words.push_back(family);
  }
  words.emplace_back(kAllQualityMetrics);
  return words;
}

std::string metric_list() {
  std::string text;
  for (const QualityMetricInfo& info : all_quality_metrics()) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", info.name, info.summary);
  }
  text += "; or";
  for (const QualityFamily& family : quality_families()) {
    text += fmt::format(" {} ({}),", family.name, family.summary);
  }
  return fmt::format("{} {}", text, kAllQualityMetrics);
}

std::string decoder_name(const std::string& file) {
  return file.empty() ? "shipped" : file;
}

}  // namespace gradspace::cli
