// Feature sets on disk: a folder with `features.npy` (float32 or float16 [N, D], memory-mappable), `index.csv`
// (one row an image: row,path,set,challenge,level,class,label,bce,kld; of tiles tile_x,tile_y too; quoted as RFC
// 4180 says) and
// `meta.json` (what the columns are, which model made them, options); where images could not be read,
// `failures.csv` (path,reason) too. Written row block by row block; a writer that was killed continues
// where it stopped.
//
// `meta.json` has checksums (XXH3 of 64 bits, 16 hexadecimal digits) in "checksums": of each 64 MiB of the
// matrix's values ("blocks", "block_bytes"), of "index" and of "failures"; and one of itself, "checksum". The
// matrix's are verified when a block is first read, the others on opening. Sets of version 0.1.0 have none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/decoding.h"
#include "gradspace/export.h"
#include "gradspace/feature_block.h"
#include "gradspace/source.h"

namespace gradspace {

/// One row of `index.csv`.
struct FeatureRow {
  ImageInfo image;
  /// 1 = in-distribution (challenge 0), 0 = not.
  int label = 1;
  float bce = 0;
  float kld = 0;
  std::optional<TilePlace> tile = {};  ///< of a tile, its place in the photograph
};

/// An image that was left out.
struct FailedImage {
  std::string path;  ///< ImageInfo::path
  std::string reason;

  friend bool operator==(const FailedImage&, const FailedImage&) = default;
};

/// How values lie in `features.npy`.
enum class FeatureType {
  kFloat32,
  /// Half the bytes, and read as float32 again. Rounded to the nearest, of two as near to the even one: to 11 bits from
  /// 6.1e-5 to 65504, and to a multiple of 6e-8 below. What is larger than 65504 is stored as 65504.
  kFloat16,
};

/// "f32", "f16".
GRADSPACE_API std::string_view name(FeatureType type);
/// The reverse. Throws InvalidArgument that lists both.
GRADSPACE_API FeatureType parse_feature_type(std::string_view text);

/// `meta.json`.
struct FeatureSetMeta {
  std::vector<FeatureBlock> columns;
  FeatureType type = FeatureType::kFloat32;
  std::string model_sha256;              ///< of the model file, lower-case hex
  std::string source;                    ///< as given on the command line
  std::string version;                   ///< of gradspace
  Decoding decoding = Decoding::kExact;  ///< of the images' files, as the model says
  std::string tiles_json = {};  ///< of tiles of photographs, how they were drawn (JSON); else empty
  std::string options_json;     ///< resolved options of the run, a JSON object (names: `to_utf8`)
  std::uint64_t source_images = 0;  ///< how many the source listed; rows + failures when complete
  std::string source_digest;        ///< identity of the list of images (`list_digest`), or empty
  /// State of the images' files (`files_state`), or empty. Kept with an unfinished set alone, which is continued
  /// only as long as it stays.
  std::string files_state;
};

/// Hex digits that tell one list of paths from another.
GRADSPACE_API std::string list_digest(const Source& source);

/// Hex digits that change when a file that images lie in is written, replaced or touched: size, times and number of
/// each, not its content.
GRADSPACE_API std::string files_state(const Source& source);

/// Appends rows; nothing is visible under `path` until `finish`. While at work the data lies in
/// `path` + ".partial", which also remembers how far it came: several times a second what was appended
/// is flushed to the disk in the background, and noted. After a kill, even one of the machine, work
/// is taken up from the last note.
class GRADSPACE_API FeatureSetWriter {
 public:
  /// Starts, or continues a ".partial" whose meta is equal; one of another meta, of files that have changed, or one
  /// that is damaged, is begun anew. Throws IoError, also while somebody else writes the same set (output_lock.h);
  /// InvalidArgument when `path` exists and is not a feature set.
  FeatureSetWriter(std::filesystem::path path, const FeatureSetMeta& meta);
  /// Without `finish`: notes how far it came and leaves the ".partial".
  ~FeatureSetWriter();
  FeatureSetWriter(const FeatureSetWriter&) = delete;
  FeatureSetWriter& operator=(const FeatureSetWriter&) = delete;

  const FeatureSetMeta& meta() const;
  std::filesystem::path partial_path() const;

  /// Images of the source already dealt with (written or failed) when work was taken up.
  std::uint64_t images_done() const;
  std::uint64_t rows() const;
  /// Why what an earlier run had left was not continued; empty where it was, or where there was nothing.
  std::string begun_anew() const;
  /// Values that this writer has stored as 65504 or its negative, as they were larger (FeatureType::kFloat16).
  std::uint64_t values_too_large() const;

  /// `features` is [rows.size(), D]; `images_done` counts source images including failed ones, and
  /// must be what it was plus rows and failures. Throws IoError (a full disk, say); then nothing was
  /// appended.
  void append(std::span<const FeatureRow> rows, std::span<const float> features,
              std::uint64_t images_done, std::span<const FailedImage> failures = {});

  /// All images left out so far, also before a kill; read back from the disk.
  std::vector<FailedImage> failures() const;

  /// Removes the ".partial"; nothing is left of the set.
  void discard();

  /// Completes the headers, flushes, and moves the set to its path, in place of one that is there.
  /// Throws IoError; InvalidArgument when there is no row. Only `failures` may be called after it.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A feature set, memory-mapped. Thread-safe. A folder with a `set.json` in the place of the three files is a set of
/// many parts, each of which is a feature set in a folder of its own (cluster.h makes them): one after another they
/// are its rows. A part is opened when something of it is first asked for, and what is wrong with it is told then:
/// each takes two of the process's memory maps (Linux allows 65530: sysctl vm.max_map_count). Rows of float16 are made
/// float32 when they are first asked for, in memory, and beyond 256 MiB of it in a temporary file ($TMPDIR). A file in
/// the place of the folder is a matrix of features that another program made: NumPy's format, float16, float32 or
/// float64 [N, D] in C order, of finite values. As a set it has one block of columns, "feature", "no model" in the
/// place of the model's SHA-256, and clean images "NAME#0", "NAME#1", ...
class GRADSPACE_API FeatureSet {
 public:
  /// Throws IoError, FormatError (truncated, damaged, a newer version, sizes that do not fit, a value of a matrix
  /// that is not finite).
  explicit FeatureSet(const std::filesystem::path& path);
  ~FeatureSet();
  FeatureSet(FeatureSet&&) noexcept;
  FeatureSet& operator=(FeatureSet&&) noexcept;

  std::size_t size() const;
  std::size_t dimension() const;
  /// Row `i`, dimension() values. The first call that touches one of the matrix's blocks reads all of it (64 MiB,
  /// in some milliseconds); it throws FormatError when the block is damaged.
  std::span<const float> row(std::size_t i) const;
  /// How many rows from `i` on lie side by side in memory: all that follow, or those of the part that `i` is in. Throws
  /// what `row` does.
  std::size_t rows_together(std::size_t i) const;
  /// Row `i` of the index, read where it lies in the mapped file: eight bytes of memory a row.
  FeatureRow index_row(std::size_t i) const;
  /// The whole index, made on first use: some 150 bytes a row.
  const std::vector<FeatureRow>& index() const;
  /// Images that were left out, in the source's order. Of a set of parts they are read on first use.
  const std::vector<FailedImage>& failures() const;
  const FeatureSetMeta& meta() const;
  /// Verifies what has not been read yet of the matrix. Throws FormatError.
  void verify() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
