// Fitting a one-class method to tiles, and a photograph's score to its tiles' scores. What the method and the scales
// learn from, and the photographs that set the threshold, are of different folds: the threshold's promise is that of
// split conformal prediction, whatever was learned.
#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "core/parallel.h"
#include "core/random.h"
#include "data/hold_out.h"
#include "data/scenes.h"
#include "detect/observation.h"
#include "detect/one_class/method.h"
#include "detect/one_class_fit.h"
#include "gradspace/error.h"
#include "photograph/fitting.h"
#include "photograph/learning.h"
#include "photograph/tile_quantiles.h"

namespace gradspace {
namespace {

constexpr std::uint32_t kHeldFolds = 2;  ///< of ten
/// Tiles to learn from, and as many more to judge tiles by; of each photograph from the least to the most.
constexpr std::size_t kTilesInAll = 8192;
constexpr std::size_t kLeastTiles = 4;
constexpr std::size_t kMostTilesOfOne = 400;
/// More photographs don't tell the quantiles' means and deviations better.
constexpr std::size_t kScaledPhotographs = 200;

/// A photograph that was read, and tiles drawn from it.
struct Sampled {
  std::uint32_t position = 0;
  std::uint32_t held = 0;  ///< 1 where it judges what was learned
  std::string path;
  std::uint64_t hash = 0;
  std::vector<std::uint8_t> tiles;  ///< NHWC
  std::string failure;
};

/// Runs `work(photograph, i)` for each, and keeps what it throws as the photograph's failure.
template <typename Work>
void work_on(std::vector<Sampled>& photographs, Watched& watched, const Work& work) {
  Counted counted(watched, photographs.size());
  parallel_for(photographs.size(), [&](std::size_t i) {
    try {
      work(photographs[i], i);
    } catch (const Error& error) {
      photographs[i].failure = error.what();
    }
    counted.add();
  });
}

/// Reports and takes away what could not be worked on.
void leave_out_failed(std::vector<Sampled>& photographs, Watched& watched) {
  std::erase_if(photographs, [&](const Sampled& photograph) {
    if (!photograph.failure.empty()) {
      watched.failure(photograph.failure);
    }
    return !photograph.failure.empty();
  });
}

class TileQuantileFit {
 public:
  TileQuantileFit(const Model* model, const Source& clean, const PhotographOptions& options,
                  Watched& watched)
      : method_(one_class_method(options.method)),
        model_(method_.needs_model ? model : nullptr),
        clean_(clean),
        options_(options),
        watched_(watched) {
    if (model_ != nullptr) {
      spec_ = model_->spec;
    } else {
      spec_.input = {3, options.tiling.height, options.tiling.width};
    }
  }

  Detector fit() {
    check_memory(method_, spec_, options_.memory_gib);
    std::vector<Sampled> photographs = parted();
    sample(photographs);
    require_least_count(photographs.size());
    remark(photographs);
    const Detector of_tiles = fit_to_tiles(photographs);
    Detector detector = of_tiles;
    detector.weights.clear();
    put_tile_quantiles(of_tiles, fit_mixture(of_tiles, photographs), detector.weights);
    record(photographs, detector);
    calibrate(photographs, detector);
    return detector;
  }

 private:
  /// Photographs to learn from and photographs to judge by, in the order of the source.
  std::vector<Sampled> parted() const {
    const SplitPositions split = split_photographs(clean_, options_);
    std::vector<Sampled> photographs;
    for (const std::uint32_t position : split.kept) {
      photographs.push_back({position, 0, {}, 0, {}, {}});
    }
    for (const std::uint32_t position : split.held) {
      photographs.push_back({position, 1, {}, 0, {}, {}});
    }
    std::ranges::sort(photographs, {}, &Sampled::position);
    return photographs;
  }

  /// Draws tiles; what can't be read is left out.
  void sample(std::vector<Sampled>& photographs) const {
    const auto held = static_cast<std::size_t>(std::ranges::count(photographs, 1U, &Sampled::held));
    const auto tiles_each = [](std::size_t count) {
      return std::clamp(kTilesInAll / count, kLeastTiles, kMostTilesOfOne);
    };
    const std::array each = {tiles_each(photographs.size() - held), tiles_each(held)};
    tbb::enumerable_thread_specific<TileCutter> cutters(
        [&] { return TileCutter(options_.tiling, spec_.input.channels); });
    work_on(photographs, watched_, [&](Sampled& photograph, std::size_t /*i*/) {
      draw_tiles_of(photograph, each[photograph.held], cutters.local());
    });
    leave_out_failed(photographs, watched_);
  }

  void draw_tiles_of(Sampled& photograph, std::size_t count, TileCutter& cutter) const {
    photograph.path = clean_.info(photograph.position).path;
    const Image image = clean_.load(photograph.position);
    const Tiling& tiling = options_.tiling;
    TileGrid(tiling, image.width(), image.height(), photograph.path);  // it is large enough
    photograph.hash = perceptual_hash(image);
    Random random(combine(options_.seed, hash_text(photograph.path)));
    const auto place_within = [&random](int whole, int part) {
      return static_cast<int>(random.below(static_cast<std::uint64_t>(whole - part) + 1));
    };
    const std::size_t size = cutter.tile_bytes();
    photograph.tiles.resize(count * size);
    for (std::size_t k = 0; k < count; ++k) {
      const int x = place_within(image.width(), tiling.width);
      const int y = place_within(image.height(), tiling.height);
      cutter.cut(image, {x, y}, std::span(photograph.tiles).subspan(k * size, size));
    }
  }

