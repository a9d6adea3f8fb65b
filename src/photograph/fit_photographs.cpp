// Fitting a detector of photographs: networks that tell clean photographs from damaged copies, and the scores of clean
// ones by networks that had not seen them.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/arena.h"
#include "core/json.h"
#include "core/random.h"
#include "data/hold_out.h"
#include "data/scenes.h"
#include "detect/one_class/method.h"
#include "gradspace/error.h"
#include "gradspace/scorer.h"
#include "photograph/fitting.h"
#include "photograph/judge.h"
#include "photograph/learning.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr std::uint32_t kFolds = 6;
/// Tiles are many: their networks have learned by then.
constexpr int kTileEpochs = 12;

/// Photographs by folds.
struct Grouped {
  std::vector<Learned> all;
  std::vector<std::string> paths;
  std::vector<std::uint64_t> hashes;
  std::vector<std::uint32_t> folds;
  std::uint32_t fold_count = kFolds;
};

/// Throws InvalidArgument where folders are to be held out and there is one alone.
std::uint32_t fold_count_of(std::span<const std::string> paths, HoldOut hold_out) {
  if (hold_out != HoldOut::kFolders) {
    return kFolds;
  }
  std::set<std::string> folders;
  for (const std::string& path : paths) {
    folders.insert(folder_of(path));
  }
  if (folders.size() < 2) {
    throw InvalidArgument("fit: all photographs are in one folder, of which none can be held out");
  }
  return static_cast<std::uint32_t>(std::min<std::size_t>(kFolds, folders.size()));
}

Grouped grouped(std::vector<Learned> all, const PhotographOptions& options) {
  require_least_count(all.size());
  Grouped result;
  for (const Learned& learned : all) {
    result.paths.push_back(learned.path);
    result.hashes.push_back(learned.hash);
  }
  result.all = std::move(all);
  result.fold_count = fold_count_of(result.paths, options.hold_out);
  result.folds =
      folds_of(result.paths, options.hold_out, result.fold_count, combine(options.seed, 107));
  return result;
}

using PartRows = std::vector<std::vector<float>> Learned::*;

/// A committee over photographs; `left_out` gets what clean ones score that it has not seen.
Committee fit_part(const Grouped& photographs, PartRows part, const CommitteeOptions& options,
                   std::vector<double>& left_out) {
  const std::vector<Learned>& all = photographs.all;
  const std::vector<std::uint32_t>& folds = photographs.folds;
  LabelledRows rows;
  LabelledRows clean;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& own = all[i].*part;
    for (std::size_t k = 0; k < own.size(); ++k) {
      rows.add(own[k], k >= all[i].clean_copies, folds[i]);
    }
    clean.add(own.front(), false, folds[i]);
  }
  Committee committee = Committee::fit(rows, options, "photographs");
  left_out = committee.score_left_out(clean);
  return committee;
}

/// The tiles' committee; `left_out` gets the clean photographs' parts, `judge` what clean tiles score.
void fit_tiles(const Grouped& photographs, CommitteeOptions options, PhotographJudge& judge,
               std::vector<std::vector<double>>& left_out) {
  const std::vector<Learned>& all = photographs.all;
  const std::vector<std::uint32_t>& folds = photographs.folds;
  LabelledRows rows;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const LabelledRows& own = all[i].tiles;
    for (std::size_t k = 0; k < own.count(); ++k) {
      rows.add(own.row(k), own.damaged[k] != 0, folds[i]);
    }
  }
  options.epochs = kTileEpochs;
  judge.tiles = Committee::fit(rows, options, "tiles");
  std::vector<double> clean_scores;
  std::vector<std::vector<double>> parts(kTileQuantiles.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    LabelledRows own;
    const std::size_t columns = judge.tiles->columns();
    for (std::size_t at = 0; at < all[i].clean_tiles.size(); at += columns) {
      own.add(std::span(all[i].clean_tiles).subspan(at, columns), false, folds[i]);
    }
    const std::vector<double> scores = judge.tiles->score_left_out(own);
    clean_scores.insert(clean_scores.end(), scores.begin(), scores.end());
    const std::vector<double> quantiles = tile_quantiles(scores);
    for (std::size_t k = 0; k < quantiles.size(); ++k) {
      parts[k].push_back(quantiles[k]);
    }
  }
  left_out.insert(left_out.end(), parts.begin(), parts.end());
  judge.tile_calibration = Calibration(clean_scores);
}

struct Fitted {
  PhotographJudge judge;
  std::vector<double>
      clean_totals;  ///< what clean photographs score by networks that have not seen them
};

Fitted fit_judge(const Grouped& photographs, const PhotographParts& parts, std::uint64_t seed) {
  Fitted fitted;
  PhotographJudge& judge = fitted.judge;
  CommitteeOptions committee;
  committee.folds = photographs.fold_count;
  committee.seed = combine(seed, 108);
  std::vector<std::vector<double>> left_out;
  if (parts.gradients) {
    judge.gradients =
        fit_part(photographs, &Learned::gradients, committee, left_out.emplace_back());
  }
  if (parts.image) {
    judge.image = fit_part(photographs, &Learned::image, committee, left_out.emplace_back());
  }
  fit_tiles(photographs, committee, judge, left_out);
  for (const std::vector<double>& part : left_out) {
    judge.scales.push_back(PartScale::of(part));
  }
  for (std::size_t i = 0; i < photographs.all.size(); ++i) {
    std::vector<double> own;
    for (const std::vector<double>& part : left_out) {
      own.push_back(part[i]);
    }
    fitted.clean_totals.push_back(judge.total(own));
  }
  return fitted;
}

