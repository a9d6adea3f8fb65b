#include "report/frames.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "gradspace/error.h"
#include "report/thumbnails.h"
#include "results/run_files.h"
#include "results/score_curves.h"
#include "results/small_number.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kMaxPanelSide = 4096;

int panel_side(const json& value, const std::string& what) {
  const int side = small_number(value, what);
  if (side < 1 || side > kMaxPanelSide) {
    throw FormatError(
        fmt::format("{} is {}, which is not from 1 to {}", what, side, kMaxPanelSide));
  }
  return side;
}

/// All but the picture; nothing of a condition that the page does not show.
std::optional<json> frame_json(const json& row, const Conditions& conditions,
                               const std::string& name) {
  ResultRow condition;
  condition.type = small_number(row.at("type"), name + ": type");
  condition.level = small_number(row.at("level"), name + ": level");
  condition.name = row.at("name").get<std::string>();
  const bool is_clean = row.at("set").get<std::string>() == "inliers";
  if (!is_clean && conditions.type_at(condition) < 0) {
    return std::nullopt;
  }
  return json{{"path", row.at("path").get<std::string>()},
              {"type", is_clean ? kCleanType : conditions.row_types().number_of(condition)},
              {"level", is_clean || conditions.levels_averaged() ? 0 : condition.level},
              {"score", rounded(row.at("score").get<double>())},
              {"p_value", rounded(row.at("p_value").get<double>())},
              {"out_of_distribution", row.at("out_of_distribution").get<bool>()},
              {"width", panel_side(row.at("width"), name + ": width")},
              {"height", panel_side(row.at("height"), name + ": height")}};
}

}  // namespace

json read_frames(const fs::path& list, const Conditions& conditions, std::size_t max_bytes) {
  const json file = read_versioned_json(list);
  json frames = json::array();
  std::size_t bytes = 0;
  try {
    for (const json& row : file.at("rows")) {
      std::optional<json> frame = frame_json(row, conditions, list.string());
      if (!frame) {
        continue;
      }
      std::string picture =
          listed_picture(list, row.at("file").get<std::string>(), ImageFormat::kJpeg);
      bytes += picture.size();
      if (bytes > max_bytes) {
        break;
      }
      (*frame)["image"] = std::move(picture);
      frames.push_back(std::move(*frame));
    }
  } catch (const json::exception&) {
    throw FormatError(fmt::format("{}: not a list of frames", list.string()));
  }
  return frames;
}

}  // namespace gradspace
