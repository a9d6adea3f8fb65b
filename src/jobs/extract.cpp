#include "gradspace/extract.h"

#include <fmt/format.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/parallel.h"
#include "core/watched.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "gradspace/version.h"
#include "jobs/attempt.h"
#include "jobs/options.h"

namespace gradspace {
namespace {

constexpr std::size_t kBytesInFlight = std::size_t{128} << 20;
/// So many more batches than threads are in flight that no thread waits for the writer's turn.
constexpr std::size_t kBatchesPerThread = 2;
/// Images between which a batch asks whether to stop while the backend is at work on it.
constexpr std::size_t kSlice = 64;

/// Images [begin, end) of the source on their way through the pipeline. Used again and again.
struct Batch {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::size_t count = 0;  ///< of images that could be read; the vectors are longer
  bool given_up = false;  ///< on request: nothing of it is written
  std::vector<std::uint8_t> pixels;
  std::vector<FeatureRow> rows;
  std::vector<float> features;
  std::vector<float> bce;
  std::vector<float> kld;
  std::vector<FailedImage> failures;
};

/// What a thread needs for itself.
struct ExtractWorker {
  FixedSizeReader reader;
  std::unique_ptr<GradientBackend> backend;
};

/// Workers for as many threads as are at work at one time.
class WorkerPool {
 public:
  WorkerPool(const Extent& input, Decoding decoding, const BackendFactory& make_backend)
      : input_(input), decoding_(decoding), make_backend_(make_backend) {}

  std::unique_ptr<ExtractWorker> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
      return std::make_unique<ExtractWorker>(
          ExtractWorker{FixedSizeReader(input_.width, input_.height, input_.channels, decoding_),
                        make_backend_()});
    }
    std::unique_ptr<ExtractWorker> worker = std::move(idle_.back());
    idle_.pop_back();
    return worker;
  }

  void give_back(std::unique_ptr<ExtractWorker> worker) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(worker));
  }

 private:
  Extent input_;
  Decoding decoding_;
  const BackendFactory& make_backend_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<ExtractWorker>> idle_;
};

class Extraction {
 public:
  Extraction(const Source& source, const Extent& input, const BackendFactory& make_backend,
             const FeatureSetMeta& meta, FeatureSink& sink, const ExtractOptions& options,
             const JobObserver& observer)
      : source_(source),
        input_(input),
        columns_(meta.columns),
        sink_(sink),
        watched_(observer),
        dimension_(dimension(meta.columns)),
        batches_(kBatchesPerThread *
                 static_cast<std::size_t>(tbb::this_task_arena::max_concurrency())),
        workers_(input, meta.decoding, make_backend),
        next_(sink.begin().images),
        done_(next_),
        rows_(sink.begin().rows) {
    const std::size_t image_bytes = dimension_ * sizeof(float) + input.size();
    const std::size_t room = kBytesInFlight / batches_.size() / image_bytes;
    batch_size_ = std::clamp<std::size_t>(room, 1, static_cast<std::size_t>(options.batch));
    check_backend();
  }

  /// In the arena that this was made in.
  ExtractResult run() {
    parallel_pipeline<Batch>(
        batches_.size(), [&] { return begin(); }, [&](Batch* batch) { compute(*batch); },
        [&](Batch* batch) { write(*batch); });
    return {done_, rows_, watched_.stopped()};
  }

 private:
  /// One worker is made at once: what is wrong with model or features is said before any image is
  /// read.
  void check_backend() {
    std::unique_ptr<ExtractWorker> worker = workers_.take();
    if (!std::ranges::equal(worker->backend->blocks(), columns_)) {
      throw InvalidArgument("extract: the backend computes other features than the set's columns");
    }
    workers_.give_back(std::move(worker));
  }

  /// Null after the last batch.
  Batch* begin() {
    const bool at_end = next_ == source_.size();
    if (at_end || watched_.stop()) {
      return nullptr;
    }
    // Batches leave in the order they came, so the one that was here a round ago has left.
    Batch& batch = batches_[turn_++ % batches_.size()];
    batch.begin = next_;
    batch.end = std::min<std::uint64_t>(next_ + batch_size_, source_.size());
    next_ = batch.end;
    return &batch;
  }

  void compute(Batch& batch) {
    std::unique_ptr<ExtractWorker> worker = workers_.take();
    batch.given_up = !load(batch, worker->reader);
    for (std::size_t first = 0; first < batch.count && !batch.given_up; first += kSlice) {
      run(batch, first, std::min(kSlice, batch.count - first), *worker->backend);
      batch.given_up = first + kSlice < batch.count && watched_.stop();
    }
    workers_.give_back(std::move(worker));
    for (std::size_t i = 0; i < batch.count; ++i) {
      batch.rows[i].bce = batch.bce[i];
      batch.rows[i].kld = batch.kld[i];
    }
  }

  /// The backend on `n` of the batch's images.
  void run(Batch& batch, std::size_t first, std::size_t n, GradientBackend& backend) const {
    GradientOutputs outputs;
    outputs.features = std::span(batch.features).subspan(first * dimension_, n * dimension_);
    outputs.bce = std::span(batch.bce).subspan(first, n);
    outputs.kld = std::span(batch.kld).subspan(first, n);
    const std::size_t size = input_.size();
    backend.run(ImageBatch::of_u8(std::span(batch.pixels).subspan(first * size, n * size), n),
                outputs);
  }

