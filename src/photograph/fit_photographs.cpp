// Fitting a detector of photographs: numbers of clean ones and of damaged copies, networks that tell them apart,
// and the scores of clean photographs by networks that had not seen them.
#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/arena.h"
#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/watched.h"
#include "data/hold_out.h"
#include "gradspace/error.h"
#include "gradspace/version.h"
#include "photograph/damage.h"
#include "photograph/judge.h"
#include "photograph/scenes.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr std::size_t kMinPhotographs = 20;
constexpr std::size_t kMaxPhotographs = 1000;
constexpr std::uint32_t kFolds = 6;
/// Damaged copies in all, and of each photograph.
constexpr std::size_t kCopiesInAll = 2400;
constexpr std::size_t kMinCopies = 4;
constexpr std::size_t kMaxCopies = 12;
/// Windows of the clean photograph, beside itself.
constexpr std::size_t kCleanCopies = 4;
/// Rows that the tiles' networks learn from, in all.
constexpr std::size_t kTileRows = 60'000;
/// Of a clean photograph so many tiles at most are kept for what clean tiles score.
constexpr std::size_t kMaxCleanTiles = 512;
/// A tile of a damaged copy is of the damaged class where its samples have changed by more than the one, and of the clean
/// class where by less than the other.
constexpr double kChangedBy = 1.5;
constexpr double kUnchangedBy = 0.3;

/// One photograph's numbers: clean first, then coded once more where it is a JPEG file, then damaged copies.
struct Learned {
  std::string path;
  std::uint64_t hash = 0;
  std::string failure;
  std::vector<std::vector<float>> gradients;
  std::vector<std::vector<float>> image;
  std::size_t clean_copies = 0;  ///< of the rows above, the first so many are of the clean class
  LabelledRows tiles;            ///< to learn from; the fold is set later
  std::vector<float> clean_tiles;
};

std::size_t copies_of(std::size_t photographs) {
  return std::clamp(kCopiesInAll / photographs, kMinCopies, kMaxCopies);
}

/// Mean absolute difference of a tile's samples.
double change_of(const Image& a, const Image& b, const TilePlace& place, const Tiling& tiling) {
  const ImageView first = part_of(a, place, tiling.width, tiling.height);
  const ImageView second = part_of(b, place, tiling.width, tiling.height);
  double sum = 0;
  for (int y = 0; y < tiling.height; ++y) {
    const auto row = first.row(y);
    const auto other = second.row(y);
    for (std::size_t x = 0; x < row.size(); ++x) {
      sum += std::abs(static_cast<int>(row[x]) - static_cast<int>(other[x]));
    }
  }
  return sum / (static_cast<double>(tiling.width) * tiling.height * a.channels());
}

class Learner {
 public:
  Learner(const Source& source, const PhotographOptions& options, std::size_t photographs)
      : source_(source),
        options_(options),
        copies_(copies_of(photographs)),
        tiles_per_copy_(std::clamp<std::size_t>(kTileRows / (photographs * (copies_ + 1)), 2, 48)) {
  }

  /// Photograph `i` of the source.
  Learned learn(std::size_t i, PhotographDescriber& describer) const {
    Learned learned;
    learned.path = source_.info(i).path;
    Random random(combine(options_.seed, hash_text(learned.path)));
    const Image photograph = source_.load(i);
    learned.hash = perceptual_hash(photograph);
    const Coding coding = coding_of_file(i);
    add(photograph, photograph, false, describer, random, learned);
    keep_clean_tiles(describer, photograph, random, learned);
    for (std::size_t k = 0; k < kCleanCopies; ++k) {
      const Image part = window(photograph, random);
      add(random.chance(0.5) ? coded_again(part, coding) : part, part, false, describer, random,
          learned);
    }
    learned.clean_copies = std::max(learned.gradients.size(), learned.image.size());
    for (std::size_t k = 0; k < copies_; ++k) {
      const Image part = window(photograph, random);
      add(damaged(part, coding, random), coded_again(part, coding), true, describer, random,
          learned);
    }
    return learned;
  }

 private:
  /// A part of the photograph, from a half to all of its width and height, so that a scene has more to teach than its one
  /// view. It begins at a multiple of 8, as the blocks of JPEG do.
  Image window(const Image& photograph, Random& random) const {
    const auto side = [&random](int whole, int tile) {
      const int least = std::min(whole, std::max(whole / 2, tile));
      const int length =
          least + static_cast<int>(random.below(static_cast<std::uint64_t>(whole - least) + 1));
      const int first =
          static_cast<int>(random.below(static_cast<std::uint64_t>(whole - length) + 1)) / 8 * 8;
      return std::pair(first, length);
    };
    const auto [x, width] = side(photograph.width(), options_.tiling.width);
    const auto [y, height] = side(photograph.height(), options_.tiling.height);
    const ImageView view = part_of(photograph, {x, y}, width, height);
    Image part(width, height, photograph.channels());
    for (int row = 0; row < height; ++row) {
      std::ranges::copy(view.row(row), part.row(row).begin());
    }
    return part;
  }

