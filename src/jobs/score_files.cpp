#include "gradspace/score_files.h"
#include "core/round_up.h"

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <istream>
#include <span>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/options.h"
#include "core/parallel.h"
#include "core/watched.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "jobs/attempt.h"
#include "jobs/options.h"
#include "jobs/photograph_worker.h"

namespace gradspace {
namespace {

bool is_there(const std::string& path) {
  std::error_code unknown;
  return std::filesystem::exists(path, unknown);
}

/// The path that a line of a list means: lists that were written on Windows end their lines by "\r\n".
std::string listed_path(std::string line) {
  if (line.ends_with('\r') && !is_there(line)) {
    std::string without = line.substr(0, line.size() - 1);
    return is_there(without) ? without : line;
  }
  return line;
}

/// Throws InvalidArgument where a listed path is several.
void require_one_path(const std::string& path) {
  if (const std::size_t zero = path.find('\0'); zero != std::string::npos) {
    throw InvalidArgument(fmt::format(
        "{}: a zero byte follows this name: paths that zero bytes part are read with --null",
        path.substr(0, zero)));
  }
}

/// Images scored before they are handed over; a few engine groups for each thread.
constexpr std::size_t kChunk = 1024;
/// Images that a thread takes at a time: the engine works on several at once, and no more of them lie in
/// memory.
constexpr std::size_t kGrain = 32;

/// What a thread needs for itself.
struct ScoreWorker {
  Scorer scorer;
  FixedSizeReader reader;
  std::vector<std::uint8_t> pixels = {};
};

/// Reads images by their number in the chunk.
struct Load {
  /// Fitted to the model's input.
  std::function<void(std::size_t, FixedSizeReader&, std::span<std::uint8_t>)> fitted;
  /// At its own size.
  std::function<Image(std::size_t)> whole;
};

}  // namespace

struct FileScorer::State {
  /// `model` may be null for a detector that needs none.
  State(const Model* model, const Detector& detector, const ScoreFilesOptions& options)
      : threads(options.threads),
        source(options.source),
        separator(options.separator),
        photographs(tiling_of(detector).has_value()),
        workers([model, &detector, backend = options.backend,
                 decoding = decoding_of(detector, model)] {
          Scorer scorer =
              detector.model_sha256.empty() || model == nullptr
                  ? Scorer(detector)
                  : Scorer(*model, detector,
                           [&](const Model& member, std::vector<FeatureBlock> blocks) {
                             return make_gradient_backend(backend, member, std::move(blocks));
                           });
          const Extent input = scorer.input();
          return ScoreWorker{std::move(scorer),
                             FixedSizeReader(input.width, input.height, input.channels, decoding)};
        }),
        photograph_workers([model, &detector, maps = options.maps] {
          return PhotographWorker(model, detector, maps);
        }) {
    require_threads(threads, "score");
    OptionCheck("score")(options.separator == '\n' || options.separator == '\0', "separator",
                         static_cast<int>(options.separator), "a line's end or zero");
    // What does not fit is said before the first image is read.
    if (photographs && options.backend.name != "native") {
      throw InvalidArgument("score: photographs are judged by the native engine alone");
    }
    if (photographs) {
      photograph_workers.local();
    } else if (!options.maps.empty()) {
      throw InvalidArgument(
          "score: a detector of whole images has no maps; one fitted with tiles has");
    } else {
      workers.local();
    }
    if (!options.maps.empty()) {
      make_map_folder(options.maps);
    }
  }