  void remark(std::span<const Sampled> photographs) const {
    std::vector<std::uint32_t> sides;
    for (const Sampled& photograph : photographs) {
      sides.push_back(photograph.held);
    }
    remark_on_scenes(paths_of(photographs), hashes_of(photographs), options_.false_alarms,
                     watched_);
    remark_on_near_copies(hashes_of(photographs), sides, watched_);
  }

  /// A one-class detector of tiles as images, by each member of the model, calibrated on tiles of the photographs held
  /// out. The tiles are let go.
  Detector fit_to_tiles(std::vector<Sampled>& photographs) const {
    std::array<std::vector<std::uint8_t>, 2> sides;
    for (Sampled& photograph : photographs) {
      const std::vector<std::uint8_t> tiles = std::exchange(photograph.tiles, {});
      std::ranges::copy(tiles, std::back_inserter(sides[photograph.held]));
    }
    return fit_by_members(model_, spec_, options_.one_class(), [&](const Model* member) {
      const BackendFactoryOf backends = native_backends(member);
      const ObservationNeeds needs = method_.needs(spec_);
      return CleanObservations{observe_by(backends, needs, spec_, sides[0]),
                               observe_by(backends, needs, spec_, sides[1])};
    });
  }

  /// From the photographs that were learned from, at most kScaledPhotographs of them.
  TileMixture fit_mixture(const Detector& of_tiles, std::span<const Sampled> photographs) const {
    std::vector<Sampled> learned;
    std::ranges::copy_if(photographs, std::back_inserter(learned),
                         [](const Sampled& photograph) { return photograph.held == 0; });
    std::vector<Sampled> scaled;
    const std::size_t wanted = std::min(learned.size(), kScaledPhotographs);
    for (std::size_t k = 0; k < wanted; ++k) {
      scaled.push_back(learned[k * learned.size() / wanted]);
    }
    std::vector<std::vector<double>> scores(scaled.size());
    tbb::enumerable_thread_specific<TileScorer> scorers(
        [&] { return TileScorer(model_, of_tiles, options_.tiling); });
    work_on(scaled, watched_, [&](const Sampled& photograph, std::size_t i) {
      scores[i] = scorers.local().score(clean_.load(photograph.position), photograph.path).scores;
    });
    leave_out_failed(scaled, watched_);
    std::erase_if(scores, [](const std::vector<double>& tiles) { return tiles.empty(); });
    return TileMixture::fit(scores, options_.method);
  }

  void record(std::span<const Sampled> photographs, Detector& detector) const {
    record_fit(options_, paths_of(photographs), hashes_of(photographs), detector);
  }

  /// By the detector as it is, on the photographs held out.
  void calibrate(std::span<const Sampled> photographs, Detector& detector) const {
    std::vector<Sampled> held;
    std::ranges::copy_if(photographs, std::back_inserter(held),
                         [](const Sampled& photograph) { return photograph.held == 1; });
    std::vector<std::optional<double>> totals(held.size());
    tbb::enumerable_thread_specific<PhotographScorer> scorers(
        [&] { return PhotographScorer(model_, detector); });
    work_on(held, watched_, [&](const Sampled& photograph, std::size_t i) {
      totals[i] =
          scorers.local().score(clean_.load(photograph.position), photograph.path).score.score;
    });
    leave_out_failed(held, watched_);
    std::vector<double> clean;
    for (const std::optional<double>& total : totals) {
      if (total) {
        clean.push_back(*total);
      }
    }
    detector.calibration = Calibration(clean);
    detector.threshold = detector.calibration.threshold(options_.false_alarms);
  }

  static std::vector<std::string> paths_of(std::span<const Sampled> photographs) {
    std::vector<std::string> paths;
    for (const Sampled& photograph : photographs) {
      paths.push_back(photograph.path);
    }
    return paths;
  }

  static std::vector<std::uint64_t> hashes_of(std::span<const Sampled> photographs) {
    std::vector<std::uint64_t> hashes;
    for (const Sampled& photograph : photographs) {
      hashes.push_back(photograph.hash);
    }
    return hashes;
  }

  const OneClassMethod& method_;
  const Model* model_;
  AutoencoderSpec spec_;  ///< without a model, its input alone
  const Source& clean_;
  const PhotographOptions& options_;
  Watched& watched_;
};

}  // namespace

SplitPositions split_photographs(const Source& clean, const PhotographOptions& options) {
  const std::vector<std::size_t> chosen = chosen_photographs(clean.size());
  const std::vector<std::uint32_t> candidates(chosen.begin(), chosen.end());
  SplitPositions split =
      split_positions(clean, candidates, options.hold_out, kHeldFolds, combine(options.seed, 109));
  conformal_rank(split.held.size(), options.false_alarms);
  return split;
}

Detector fit_tile_quantiles(const Model* model, const Source& clean,
                            const PhotographOptions& options, Watched& watched) {
  return TileQuantileFit(model, clean, options, watched).fit();
}

}  // namespace gradspace
