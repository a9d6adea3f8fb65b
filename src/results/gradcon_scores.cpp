#include "results/gradcon_scores.h"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/csv.h"
#include "core/csv_table.h"
#include "core/file.h"
#include "results/small_number.h"

namespace gradspace {
namespace {

constexpr std::uint64_t kMaxScoresBytes = std::uint64_t{1} << 28;

double method_score(std::string_view method, const GradConScore& score) {
  return method == "gradcon" ? score.score : method == "gradient" ? -score.cosine : score.error;
}

}  // namespace

std::vector<double> gradcon_method_scores(std::string_view method,
                                          std::span<const GradConScore> scores) {
  std::vector<double> result;
  result.reserve(scores.size());
  for (const GradConScore& score : scores) {
    result.push_back(method_score(method, score));
  }
  return result;
}

std::string gradcon_folder_name(int inlier_class, int run) {
  return fmt::format("class_{}_run_{}", inlier_class, run);
}

std::vector<GradConScore> scores_of(std::span<const GradConImage> images) {
  std::vector<GradConScore> scores;
  scores.reserve(images.size());
  for (const GradConImage& image : images) {
    scores.push_back(image.score);
  }
  return scores;
}

std::string gradcon_scores_csv(int inlier_class, int run, const GradConImages& images) {
  fmt::memory_buffer text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "path,set,class,label,run,score,error,cosine\n");
  const auto add = [&](std::string_view path, const char* set, int label, const GradConScore& s) {
    fmt::format_to(out, "{},{},{},{},{},{},{},{}\n", csv_field(path), set, inlier_class, label, run,
                   s.score, s.error, s.cosine);
  };
  for (const GradConScore& score : images.validation) {
    add("", "val", inlier_class, score);
  }
  for (const auto* list : {&images.inliers, &images.outliers}) {
    for (const GradConImage& image : *list) {
      add(image.path, "test", image.label, image.score);
    }
  }
  return fmt::to_string(text);
}

GradConImages read_gradcon_scores(const std::filesystem::path& path, int inlier_class) {
  const std::string text = read_text_file(path, kMaxScoresBytes);
  CsvTable table(text, path.string());
  const std::size_t name = table.column("path");
  const std::size_t set = table.column("set");
  const std::size_t label = table.column("label");
  const std::size_t score = table.column("score");
  const std::size_t error = table.column("error");
  const std::size_t cosine = table.column("cosine");
  GradConImages images;
  while (table.next()) {
    GradConImage image{std::string(table.text(name)),
                       small_number(table, label),
                       {table.number(score), table.number(error), table.number(cosine)}};
    if (table.text(set) == "val") {
      images.validation.push_back(image.score);
    } else {
      (image.label == inlier_class ? images.inliers : images.outliers).push_back(std::move(image));
    }
  }
  return images;
}

}  // namespace gradspace
