// All entries' scores of one set, and the file in the run's folder that keeps them.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
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

/// `ingredients`: what the scores are made of. Throws IoError.
void write_set_scores(const std::filesystem::path& path, const SetScores& set,
                      const nlohmann::json& ingredients);

/// Nothing when there is no file, it is not made of these ingredients, or damaged; where there is one, `why` says
/// which.
std::optional<SetScores> read_set_scores(const std::filesystem::path& path,
                                         const nlohmann::json& ingredients, std::string& why);

}  // namespace gradspace
