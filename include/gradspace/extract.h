// From images to a feature set: read, resize, gradients, write, as one pipeline on all cores.
//
// Rows come in the source's order, and their bytes depend neither on the number of threads nor on the
// size of a batch. Memory is bounded whatever the number of images: batches in flight hold 128 MiB at
// most, but for images that are huge before they are resized.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "gradspace/export.h"
#include "gradspace/feature_set.h"
#include "gradspace/gradient.h"
#include "gradspace/job_observer.h"
#include "gradspace/model.h"
#include "gradspace/source.h"

namespace gradspace {

struct GRADSPACE_API ExtractOptions {
  int batch = 256;  ///< images a call of the backend; less where their features are large
  int threads = 0;  ///< each has a backend of its own; 0 = all cores

  /// Throws InvalidArgument.
  void validate() const;
};

struct ExtractResult {
  std::uint64_t images_done = 0;  ///< written or left out, in all runs
  std::uint64_t rows = 0;         ///< written
  bool stopped = false;           ///< on request: the set is not finished
};

/// Makes one of the equal backends; called from one thread at a time.
using BackendFactory = std::function<std::unique_ptr<GradientBackend>()>;

/// Fills a feature set with one row for each image of `source`, from `writer.images_done()` on, and
/// finishes it. `input` is the model's; its channels decide between grey and RGB; files are decoded as the
/// writer's meta say. An image that can't be read is left out, reported and listed in the set's failures. The
/// observer counts images, those of earlier runs included, and is asked before every image whether to stop;
/// the batches at work are given up then. When the work is stopped, or an exception ends it, the writer's
/// partial set can be continued.
/// Throws InvalidArgument when the backend's blocks are not the writer's columns; FormatError when no
/// image could be read (the partial set is then removed); what backend and writer throw.
GRADSPACE_API ExtractResult extract_features(const Source& source, const Extent& input,
                                             const BackendFactory& make_backend,
                                             FeatureSetWriter& writer,
                                             const ExtractOptions& options = {},
                                             const JobObserver& observer = {});

/// What is done of a source before an extraction begins.
struct ExtractionBegin {
  std::uint64_t images = 0;  ///< the source's first ones
  std::uint64_t rows = 0;    ///< that they gave
};

/// Takes rows as they are made, in the place of a feature set.
class GRADSPACE_API FeatureSink {
 public:
  virtual ~FeatureSink() = default;
  /// Where to go on. Asked before the first image is read.
  virtual ExtractionBegin begin() const { return {}; }
  /// As of FeatureSetWriter: the next images of the source, in its order. Called by one thread at a time, within the
  /// arena of the threads that extract.
  virtual void append(std::span<const FeatureRow> rows, std::span<const float> features,
                      std::uint64_t images_done, std::span<const FailedImage> failures) = 0;
};

/// The same with all rows into `sink`, and nothing on the disk; `meta` is what `describe_extraction` says. Throws as
/// `extract_features`.
GRADSPACE_API ExtractResult extract_rows(const Source& source, const Extent& input,
                                         const BackendFactory& make_backend,
                                         const FeatureSetMeta& meta, FeatureSink& sink,
                                         const ExtractOptions& options = {},
                                         const JobObserver& observer = {});

/// The meta of a set that `extract_features` fills: version, counts and digest are worked out.
GRADSPACE_API FeatureSetMeta describe_extraction(const Source& source, std::string source_text,
                                                 std::vector<FeatureBlock> columns,
                                                 std::string model_sha256,
                                                 std::string options_json);

}  // namespace gradspace
