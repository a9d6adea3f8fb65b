#include "experiment/set_scores.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/checksum.h"
#include "core/file.h"
#include "core/json.h"
#include "experiment/made_of.h"
#include "gradspace/error.h"

namespace gradspace {

using nlohmann::json;

void write_set_scores(const std::filesystem::path& path, const SetScores& set,
                      const json& ingredients) {
  ResultMetadata metadata;
  note_made_of(metadata, ingredients);
  json file = metadata;
  file["paths"] = set.paths;
  file["bce"] = set.bce;
  file["kld"] = set.kld;
  file["scores"] = set.scores;
  write_file(path, sealed_json(std::move(file)));
}

std::optional<SetScores> read_set_scores(const std::filesystem::path& path, const json& ingredients,
                                         std::string& why) {
  if (!std::filesystem::exists(path)) {
    return std::nullopt;
  }
  try {
    const json file = parse_sealed_json(read_text_file(path), path.string());
    ResultMetadata metadata;
    for (const char* key : {kExperimentKey, kMadeOfKey}) {
      metadata[key] = file.value(key, std::string());
    }
    if (is_made_of(metadata, ingredients)) {
      return SetScores{with_texts(file.at("paths"), from_utf8), file.at("bce"), file.at("kld"),
                       file.at("scores")};
    }
    why = why_anew(metadata, ingredients);
  } catch (const json::exception&) {
    why = fmt::format("{}: is damaged", path.string());
  } catch (const FormatError& error) {
    why = error.what();
  }
  return std::nullopt;
}

}  // namespace gradspace
