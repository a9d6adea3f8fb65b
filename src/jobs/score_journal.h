// Scores of a benchmark under way, appended as they come, so that a run that was killed continues.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gradspace {

/// What a journal's scores are of.
struct ScoredBy {
  nlohmann::json identity;  ///< database, metrics, decoder
  std::size_t pairs = 0;
  std::size_t metrics = 0;
  /// Changes when a pair's images do.
  std::function<std::string(std::size_t pair)> state_of_pair;
};

/// One line of JSON that says what the scores are of, then one line a pair: [pair, score, ...], a blank and the
/// checksum of what stands before it and of the state of the pair's images; infinite scores are null.
class ScoreJournal {
 public:
  using Scores = std::map<std::size_t, std::vector<double>>;

  /// Takes up the scores of a file whose first line is the identity, up to where it breaks off; begins
  /// anew where there is none or it is of something else. Throws IoError.
  ScoreJournal(std::filesystem::path path, ScoredBy scored_by);

  /// Those it was opened with.
  const Scores& scores() const { return scores_; }
  /// Lines that were left out because the pair's images have changed, or because they are damaged.
  std::size_t left_out() const { return left_out_; }
  /// What is to be said of them; `folder` is what the journal lies in, as its owner calls it.
  std::string left_out_remark(const std::filesystem::path& folder) const;

  /// The line is with the operating system when this returns. Throws IoError. Not thread-safe.
  void append(std::size_t pair, const std::vector<double>& scores);

  /// Closes and removes the file.
  void remove();

 private:
  std::filesystem::path path_;
  ScoredBy scored_by_;
  std::ofstream file_;
  Scores scores_;
  std::size_t left_out_ = 0;
};

/// The state of a pair's files, which changes when they do.
std::string state_of_files(const std::filesystem::path& reference,
                           const std::filesystem::path& distorted);

/// The scores of a journal's text; nothing unless its first line is the identity. Lines whose checksum does not fit
/// are left out and counted in `left_out`; so are those from the first that is not whole or not possible.
ScoreJournal::Scores parse_score_journal(std::string_view text, const ScoredBy& scored_by,
                                         std::size_t& left_out);

/// A pair's line.
std::string score_journal_line(std::size_t pair, const std::vector<double>& scores,
                               const ScoredBy& scored_by);

}  // namespace gradspace