  /// A file's coding; that of images out of archives is not known.
  Coding coding_of_file(std::size_t i) const {
    const std::vector<std::filesystem::path> files = source_.files(i);
    return files.size() == 1 ? coding_of(read_file(files.front())) : Coding{};
  }

  void add(const Image& copy, const Image& original, bool is_damaged,
           PhotographDescriber& describer, Random& random, Learned& learned) const {
    const PhotographNumbers& numbers = describer.describe(copy, learned.path);
    if (!numbers.gradients.empty()) {
      learned.gradients.push_back(numbers.gradients);
    }
    if (!numbers.image.empty()) {
      learned.image.push_back(numbers.image);
    }
    const TileGrid grid(options_.tiling, copy.width(), copy.height(), learned.path);
    for (std::size_t k = 0; k < tiles_per_copy_; ++k) {
      const std::size_t tile = random.below(grid.size());
      const double change =
          is_damaged ? change_of(original, copy, grid.place(tile), options_.tiling) : 0;
      if (change > kChangedBy || change < kUnchangedBy) {
        learned.tiles.add(row_of(numbers, tile), change > kChangedBy, 0);
      }
    }
  }

  static std::span<const float> row_of(const PhotographNumbers& numbers, std::size_t tile) {
    return std::span(numbers.tiles).subspan(tile * numbers.tile_columns, numbers.tile_columns);
  }

  void keep_clean_tiles(PhotographDescriber& describer, const Image& photograph, Random& random,
                        Learned& learned) const {
    const PhotographNumbers& numbers = describer.describe(photograph, learned.path);
    const std::size_t count = numbers.tiles.size() / numbers.tile_columns;
    if (count <= kMaxCleanTiles) {
      learned.clean_tiles = numbers.tiles;
      return;
    }
    for (std::size_t k = 0; k < kMaxCleanTiles; ++k) {
      const auto row = row_of(numbers, random.below(count));
      learned.clean_tiles.insert(learned.clean_tiles.end(), row.begin(), row.end());
    }
  }

  const Source& source_;
  const PhotographOptions& options_;
  std::size_t copies_;
  std::size_t tiles_per_copy_;
};

/// At most kMaxPhotographs positions of all, evenly apart.
std::vector<std::size_t> chosen_photographs(std::size_t count) {
  std::vector<std::size_t> chosen;
  const std::size_t wanted = std::min(count, kMaxPhotographs);
  for (std::size_t k = 0; k < wanted; ++k) {
    chosen.push_back(k * count / wanted);
  }
  return chosen;
}

std::vector<Learned> learn_all(const Model* model, const Source& clean,
                               const PhotographOptions& options, const PhotographParts& parts,
                               Watched& watched) {
  const std::vector<std::size_t> chosen = chosen_photographs(clean.size());
  const Learner learner(clean, options, chosen.size());
  std::vector<Learned> all(chosen.size());
  tbb::enumerable_thread_specific<PhotographDescriber> describers(
      [&] { return PhotographDescriber(model, parts, options.tiling); });
  Counted counted(watched, chosen.size());
  parallel_for(chosen.size(), [&](std::size_t k) {
    if (watched.stop()) {
      return;
    }
    try {
      all[k] = learner.learn(chosen[k], describers.local());
    } catch (const Error& error) {
      all[k].failure = error.what();
    }
    counted.add();
  });
  std::erase_if(all, [&](const Learned& learned) {
    if (!learned.failure.empty()) {
      watched.failure(learned.failure);
    }
    return !learned.failure.empty();
  });
  return all;
}

/// What the photographs' names and looks say against a promise.
void remark_on_scenes(std::span<const std::string> paths, std::span<const std::uint64_t> hashes,
                      std::span<const std::uint32_t> folds, double false_alarms, Watched& watched) {
  const std::size_t scenes = count_scenes(paths, hashes);
  const auto wanted = static_cast<std::size_t>(1 / false_alarms);
  if (scenes < wanted) {
    watched.remark(
        fmt::format("{} photographs seem to be of {} scenes: too few to promise a rate of false "
                    "alarms of {} on new "
                    "scenes, which takes {}",
                    paths.size(), scenes, false_alarms, wanted));
  }
  if (const std::size_t copies = count_near_copies(hashes, folds); copies > 0) {
    watched.remark(fmt::format(
        "{} photographs have a near-copy on the other side of the split: the rate of false alarms "
        "holds for "
        "such copies, not for new scenes; hold out folders or blocks that belong together",
        copies));
  }
}

using PartRows = std::vector<std::vector<float>> Learned::*;

