// Scores of a benchmark under way, appended as they come, so that a run that was killed continues.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gradspace {

/// One line of JSON that says what the scores are of, then one line a pair: [pair, score, ...];
/// infinite scores are null.
class ScoreJournal {
 public:
  using Scores = std::map<std::size_t, std::vector<double>>;

  /// Takes up the scores of a file whose first line is `identity`, up to where it breaks off; begins
  /// anew where there is none or it is of something else. Throws IoError.
  ScoreJournal(std::filesystem::path path, const nlohmann::json& identity, std::size_t pairs,
               std::size_t metrics);

  /// Those it was opened with.
  const Scores& scores() const { return scores_; }

  /// The line is with the operating system when this returns. Throws IoError. Not thread-safe.
  void append(std::size_t pair, const std::vector<double>& scores);

  /// Closes and removes the file.
  void remove();

 private:
  std::filesystem::path path_;
  std::ofstream file_;
  Scores scores_;
};

/// The scores of a journal's text; nothing unless its first line is `identity`. Lines from the first
/// that is not whole or not possible are left out.
ScoreJournal::Scores parse_score_journal(std::string_view text, const nlohmann::json& identity,
                                         std::size_t pairs, std::size_t metrics);

}  // namespace gradspace
