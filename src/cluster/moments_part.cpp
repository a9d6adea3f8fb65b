#include "cluster/moments_part.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "core/file.h"
#include "core/hash.h"
#include "data/feature_index.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeaderLengthBytes = 8;
constexpr std::uint64_t kMostHeaderBytes = 16 << 20;

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

std::string moments_header_sha256(const fs::path& file) {
  const std::vector<std::uint8_t> length_bytes = read_file_start(file, kHeaderLengthBytes);
  std::uint64_t length = kMostHeaderBytes + 1;
  if (length_bytes.size() == kHeaderLengthBytes) {
    std::memcpy(&length, length_bytes.data(), kHeaderLengthBytes);
  }
  const std::vector<std::uint8_t> header = length > kMostHeaderBytes
                                               ? std::vector<std::uint8_t>()
                                               : read_file_start(file, kHeaderLengthBytes + length);
  if (header.size() != kHeaderLengthBytes + length) {
    throw FormatError(
        fmt::format("{}: is truncated or damaged: it has no whole header", file.string()));
  }
  return sha256_hex(header);
}

}  // namespace gradspace