  /// False when the observer ended it.
  bool load(Batch& batch, FixedSizeReader& reader) {
    const std::size_t image_size = input_.size();
    batch.pixels.resize(batch_size_ * image_size);
    batch.rows.resize(batch_size_);
    batch.features.resize(batch_size_ * dimension_);
    batch.bce.resize(batch_size_);
    batch.kld.resize(batch_size_);
    batch.failures.clear();
    batch.count = 0;
    for (std::uint64_t i = batch.begin; i < batch.end; ++i) {
      if (watched_.stop()) {
        return false;
      }
      FeatureRow& row = batch.rows[batch.count];
      row.image = source_.info(i);
      const std::string failure = failure_of(row.image.path, [&] {
        source_.load_fitted(i, reader,
                            std::span(batch.pixels).subspan(batch.count * image_size, image_size));
      });
      if (!failure.empty()) {
        batch.failures.push_back({row.image.path, failure});
        continue;
      }
      row.label = row.image.challenge == 0 ? 1 : 0;
      row.tile = source_.tile(i);
      ++batch.count;
    }
    return true;
  }

  /// Nothing more after the first batch that was given up: rows are the first images'.
  void write(const Batch& batch) {
    given_up_ = given_up_ || batch.given_up;
    if (given_up_) {
      return;
    }
    sink_.append(std::span(batch.rows).first(batch.count),
                 std::span(batch.features).first(batch.count * dimension_), batch.end,
                 batch.failures);
    done_ = batch.end;
    rows_ += batch.count;
    for (const FailedImage& failure : batch.failures) {
      watched_.failure(failure.reason);
    }
    watched_.progress(done_, source_.size());
  }

  const Source& source_;
  Extent input_;
  const std::vector<FeatureBlock>& columns_;
  FeatureSink& sink_;
  Watched watched_;
  std::size_t dimension_;
  std::vector<Batch> batches_;
  WorkerPool workers_;
  std::size_t batch_size_ = 1;
  std::size_t turn_ = 0;
  std::uint64_t next_;  ///< first image of the next batch
  std::uint64_t done_;  ///< images written or left out
  std::uint64_t rows_;  ///< images written
  bool given_up_ = false;
};

/// Rows into a feature set.
class SetSink final : public FeatureSink {
 public:
  explicit SetSink(FeatureSetWriter& writer) : writer_(writer) {}

  ExtractionBegin begin() const override { return {writer_.images_done(), writer_.rows()}; }
  void append(std::span<const FeatureRow> rows, std::span<const float> features,
              std::uint64_t images_done, std::span<const FailedImage> failures) override {
    writer_.append(rows, features, images_done, failures);
  }

 private:
  FeatureSetWriter& writer_;
};

/// Hands rows on, and keeps why the first image could not be read.
class FailureNotingSink final : public FeatureSink {
 public:
  explicit FailureNotingSink(FeatureSink& sink) : sink_(sink) {}

  ExtractionBegin begin() const override { return sink_.begin(); }
  void append(std::span<const FeatureRow> rows, std::span<const float> features,
              std::uint64_t images_done, std::span<const FailedImage> failures) override {
    if (first_.empty() && !failures.empty()) {
      first_ = failures.front().reason;
    }
    sink_.append(rows, features, images_done, failures);
  }

  const std::string& first() const { return first_; }

 private:
  FeatureSink& sink_;
  std::string first_;
};

void require_source(const FeatureSetMeta& meta, const Source& source) {
  if (meta.source_images != source.size()) {
    throw InvalidArgument(fmt::format("extract: the set is for {} images, but the source has {}",
                                      meta.source_images, source.size()));
  }
}

[[noreturn]] void throw_no_rows(std::uint64_t images, const std::string& first) {
  throw FormatError(
      fmt::format("none of the {} images could be read; the first: {}", images, first));
}

}  // namespace

void ExtractOptions::validate() const {
  if (batch < 1) {
    throw InvalidArgument(fmt::format("extract: batch is {}; must be 1 or more", batch));
  }
  require_threads(threads, "extract");
}

ExtractResult extract_features(const Source& source, const Extent& input,
                               const BackendFactory& make_backend, FeatureSetWriter& writer,
                               const ExtractOptions& options, const JobObserver& observer) {
  options.validate();
  require_source(writer.meta(), source);
  SetSink sink(writer);
  const ExtractResult result = in_arena(options.threads, [&] {
    return Extraction(source, input, make_backend, writer.meta(), sink, options, observer).run();
  });
  if (result.stopped) {
    return result;
  }
  if (result.rows == 0) {
    const std::string first = writer.failures().front().reason;
    writer.discard();
    throw_no_rows(result.images_done, first);
  }
  writer.finish();
  return result;
}

ExtractResult extract_rows(const Source& source, const Extent& input,
                           const BackendFactory& make_backend, const FeatureSetMeta& meta,
                           FeatureSink& sink, const ExtractOptions& options,
                           const JobObserver& observer) {
  options.validate();
  require_source(meta, source);
  FailureNotingSink noting(sink);
  const ExtractResult result = in_arena(options.threads, [&] {
    return Extraction(source, input, make_backend, meta, noting, options, observer).run();
  });
  if (!result.stopped && result.rows == 0) {
    throw_no_rows(result.images_done, noting.first());
  }
  return result;
}

FeatureSetMeta describe_extraction(const Source& source, std::string source_text,
                                   std::vector<FeatureBlock> columns, std::string model_sha256,
                                   std::string options_json) {
  FeatureSetMeta meta;
  meta.columns = std::move(columns);
  meta.model_sha256 = std::move(model_sha256);
  meta.source = std::move(source_text);
  meta.version = kVersion;
  meta.options_json = std::move(options_json);
  meta.source_images = source.size();
  meta.source_digest = list_digest(source);
  meta.files_state = files_state(source);
  return meta;
}

}  // namespace gradspace
