#include "jobs/score_journal.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "core/checksum.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "data/source_identity.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using nlohmann::json;

/// Of a line and the images that it is about.
std::string journal_checksum(std::string_view text, const std::string& state) {
  Checksum sum;
  sum.update(bytes_of(text));
  sum.update(bytes_of(state));
  return checksum_text(sum.value());
}

enum class JournalLine { kTaken, kLeftOut, kImpossible };

/// Adds what a line says.
JournalLine take_line(std::string_view text, const ScoredBy& scored_by,
                      ScoreJournal::Scores& scores) {
  const std::size_t blank = text.rfind(' ');
  if (blank == std::string_view::npos) {
    return JournalLine::kLeftOut;
  }
  const std::string_view sum = text.substr(blank + 1);
  text = text.substr(0, blank);
  const json line = json::parse(text, nullptr, false);
  if (!line.is_array() || line.size() != scored_by.metrics + 1 || !line[0].is_number_unsigned() ||
      line[0].get<std::size_t>() >= scored_by.pairs) {
    return JournalLine::kImpossible;
  }
  const auto pair = line[0].get<std::size_t>();
  if (sum != journal_checksum(text, scored_by.state_of_pair(pair))) {
    return JournalLine::kLeftOut;
  }
  std::vector<double> values;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (!line[i].is_number() && !line[i].is_null()) {
      return JournalLine::kImpossible;
    }
    values.push_back(line[i].is_null() ? std::numeric_limits<double>::infinity()
                                       : line[i].get<double>());
  }
  scores[pair] = std::move(values);
  return JournalLine::kTaken;
}

}  // namespace

std::string score_journal_line(std::size_t pair, const std::vector<double>& scores,
                               const ScoredBy& scored_by) {
  json line = json::array({pair});
  for (const double score : scores) {
    line.push_back(std::isfinite(score) ? json(score) : json(nullptr));
  }
  const std::string text = line.dump();
  return fmt::format("{} {}\n", text, journal_checksum(text, scored_by.state_of_pair(pair)));
}

ScoreJournal::Scores parse_score_journal(std::string_view text, const ScoredBy& scored_by,
                                         std::size_t& left_out) {
  ScoreJournal::Scores scores;
  const std::string first = dump_json(scored_by.identity) + '\n';
  if (!text.starts_with(first)) {
    return scores;
  }
  text.remove_prefix(first.size());
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    const JournalLine line = take_line(text.substr(0, end), scored_by, scores);
    if (line == JournalLine::kImpossible) {
      break;
    }
    left_out += line == JournalLine::kLeftOut ? 1 : 0;
    text.remove_prefix(end + 1);
  }
  return scores;
}

ScoreJournal::ScoreJournal(std::filesystem::path path, ScoredBy scored_by)
    : path_(std::move(path)), scored_by_(std::move(scored_by)) {
  if (std::filesystem::exists(path_)) {
    scores_ = parse_score_journal(read_text_file(path_), scored_by_, left_out_);
  }
  // Written anew, as the old file may end within a line.
  std::string text = dump_json(scored_by_.identity) + '\n';
  for (const auto& [pair, values] : scores_) {
    text += score_journal_line(pair, values, scored_by_);
  }
  write_file(path_, text);
  file_.open(path_, std::ios::app);
  if (!file_) {
    throw IoError(fmt::format("{}: can't write: {}", path_.string(), last_system_error()));
  }
}

void ScoreJournal::append(std::size_t pair, const std::vector<double>& scores) {
  file_ << score_journal_line(pair, scores, scored_by_) << std::flush;
  if (!file_) {
    throw IoError(fmt::format("{}: can't write: {}", path_.string(), last_system_error()));
  }
}

void ScoreJournal::remove() {
  file_.close();
  std::filesystem::remove(path_);
}

std::string ScoreJournal::left_out_remark(const std::filesystem::path& folder) const {
  return fmt::format(
      "{}: {} pairs that were scored are scored again: their images have changed, or the journal "
      "is damaged",
      folder.string(), left_out_);
}

std::string state_of_files(const std::filesystem::path& reference,
                           const std::filesystem::path& distorted) {
  return file_state(reference).text() + '/' + file_state(distorted).text();
}

}  // namespace gradspace
