#include "jobs/photograph_worker.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "gradspace/npy.h"
#include "photograph/tile_map.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

/// Where a photograph's maps lie below their folder: its path, without what leads out of that folder.
fs::path map_name(const ScoredImage& image) {
  fs::path name;
  for (const fs::path& part : fs::path(image.path).relative_path()) {
    if (part != "." && !part.empty()) {
      name /= part == ".." ? "__" : part;
    }
  }
  return name;
}

}  // namespace

void make_map_folder(const fs::path& folder) {
  std::error_code unknown;
  if (fs::exists(folder, unknown) &&
      !(fs::is_directory(folder, unknown) && fs::is_empty(folder, unknown))) {
    throw InvalidArgument(fmt::format(
        "{}: exists and is not an empty folder; choose another for maps", folder.string()));
  }
  make_folder(folder);
}

PhotographWorker::PhotographWorker(const Model* model, const Detector& detector, fs::path maps)
    : scorer_(model, detector), tiling_(*tiling_of(detector)), maps_(std::move(maps)) {}

ImageScore PhotographWorker::score(const Image& photograph, const ScoredImage& image) {
  const PhotographScore result = scorer_.score(photograph, image.path);
  if (!maps_.empty()) {
    write_map(photograph, image, result);
  }
  return result.score;
}

void PhotographWorker::write_map(const Image& photograph, const ScoredImage& image,
                                 const PhotographScore& score) const {
  const fs::path base = maps_ / map_name(image);
  make_folder(base.parent_path());
  const auto named = [&base](const char* extension) {
    fs::path path = base;
    path += extension;
    return path;
  };
  write_npy(named(".npy"), {{score.rows, score.columns}, score.tile_scores});
  const nlohmann::json record = {{"path", image.path},
                                 {"width", photograph.width()},
                                 {"height", photograph.height()},
                                 {"score", score.score.score},
                                 {"p_value", score.score.p_value},
                                 {"out_of_distribution", score.score.out_of_distribution},
                                 {"tile", {tiling_.width, tiling_.height}},
                                 {"stride", {tiling_.stride_x, tiling_.stride_y}},
                                 {"columns", score.columns},
                                 {"rows", score.rows},
                                 {"tile_scores", score.tile_scores},
                                 {"tile_p_values", score.tile_p_values}};
  write_file(named(".json"), dump_json(record));
  write_image(named(".png"), draw_tile_map(photograph, score, tiling_));
}

}  // namespace gradspace
