#include "cluster/moments_part.h"

#include <system_error>
#include <utility>

#include "core/file.h"
#include "data/feature_index.h"
#include "data/feature_meta.h"
#include "data/set_progress.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

/// Fourth moments of many columns are tens of megabytes.
constexpr std::chrono::minutes kSaveEvery{2};

}  // namespace

MomentsPartWriter::MomentsPartWriter(fs::path folder, const FeatureSetMeta& meta, MomentsKind kind)
    : folder_(std::move(folder)),
      partial_(folder_.string() + ".partial"),
      saved_(std::chrono::steady_clock::now()) {
  progress_.set = feature_meta_to_json(meta);
  std::error_code unknown;
  if (fs::exists(partial_ / kUnfinishedMomentsFile, unknown)) {
    take_up(kind);
  }
  if (!builder_) {
    builder_.emplace(meta, kind);
  }
}

void MomentsPartWriter::take_up(MomentsKind kind) {
  try {
    UnfinishedMoments earlier = read_unfinished_moments(partial_ / kUnfinishedMomentsFile);
    if (earlier.progress.set != progress_.set || earlier.summed.moments.kind != kind) {
      begun_anew_ = "it is of other images, features or moments";
      return;
    }
    progress_ = std::move(earlier.progress);
    builder_.emplace(std::move(earlier.summed), std::move(earlier.waiting));
    rows_ = builder_->rows();
    begin_ = {progress_.images_done, rows_};
  } catch (const Error& error) {
    begun_anew_ = error.what();
  }
}

void MomentsPartWriter::append(std::span<const FeatureRow> rows, std::span<const float> features,
                               std::uint64_t images_done, std::span<const FailedImage> failures) {
  builder_->append(rows, features);
  rows_ += rows.size();
  progress_.failures.insert(progress_.failures.end(), failures.begin(), failures.end());
  progress_.images_done = images_done;
  if (std::chrono::steady_clock::now() >= saved_ + kSaveEvery) {
    save();
  }
}

void MomentsPartWriter::save() {
  saved_ = std::chrono::steady_clock::now();
  if (progress_.images_done == begin_.images) {
    return;
  }
  make_folder(partial_);
  write_file(partial_ / kUnfinishedMomentsFile, serialise_unfinished_moments(*builder_, progress_));
  SetProgress note;  // by which other workers see whose part is furthest
  note.rows = rows_;
  note.images_done = progress_.images_done;
  write_file(partial_ / "progress.json", set_progress_to_json(note));
}

void MomentsPartWriter::finish() {
  builder_->add_failures(progress_.failures.size());
  const FeatureMoments moments = builder_->finish();
  make_folder(folder_);
  write_moments(folder_ / kMomentsFile, moments);
  if (!progress_.failures.empty()) {
    write_file(folder_ / "failures.csv", failures_text(progress_.failures));
  }
  std::error_code ignored;
  fs::remove_all(partial_, ignored);
}

}  // namespace gradspace