  /// One chunk, whose images come with their paths set. Where the observer ends it, the images are handed
  /// over up to the first that was not dealt with.
  void score_chunk(std::vector<ScoredImage>& images, const Load& load, Watched& watched,
                   const OnImage& on_image) {
    const std::size_t ranges = block_count(kGrain, images.size());
    std::vector<std::uint8_t> is_done(ranges, 0);
    in_arena(threads, [&] {
      parallel_for_short_ranges(ranges, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t range = begin; range < end; ++range) {
          const std::size_t first = range * kGrain;
          const std::size_t count = std::min(kGrain, images.size() - first);
          is_done[range] =
              score_range(std::span(images).subspan(first, count), first, load, watched);
        }
      });
    });
    const auto done =
        static_cast<std::size_t>(std::ranges::find(is_done, std::uint8_t{0}) - is_done.begin());
    for (const ScoredImage& image :
         std::span(images).first(std::min(images.size(), done * kGrain))) {
      on_image(image);
    }
  }

  /// `first` is the number of the first image in the chunk. False when the observer ended it.
  bool score_range(std::span<ScoredImage> images, std::size_t first, const Load& load,
                   Watched& watched) {
    if (photographs) {
      return score_photographs(images, first, load, watched);
    }
    ScoreWorker& worker = workers.local();
    const std::size_t size = worker.reader.size();
    worker.pixels.resize(images.size() * size);
    std::vector<ScoredImage*> loaded;
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (watched.stop()) {
        return false;
      }
      images[i].failure = failure_of(images[i].path, [&] {
        load.fitted(first + i, worker.reader,
                    std::span(worker.pixels).subspan(loaded.size() * size, size));
        loaded.push_back(&images[i]);
      });
    }
    score_loaded(worker, loaded);
    return true;
  }

  /// One after the other, at their own sizes.
  bool score_photographs(std::span<ScoredImage> images, std::size_t first, const Load& load,
                         Watched& watched) {
    PhotographWorker& worker = photograph_workers.local();
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (watched.stop()) {
        return false;
      }
      images[i].failure = failure_of(images[i].path, [&] {
        images[i].score = worker.score(load.whole(first + i), images[i]);
      });
    }
    return true;
  }

  /// All at once; where that fails each alone, so that no image costs another its score.
  static void score_loaded(ScoreWorker& worker, std::span<ScoredImage* const> loaded) {
    const std::size_t size = worker.reader.size();
    const std::span<const std::uint8_t> pixels =
        std::span(worker.pixels).first(loaded.size() * size);
    std::vector<ImageScore> scores(loaded.size());
    const std::string together =
        failure_of("the images", [&] { worker.scorer.score_fitted(pixels, scores); });
    for (std::size_t i = 0; i < loaded.size(); ++i) {
      if (!together.empty()) {
        const std::string alone = failure_of("scoring", [&] {
          worker.scorer.score_fitted(pixels.subspan(i * size, size), std::span(&scores[i], 1));
        });
        loaded[i]->failure = alone.empty() ? alone : fmt::format("{}: {}", loaded[i]->path, alone);
      }
      loaded[i]->score = scores[i];
    }
  }

  int threads;
  SourceOptions source;
  char separator;
  bool photographs;
  tbb::enumerable_thread_specific<ScoreWorker> workers;
  tbb::enumerable_thread_specific<PhotographWorker> photograph_workers;
};

FileScorer::FileScorer(const Model& model, const Detector& detector,
                       const ScoreFilesOptions& options)
    : state_(std::make_unique<State>(&model, detector, options)) {}
FileScorer::FileScorer(const Detector& detector, const ScoreFilesOptions& options)
    : state_(std::make_unique<State>(nullptr, detector, options)) {}
FileScorer::~FileScorer() = default;
FileScorer::FileScorer(FileScorer&&) noexcept = default;
FileScorer& FileScorer::operator=(FileScorer&&) noexcept = default;

bool FileScorer::score(const std::filesystem::path& path, const OnImage& on_image,
                       const JobObserver& observer) {
  Watched watched(observer);
  const std::unique_ptr<Source> source = open_source(path, SourceKind::kAuto, state_->source);
  watched.remark(passed_over(*source, path));
  std::error_code unknown;
  const bool single = source->size() == 1 && !std::filesystem::is_directory(path, unknown);
  for (std::size_t first = 0; first < source->size(); first += kChunk) {
    if (watched.stop()) {
      return false;
    }
    std::vector<ScoredImage> images(std::min(kChunk, source->size() - first));
    for (std::size_t i = 0; i < images.size(); ++i) {
      images[i].image = source->info(first + i);
      images[i].path = (single ? path : path / images[i].image.path).string();
    }
    state_->score_chunk(
        images,
        {[&](std::size_t i, FixedSizeReader& reader, std::span<std::uint8_t> out_hwc) {
           source->load_fitted(first + i, reader, out_hwc);
         },
         [&](std::size_t i) { return source->load(first + i); }},
        watched, on_image);
    if (watched.stopped()) {
      return false;
    }
    watched.progress(first + images.size(), source->size());
  }
  return true;
}

bool FileScorer::score(std::istream& paths, const OnImage& on_image, const JobObserver& observer) {
  Watched watched(observer);
  std::vector<ScoredImage> images;
  std::size_t done = 0;
  std::string line;
  while (std::getline(paths, line, state_->separator)) {
    if (watched.stop()) {
      return false;
    }
    if (!line.empty()) {
      images.push_back({state_->separator == '\n' ? listed_path(line) : line, {}, {}, {}});
    }
    const bool more_at_hand = paths.rdbuf()->in_avail() > 0;
    if (images.size() == kChunk || !more_at_hand) {
      state_->score_chunk(
          images,
          {[&](std::size_t i, FixedSizeReader& reader, std::span<std::uint8_t> out_hwc) {
             require_one_path(images[i].path);
             reader.read(images[i].path, out_hwc);
           },
           [&](std::size_t i) {
             require_one_path(images[i].path);
             return read_image(images[i].path);
           }},
          watched, on_image);
      if (watched.stopped()) {
        return false;
      }
      done += images.size();
      watched.progress(done, done);
      images.clear();
    }
  }
  return true;
}

}  // namespace gradspace