Committee fit_part(const std::vector<Learned>& all, PartRows part,
                   std::span<const std::uint32_t> folds, const CommitteeOptions& options,
                   std::vector<double>& left_out) {
  LabelledRows rows;
  LabelledRows clean;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& own = all[i].*part;
    for (std::size_t k = 0; k < own.size(); ++k) {
      rows.add(own[k], k >= all[i].clean_copies, folds[i]);
    }
    clean.add(own.front(), false, folds[i]);
  }
  const Committee committee = Committee::fit(rows, options, "photographs");
  left_out = committee.score_left_out(clean);
  return committee;
}

/// The tiles' committee; `left_out` gets the clean photographs' parts, `judge` what clean tiles score.
void fit_tiles(const std::vector<Learned>& all, std::span<const std::uint32_t> folds,
               CommitteeOptions options, PhotographJudge& judge,
               std::vector<std::vector<double>>& left_out) {
  LabelledRows rows;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const LabelledRows& own = all[i].tiles;
    for (std::size_t k = 0; k < own.count(); ++k) {
      rows.add(own.row(k), own.damaged[k] != 0, folds[i]);
    }
  }
  options.epochs = 12;
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

json tiling_json(const Tiling& tiling) {
  return {{"size", {tiling.width, tiling.height}},
          {"stride", {tiling.stride_x, tiling.stride_y}},
          {"per_image", nullptr}};
}

void require_fit(const Model* model, const PhotographMethodInfo& method, const Tiling& tiling) {
  if (!method.needs_model) {
    return;
  }
  if (model == nullptr) {
    throw InvalidArgument(fmt::format("fit: {} wants a model", method.name));
  }
  const Extent& input = model->spec.input;
  if (input.width != tiling.width || input.height != tiling.height) {
    throw InvalidArgument(fmt::format("fit: tiles of {}x{} pixels, but the model takes {}x{}",
                                      tiling.width, tiling.height, input.width, input.height));
  }
}

}  // namespace

void PhotographOptions::validate() const {
  photograph_method(method);
  tiling.validate();
  if (!(false_alarms > 0 && false_alarms < 1)) {
    throw InvalidArgument(
        fmt::format("fit: a rate of false alarms of {} is not between 0 and 1", false_alarms));
  }
}

Detector fit_photographs(const Model* model, const Source& clean, const PhotographOptions& options,
                         int threads, const JobObserver& observer) {
  options.validate();
  const PhotographMethodInfo& method = photograph_method(options.method);
  require_fit(model, method, options.tiling);
  conformal_rank(std::min(clean.size(), kMaxPhotographs), options.false_alarms);
  const PhotographParts parts = parts_of(method);
  Watched watched(observer);
  return in_arena(threads, [&] {
    const std::vector<Learned> all =
        learn_all(parts.gradients ? model : nullptr, clean, options, parts, watched);
    if (all.size() < kMinPhotographs) {
      throw InvalidArgument(fmt::format("fit: {} photographs to learn from, at least {} are wanted",
                                        all.size(), kMinPhotographs));
    }
    std::vector<std::string> paths;
    std::vector<std::uint64_t> hashes;
    for (const Learned& learned : all) {
      paths.push_back(learned.path);
      hashes.push_back(learned.hash);
    }
    const std::vector<std::uint32_t> folds =
        folds_of(paths, options.hold_out, kFolds, combine(options.seed, 107));
    remark_on_scenes(paths, hashes, folds, options.false_alarms, watched);

    PhotographJudge judge;
    CommitteeOptions committee;
    committee.folds = kFolds;
    committee.seed = combine(options.seed, 108);
    std::vector<std::vector<double>> left_out;
    if (parts.gradients) {
      judge.gradients =
          fit_part(all, &Learned::gradients, folds, committee, left_out.emplace_back());
    }
    if (parts.image) {
      judge.image = fit_part(all, &Learned::image, folds, committee, left_out.emplace_back());
    }
    fit_tiles(all, folds, committee, judge, left_out);
    for (const std::vector<double>& part : left_out) {
      judge.scales.push_back(PartScale::of(part));
    }
    std::vector<double> totals(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::vector<double> own;
      for (const std::vector<double>& part : left_out) {
        own.push_back(part[i]);
      }
      totals[i] = judge.total(own);
    }

    Detector detector;
    detector.method = options.method;
    detector.model_sha256 = parts.gradients ? fingerprint(*model) : "";
    detector.weights = judge.tensors();
    detector.calibration = Calibration(totals);
    detector.threshold = detector.calibration.threshold(options.false_alarms);
    detector.metadata["tiles"] = tiling_json(options.tiling).dump();
    detector.metadata["preprocessing"] =
        "RGB or grey as the model takes it, tiles at native resolution, divided by 255";
    detector.metadata["options"] = json{
        {"method", options.method},
        {"false_alarms", options.false_alarms},
        {"seed", options.seed},
        {"hold_out",
         name(options.hold_out)}}.dump();
    detector.metadata["training"] =
        json{{"inliers", all.size()}, {"scenes", count_scenes(paths, hashes)}}.dump();
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
