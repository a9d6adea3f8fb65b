#include "gradspace/score_files.h"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <istream>
#include <span>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/parallel.h"
#include "core/watched.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "jobs/options.h"

namespace gradspace {
namespace {

/// Images scored before they are handed over; a few engine groups for each thread.
constexpr std::size_t kChunk = 1024;
/// Images that a thread takes at a time: the engine works on several at once.
constexpr std::size_t kGrain = 32;

/// What a thread needs for itself.
struct ScoreWorker {
  Scorer scorer;
  FixedSizeReader reader;
  std::vector<std::uint8_t> pixels = {};
};

/// Reads an image by its number in the chunk, fitted to the model's input.
using Load = std::function<void(std::size_t, FixedSizeReader&, std::span<std::uint8_t>)>;

}  // namespace

struct FileScorer::State {
  State(const Model& model, const Detector& detector, const ScoreFilesOptions& options)
      : threads(options.threads), workers([&model, &detector, backend = options.backend] {
          const Extent& input = model.spec.input;
          return ScoreWorker{
              Scorer(model, detector, make_gradient_backend(backend, model, detector.columns)),
              FixedSizeReader(input.width, input.height, input.channels)};
        }) {
    require_threads(threads, "score");
    workers.local();  // what does not fit is said before the first image is read
  }

  /// One chunk, whose images come with their paths set.
  void score_chunk(std::vector<ScoredImage>& images, const Load& load, const OnImage& on_image) {
    in_arena(threads, [&] {
      parallel_for_ranges(images.size(), kGrain, [&](std::size_t begin, std::size_t end) {
        score_range(std::span(images).subspan(begin, end - begin), begin, load);
      });
    });
    for (const ScoredImage& image : images) {
      on_image(image);
    }
  }

  /// `first` is the number of the first image in the chunk.
  void score_range(std::span<ScoredImage> images, std::size_t first, const Load& load) {
    ScoreWorker& worker = workers.local();
    const std::size_t size = worker.reader.size();
    worker.pixels.resize(images.size() * size);
    std::vector<ScoredImage*> loaded;
    for (std::size_t i = 0; i < images.size(); ++i) {
      try {
        load(first + i, worker.reader,
             std::span(worker.pixels).subspan(loaded.size() * size, size));
        loaded.push_back(&images[i]);
      } catch (const Error& error) {
        images[i].failure = error.what();
      }
    }
    const std::vector<ImageScore> scores =
        worker.scorer.score_fitted(std::span(worker.pixels).first(loaded.size() * size));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      loaded[i]->score = scores[i];
    }
  }

  int threads;
  tbb::enumerable_thread_specific<ScoreWorker> workers;
};

FileScorer::FileScorer(const Model& model, const Detector& detector,
                       const ScoreFilesOptions& options)
    : state_(std::make_unique<State>(model, detector, options)) {}
FileScorer::~FileScorer() = default;
FileScorer::FileScorer(FileScorer&&) noexcept = default;
FileScorer& FileScorer::operator=(FileScorer&&) noexcept = default;

bool FileScorer::score(const std::filesystem::path& path, const OnImage& on_image,
                       const JobObserver& observer) {
  Watched watched(observer);
  const std::unique_ptr<Source> source = open_source(path);
  const bool single = source->size() == 1 && !std::filesystem::is_directory(path);
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
        [&](std::size_t i, FixedSizeReader& reader, std::span<std::uint8_t> out_hwc) {
          source->load_fitted(first + i, reader, out_hwc);
        },
        on_image);
    watched.progress(first + images.size(), source->size());
  }
  return true;
}

bool FileScorer::score(std::istream& paths, const OnImage& on_image, const JobObserver& observer) {
  Watched watched(observer);
  std::vector<ScoredImage> images;
  std::size_t done = 0;
  std::string line;
  while (std::getline(paths, line)) {
    if (watched.stop()) {
      return false;
    }
    if (!line.empty()) {
      images.push_back({line, {}, {}, {}});
    }
    const bool more_at_hand = paths.rdbuf()->in_avail() > 0;
    if (images.size() == kChunk || !more_at_hand) {
      state_->score_chunk(
          images,
          [&](std::size_t i, FixedSizeReader& reader, std::span<std::uint8_t> out_hwc) {
            reader.read(images[i].path, out_hwc);
          },
          on_image);
      done += images.size();
      watched.progress(done, done);
      images.clear();
    }
  }
  return true;
}

}  // namespace gradspace
