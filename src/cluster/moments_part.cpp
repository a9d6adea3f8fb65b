#include "cluster/moments_part.h"

#include "core/file.h"
#include "data/feature_index.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

/// Rows into moments.
class MomentsSink final : public FeatureSink {
 public:
  MomentsSink(const FeatureSetMeta& meta, MomentsKind kind) : builder_(meta, kind) {}

  void append(std::span<const FeatureRow> rows, std::span<const float> features,
              std::uint64_t /*images_done*/, std::span<const FailedImage> failures) override {
    builder_.append(rows, features);
    failures_.insert(failures_.end(), failures.begin(), failures.end());
  }

  FeatureMoments finish() {
    builder_.add_failures(failures_.size());
    return builder_.finish();
  }

  const std::vector<FailedImage>& failures() const { return failures_; }

 private:
  MomentsBuilder builder_;
  std::vector<FailedImage> failures_;
};

std::string failures_text(const std::vector<FailedImage>& failures) {
  CsvWriter csv;
  for (const FailedImage& failure : failures) {
    add_failure(csv, failure);
  }
  return std::string(kFailuresHeader) + std::string(csv.text());
}

}  // namespace

MomentsPart make_moments_part(const Source& source, const Extent& input,
                              const BackendFactory& make_backend, const FeatureSetMeta& meta,
                              MomentsKind kind, const ExtractOptions& options,
                              const JobObserver& observer, const fs::path& folder) {
  MomentsSink sink(meta, kind);
  MomentsPart part;
  part.stopped = extract_rows(source, input, make_backend, meta, sink, options, observer).stopped;
  if (part.stopped) {
    return part;
  }
  const FeatureMoments moments = sink.finish();
  part.rows = moments.moments.rows;
  part.failures = sink.failures();
  make_folder(folder);
  write_moments(folder / kMomentsFile, moments);
  if (!part.failures.empty()) {
    write_file(folder / "failures.csv", failures_text(part.failures));
  }
  return part;
}

}  // namespace gradspace
