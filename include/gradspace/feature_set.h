// Feature sets on disk: a folder with `features.npy` (float32 [N, D], memory-mappable), `index.csv`
// (one row an image: row,path,set,challenge,level,class,label,bce,kld) and `meta.json` (what the
// columns are, which model made them, options). Written row block by row block; a writer that was
// killed continues where it stopped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gradspace/gradient.h"
#include "gradspace/source.h"

namespace gradspace {

/// One row of `index.csv`.
struct FeatureRow {
  ImageInfo image;
  /// 1 = in-distribution (challenge 0), 0 = not.
  int label = 1;
  float bce = 0;
  float kld = 0;
};

/// `meta.json`.
struct FeatureSetMeta {
  std::vector<FeatureBlock> columns;
  std::string model_sha256;  ///< of the model file, lower-case hex
  std::string source;        ///< as given on the command line
  std::string version;       ///< of gradspace
  std::string options_json;  ///< resolved options of the run, a JSON object
  std::uint64_t source_images = 0;  ///< how many the source listed; rows + failures when complete
};

/// Appends rows; nothing is visible under `path` until `finish`. While at work the data lies in
/// `path` + ".partial", which also remembers how far it came.
class FeatureSetWriter {
 public:
  /// Starts, or continues a ".partial" whose meta is equal. Throws IoError; InvalidArgument when
  /// `path` exists and is not a feature set.
  FeatureSetWriter(std::filesystem::path path, FeatureSetMeta meta);
  ~FeatureSetWriter();
  FeatureSetWriter(const FeatureSetWriter&) = delete;
  FeatureSetWriter& operator=(const FeatureSetWriter&) = delete;

  /// Images of the source already dealt with (written or failed) when work was taken up.
  std::uint64_t images_done() const;

  /// `features` is [rows.size(), D]; `images_done` counts source images including failed ones.
  /// Durable after return.
  void append(std::span<const FeatureRow> rows, std::span<const float> features,
              std::uint64_t images_done);

  /// Completes the headers and moves the set to its path.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A feature set, memory-mapped. Thread-safe.
class FeatureSet {
 public:
  /// Throws IoError, FormatError (truncated, a newer version, sizes that do not fit).
  explicit FeatureSet(const std::filesystem::path& path);
  ~FeatureSet();
  FeatureSet(FeatureSet&&) noexcept;
  FeatureSet& operator=(FeatureSet&&) noexcept;

  std::size_t size() const;
  std::size_t dimension() const;
  /// Row `i`, dimension() values.
  std::span<const float> row(std::size_t i) const;
  const std::vector<FeatureRow>& index() const;
  const FeatureSetMeta& meta() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
