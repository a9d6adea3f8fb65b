#include "gradspace/worst_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "core/checksum.h"
#include "core/file.h"
#include "gradspace/photograph.h"
#include "image/picture_strip.h"
#include "photograph/tile_map.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kFramesFormat = 1;
constexpr std::size_t kFramesOfCondition = 3;
constexpr std::size_t kMostFrames = 40;
constexpr int kPanelSide = 320;
constexpr int kFrameQuality = 90;  ///< of JPEG

/// A judged photograph, and the set that it is of.
struct Frame {
  const JudgedImage* judged;
  const char* set;
};

/// What photographs are compared within.
struct FrameCondition {
  bool outlying = false;
  int type = 0;
  int level = 0;
  std::string name;

  // NOLINTNEXTLINE(modernize-use-nullptr): the comparison with 0 is the compiler's own
  friend auto operator<=>(const FrameCondition&, const FrameCondition&) = default;
};

/// The highest scores of each condition, the first of all before the second ones.
std::vector<Frame> worst_of(std::span<const JudgedImage> inliers,
                            std::span<const JudgedImage> outliers) {
  std::map<FrameCondition, std::vector<Frame>> conditions;
  for (const JudgedImage& judged : inliers) {
    conditions[{}].push_back({&judged, "inliers"});
  }
  for (const JudgedImage& judged : outliers) {
    conditions[{true, judged.image.challenge, judged.image.level, judged.name}].push_back(
        {&judged, "outliers"});
  }
  std::vector<Frame> worst;
  for (auto& [condition, frames] : conditions) {
    std::erase_if(frames, [](const Frame& frame) { return frame.judged->image.path.empty(); });
    std::ranges::stable_sort(frames, std::ranges::greater(),
                             [](const Frame& frame) { return frame.judged->score; });
  }
  for (std::size_t rank = 0; rank < kFramesOfCondition; ++rank) {
    for (const auto& [condition, frames] : conditions) {
      if (rank < frames.size() && worst.size() < kMostFrames) {
        worst.push_back(frames[rank]);
      }
    }
  }
  return worst;
}

/// Reads photographs by where they are from.
class FrameSources {
 public:
  FrameSources(std::span<const Frame> frames, const SourceOptions& options) {
    std::map<std::string, std::map<std::string, std::size_t>> wanted;
    for (const Frame& frame : frames) {
      wanted[frame.judged->source][frame.judged->image.path] = 0;
    }
    for (auto& [path, places] : wanted) {
      std::unique_ptr<Source> source = open_source(path, SourceKind::kAuto, options);
      for (std::size_t i = 0; i < source->size(); ++i) {
        if (const auto found = places.find(source->info(i).path); found != places.end()) {
          found->second = i;
        }
      }
      opened_[path] = {std::move(source), std::move(places)};
    }
  }

  Image load(const JudgedImage& judged) const {
    const auto& [source, places] = opened_.at(judged.source);
    return source->load(places.at(judged.image.path));
  }

 private:
  struct Opened {
    std::unique_ptr<Source> source;
    std::map<std::string, std::size_t> places;
  };
  std::map<std::string, Opened> opened_;
};

json row_of(const Frame& frame, const PhotographScore& score, const std::string& file,
            const Image& panel) {
  const JudgedImage& judged = *frame.judged;
  return {{"file", file},
          {"path", judged.image.path},
          {"set", frame.set},
          {"type", judged.image.challenge},
          {"level", judged.image.level},
          {"name", judged.image.challenge == 0 ? judged.name : ""},
          {"score", score.score.score},
          {"p_value", score.score.p_value},
          {"out_of_distribution", score.score.out_of_distribution},
          {"width", panel.width()},
          {"height", panel.height()}};
}

}  // namespace

void write_worst_frames(const fs::path& folder, const Model* model, const Detector& detector,
                        std::span<const JudgedImage> inliers, std::span<const JudgedImage> outliers,
                        const SourceOptions& sources) {
  const fs::path frames_folder = folder / "frames";
  const fs::path list = frames_folder / "frames.json";
  const std::optional<Tiling> tiling = tiling_of(detector);
  const std::vector<Frame> frames = tiling ? worst_of(inliers, outliers) : std::vector<Frame>{};
  if (frames.empty()) {
    std::error_code unknown;
    fs::remove(list, unknown);
    return;
  }
  make_folder(frames_folder);
  const FrameSources opened(frames, sources);
  PhotographScorer scorer(model, detector);
  json rows = json::array();
  for (const Frame& frame : frames) {
    const Image photograph = opened.load(*frame.judged);
    const PhotographScore score = scorer.score(photograph, frame.judged->image.path);
    const std::array<Image, 2> panels = {
        thumbnail(to_rgb(photograph), kPanelSide),
        thumbnail(draw_heat(photograph, score, *tiling), kPanelSide)};
    const std::string file = fmt::format("{:02}.jpg", rows.size());
    write_image(frames_folder / file, picture_strip(panels), {kFrameQuality});
    rows.push_back(row_of(frame, score, file, panels.front()));
  }
  write_file(list, sealed_json({{"format_version", kFramesFormat},
                                {"panels", {"photograph", "map"}},
                                {"rows", std::move(rows)}},
                               1));
}

}  // namespace gradspace