json tiling_json(const Tiling& tiling) {
  return {{"size", {tiling.width, tiling.height}},
          {"stride", {tiling.stride_x, tiling.stride_y}},
          {"per_image", nullptr}};
}

}  // namespace

void require_least_count(std::size_t photographs) {
  if (photographs < kMinPhotographs) {
    throw InvalidArgument(fmt::format("fit: {} photographs to learn from, at least {} are wanted",
                                      photographs, kMinPhotographs));
  }
}

void require_photographs(const Source& clean, const PhotographOptions& options) {
  require_least_count(clean.size());
  if (is_one_class_method(options.method)) {
    split_photographs(clean, options);
    return;
  }
  conformal_rank(std::min(clean.size(), kMaxPhotographs), options.false_alarms);
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    paths.push_back(clean.info(i).path);
  }
  fold_count_of(paths, options.hold_out);
}

void require_model(const Model* model, const std::string& method, bool needs_model,
                   const Tiling& tiling) {
  if (!needs_model) {
    return;
  }
  if (model == nullptr) {
    throw InvalidArgument(
        fmt::format("fit: {} wants a model; photograph-image needs none", method));
  }
  require_exact_decoding(*model, "fit");
  const Extent& input = model->spec.input;
  if (input.width != tiling.width || input.height != tiling.height) {
    throw InvalidArgument(fmt::format("fit: tiles of {}x{} pixels, but the model takes {}x{}",
                                      tiling.width, tiling.height, input.width, input.height));
  }
}

void record_fit(const PhotographOptions& options, std::span<const std::string> paths,
                std::span<const std::uint64_t> hashes, Detector& detector) {
  detector.metadata["tiles"] = tiling_json(options.tiling).dump();
  detector.metadata["preprocessing"] =
      "RGB or grey as the model takes it, tiles at native resolution, divided by 255";
  json chosen = {{"method", options.method},
                 {"false_alarms", options.false_alarms},
                 {"seed", options.seed},
                 {"hold_out", name(options.hold_out)}};
  if (!options.distortions.empty()) {
    chosen["distortions"] = options.distortions;
  }
  detector.metadata["options"] = chosen.dump();
  const json training = {{"inliers", paths.size()}, {"scenes", count_scenes(paths, hashes)}};
  detector.metadata["training"] = training.dump();
}

void PhotographOptions::validate() const {
  tiling.validate();
  if (is_one_class_method(method)) {
    one_class().validate();
    return;
  }
  photograph_method(method);
  if (!distortions.empty()) {
    throw InvalidArgument(fmt::format(
        "fit: {} has damaged copies of its own: distortions go with one-class methods", method));
  }
  if (!(false_alarms > 0 && false_alarms < 1)) {
    throw InvalidArgument(
        fmt::format("fit: a rate of false alarms of {} is not between 0 and 1", false_alarms));
  }
}

OneClassOptions PhotographOptions::one_class() const {
  return {method, false_alarms, seed, distortions, memory_gib};
}

Detector fit_photographs(const Model* model, const Source& clean, const PhotographOptions& options,
                         int threads, const JobObserver& observer) {
  options.validate();
  const bool by_one_class = is_one_class_method(options.method);
  const bool needs_model = by_one_class ? one_class_method(options.method).needs_model
                                        : photograph_method(options.method).needs_model;
  require_model(model, options.method, needs_model, options.tiling);
  require_photographs(clean, options);
  Watched watched(observer);
  if (by_one_class) {
    return in_arena(threads, [&] { return fit_tile_quantiles(model, clean, options, watched); });
  }
  const PhotographParts parts = parts_of(photograph_method(options.method));
  return in_arena(threads, [&] {
    const Grouped photographs = grouped(
        learn_all(parts.gradients ? model : nullptr, clean, options, parts, watched), options);
    remark_on_scenes(photographs.paths, photographs.hashes, options.false_alarms, watched);
    remark_on_near_copies(photographs.hashes, photographs.folds, watched);
    const Fitted fitted = fit_judge(photographs, parts, options.seed);
    Detector detector;
    detector.method = options.method;
    detector.model_sha256 = parts.gradients ? fingerprint(*model) : "";
    detector.weights = fitted.judge.tensors();
    detector.calibration = Calibration(fitted.clean_totals);
    detector.threshold = detector.calibration.threshold(options.false_alarms);
    record_fit(options, photographs.paths, photographs.hashes, detector);
    return detector;
  });
}

std::optional<Tiling> tiling_of(const Detector& detector) {
  const auto found = detector.metadata.find("tiles");
  if (found == detector.metadata.end()) {
    return std::nullopt;
  }
  const json record = parse_json(found->second, "detector");
  Tiling tiling;
  try {
    tiling.width = record.at("size").at(0).get<int>();
    tiling.height = record.at("size").at(1).get<int>();
    tiling.stride_x = record.at("stride").at(0).get<int>();
    tiling.stride_y = record.at("stride").at(1).get<int>();
  } catch (const json::exception&) {
    throw InvalidArgument(
        fmt::format("detector: its tiles are {}, which can't be read", brief(record)));
  }
  tiling.validate();
  return tiling;
}

}  // namespace gradspace
