#include "experiment/set_scores.h"

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/json.h"
#include "experiment/experiment_stages.h"
#include "gradspace/error.h"

namespace gradspace {

using nlohmann::json;

void write_set_scores(const std::filesystem::path& path, const SetScores& set,
                      const std::string& key) {
  const json file = {{kExperimentKey, key},
                     {"paths", set.paths},
                     {"bce", set.bce},
                     {"kld", set.kld},
                     {"scores", set.scores}};
  write_file(path, dump_json(file) + "\n");
}

std::optional<SetScores> read_set_scores(const std::filesystem::path& path,
                                         const std::string& key) {
  if (!std::filesystem::exists(path)) {
    return std::nullopt;
  }
  try {
    const json file = parse_json(read_text_file(path), path.string());
    if (file.at(kExperimentKey) != key) {
      return std::nullopt;
    }
    return SetScores{file.at("paths"), file.at("bce"), file.at("kld"), file.at("scores")};
  } catch (const json::exception&) {
    return std::nullopt;
  } catch (const FormatError&) {
    return std::nullopt;
  }
}

}  // namespace gradspace
