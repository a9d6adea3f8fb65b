// All entries' scores of one set, and the file in the run's folder that keeps them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gradspace {

struct SetScores {
  std::vector<std::string> paths;
  std::vector<float> bce;
  std::vector<float> kld;
  std::vector<std::vector<double>>
      scores;  ///< a column an entry; empty where it may not judge the set
};

/// `key` says what the scores are made of. Throws IoError.
void write_set_scores(const std::filesystem::path& path, const SetScores& set,
                      const std::string& key);

/// Nothing when there is no file, it is not of this key, or not a whole one.
std::optional<SetScores> read_set_scores(const std::filesystem::path& path, const std::string& key);

}  // namespace gradspace
