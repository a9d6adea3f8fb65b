#include "experiment/quality_benchmark/score_journal.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using nlohmann::json;

std::string line_of(std::size_t pair, const std::vector<double>& scores) {
  json line = json::array({pair});
  for (const double score : scores) {
    line.push_back(std::isfinite(score) ? json(score) : json(nullptr));
  }
  return dump_json(line) + '\n';
}

/// Adds what a line says; false when it can't be.
bool take_line(std::string_view text, std::size_t pairs, std::size_t metrics,
               ScoreJournal::Scores& scores) {
  const json line = json::parse(text, nullptr, false);
  if (!line.is_array() || line.size() != metrics + 1 || !line[0].is_number_unsigned() ||
      line[0].get<std::size_t>() >= pairs) {
    return false;
  }
  std::vector<double> values;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (!line[i].is_number() && !line[i].is_null()) {
      return false;
    }
    values.push_back(line[i].is_null() ? std::numeric_limits<double>::infinity()
                                       : line[i].get<double>());
  }
  scores[line[0].get<std::size_t>()] = std::move(values);
  return true;
}

}  // namespace

ScoreJournal::Scores parse_score_journal(std::string_view text, const json& identity,
                                         std::size_t pairs, std::size_t metrics) {
  ScoreJournal::Scores scores;
  const std::string first = dump_json(identity) + '\n';
  if (!text.starts_with(first)) {
    return scores;
  }
  text.remove_prefix(first.size());
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    if (!take_line(text.substr(0, end), pairs, metrics, scores)) {
      break;
    }
    text.remove_prefix(end + 1);
  }
  return scores;
}

ScoreJournal::ScoreJournal(std::filesystem::path path, const json& identity, std::size_t pairs,
                           std::size_t metrics)
    : path_(std::move(path)) {
  if (std::filesystem::exists(path_)) {
    scores_ = parse_score_journal(read_text_file(path_), identity, pairs, metrics);
  }
  // Written anew, as the old file may end within a line.
  std::string text = dump_json(identity) + '\n';
  for (const auto& [pair, values] : scores_) {
    text += line_of(pair, values);
  }
  write_file(path_, text);
  file_.open(path_, std::ios::app);
  if (!file_) {
    throw IoError(fmt::format("{}: can't write: {}", path_.string(), last_system_error()));
  }
}

void ScoreJournal::append(std::size_t pair, const std::vector<double>& scores) {
  file_ << line_of(pair, scores) << std::flush;
  if (!file_) {
    throw IoError(fmt::format("{}: can't write: {}", path_.string(), last_system_error()));
  }
}

void ScoreJournal::remove() {
  file_.close();
  std::filesystem::remove(path_);
}

}  // namespace gradspace
