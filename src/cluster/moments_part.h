// A part that holds the moments of a shard's rows in the place of the rows.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gradspace/extract.h"
#include "gradspace/moments.h"
#include "moments/unfinished_moments.h"

namespace gradspace {

/// In a part's folder, and in the job's after `merge`.
inline constexpr const char* kMomentsFile = "moments.safetensors";
/// In the folder of a part that is not finished.
inline constexpr const char* kUnfinishedMomentsFile = "unfinished.safetensors";

/// Takes a shard's rows, and writes their moments; every two minutes, and when it is asked to, how far it is. As of
/// FeatureSetWriter there is `folder`.partial until `folder` is finished.
class MomentsPartWriter final : public FeatureSink {
 public:
  /// Goes on where what lies in `folder`.partial ends, if it is of the same set.
  MomentsPartWriter(std::filesystem::path folder, const FeatureSetMeta& meta, MomentsKind kind);

  ExtractionBegin begin() const override { return begin_; }
  /// Why it begins with the first image though there is an unfinished part; else empty.
  const std::string& begun_anew() const { return begun_anew_; }

  /// Throws IoError.
  void append(std::span<const FeatureRow> rows, std::span<const float> features,
              std::uint64_t images_done, std::span<const FailedImage> failures) override;

  /// Writes how far it is. Throws IoError.
  void save();
  /// Writes `folder`, with the moments and the list of images that could not be read. Throws IoError; InvalidArgument
  /// when there was no row.
  void finish();

  std::uint64_t rows() const { return rows_; }
  std::size_t failures() const { return progress_.failures.size(); }

 private:
  void take_up(MomentsKind kind);

  std::filesystem::path folder_;
  std::filesystem::path partial_;
  MomentsProgress progress_;
  std::optional<MomentsBuilder> builder_;
  std::uint64_t rows_ = 0;
  ExtractionBegin begin_;
  std::string begun_anew_;
  std::chrono::steady_clock::time_point saved_;
};

}  // namespace gradspace
