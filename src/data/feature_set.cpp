#include "gradspace/feature_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "core/checksum.h"
#include "core/file.h"
#include "core/made_once.h"
#include "core/mapped_file.h"
#include "core/text.h"
#include "data/feature_checksums.h"
#include "data/feature_index.h"
#include "data/feature_matrix.h"
#include "data/feature_meta.h"
#include "data/feature_type.h"
#include "data/set_parts.h"
#include "data/stored_rows.h"
#include "data/widened_rows.h"
#include "gradspace/error.h"
#include "gradspace/npy.h"

namespace gradspace {
namespace {

/// Checks the matrix's header against the file's size and the columns.
FeatureMatrix find_matrix(const MappedFile& file, const FeatureMetaFile& meta) {
  const std::size_t columns = dimension(meta.meta.columns);
  const FeatureType type = meta.meta.type;
  const NpyHeader header = parse_npy_header(file.bytes(), file.name());
  if (header.type != npy_type(type) || header.shape.size() != 2) {
    throw FormatError(fmt::format("{}: shape {}, wanted {} [rows, {}]", file.name(),
                                  shape_text(header.shape),
                                  type == FeatureType::kFloat16 ? "float16" : "float32", columns));
  }
  if (static_cast<std::uint64_t>(header.shape[1]) != columns) {
    throw FormatError(fmt::format("{}: {} columns, but meta.json describes {}", file.name(),
                                  header.shape[1], columns));
  }
  const std::size_t wanted = header.data_offset + element_count(header.shape) * item_size(type);
  if (file.bytes().size() != wanted) {
    throw FormatError(fmt::format("{}: {} bytes, but shape {} takes {}: truncated or damaged",
                                  file.name(), file.bytes().size(), shape_text(header.shape),
                                  wanted));
  }
  if (header.data_offset % item_size(type) != 0) {
    throw FormatError(fmt::format("{}: values are not aligned", file.name()));
  }
  const auto rows = static_cast<std::size_t>(header.shape[0]);
  const auto header_bytes = file.bytes().first(header.data_offset);
  if (meta.checksums &&
      !std::ranges::equal(header_bytes, feature_matrix_header(type, rows, columns))) {
    throw FormatError(
        fmt::format("{}: is damaged: its header is not as it was written", file.name()));
  }
  return {rows, columns, file.bytes().subspan(header.data_offset), {}};
}

/// Throws FormatError when the text is not what the checksum is of.
void check_text(std::string_view text, const std::string& name, std::uint64_t noted) {
  if (const std::uint64_t found = checksum_of(bytes_of(text)); found != noted) {
    throw_damaged(name, noted, found);
  }
}

/// Reads every row once, so that none can fail later. Returns where each begins.
std::vector<std::uint64_t> checked_offsets(const MappedFile& file, std::size_t rows,
                                           const FeatureMetaFile& meta) {
  const std::optional<FeatureChecksums>& checksums = meta.checksums;
  const bool tiles = !meta.meta.tiles_json.empty();
  if (checksums) {
    check_text(file.text(), file.name(), checksums->index);
  }
  // A row is at least "0,,,0,0,0,0,0,0\n" long: a hostile header can't make us reserve much.
  constexpr std::size_t kShortestRow = 16;
  std::vector<std::uint64_t> offsets;
  offsets.reserve(std::min(rows, file.text().size() / kShortestRow));
  CsvReader reader(file.text(), index_header(meta.meta), file.name());
  FeatureRow row;
  while (!reader.at_end()) {
    offsets.push_back(reader.offset());
    reader.read_index_row(offsets.size() - 1, tiles, row);
  }
  if (offsets.size() != rows) {
    throw FormatError(
        fmt::format("{}: {} rows, but features.npy has {}", file.name(), offsets.size(), rows));
  }
  return offsets;
}

std::vector<FailedImage> read_failures(const std::filesystem::path& path,
                                       const std::optional<FeatureChecksums>& checksums) {
  std::error_code error;
  const bool wanted = checksums && checksums->failures;
  if (!wanted && !std::filesystem::exists(path, error)) {
    return {};
  }
  const std::string name = path.string();
  const std::string text = read_text_file(path);
  if (checksums) {  // a set without failures may have the file, but nothing in it
    check_text(text, name, checksums->failures.value_or(checksum_of(bytes_of(kFailuresHeader))));
  }
  return parse_failures(text, name);
}

std::string meta_text(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    throw IoError(fmt::format("{}: {}", folder.string(),
                              error ? error.message() : "not a folder with a feature set"));
  }
  return read_text_file(folder / "meta.json");
}

/// A folder with one matrix.
class SetFolder final : public StoredRows {
 public:
  explicit SetFolder(const std::filesystem::path& folder)
      : file_(parse_feature_meta(meta_text(folder), (folder / "meta.json").string())),
        features_(folder / "features.npy"),
        index_(folder / "index.csv"),
        matrix_(find_matrix(features_, file_)),
        blocks_(matrix_.bytes, features_.name(), file_.checksums),
        offsets_(checked_offsets(index_, matrix_.rows, file_)),
        failures_(read_failures(folder / "failures.csv", file_.checksums)) {
    if (file_.meta.type == FeatureType::kFloat16) {
      const std::span<const std::uint16_t> halves(
          reinterpret_cast<const std::uint16_t*>(matrix_.bytes.data()),
          matrix_.rows * matrix_.columns);
      widened_.emplace(halves, matrix_.columns, features_.name());
    }
  }

  std::size_t size() const override { return matrix_.rows; }
  const std::vector<FailedImage>& failures() const override { return failures_; }
  const FeatureSetMeta& meta() const override { return file_.meta; }
  void verify() const override { blocks_.require(0, matrix_.bytes.size()); }

  std::size_t rows_together(std::size_t i) const override {
    if (widened_) {
      rows(i, matrix_.rows);
    }
    return matrix_.rows - i;
  }

  std::span<const float> row(std::size_t i) const override {
    return {rows(i, i + 1), matrix_.columns};
  }

  FeatureRow index_row(std::size_t i) const override {
    FeatureRow row;
    CsvReader(index_.text(), offsets_[i], index_.name())
        .read_index_row(i, !file_.meta.tiles_json.empty(), row);
    return row;
  }

 private:
  /// Row `first`, after rows [first, end) have been verified.
  const float* rows(std::size_t first, std::size_t end) const {
    const std::size_t row_bytes = matrix_.columns * item_size(file_.meta.type);
    blocks_.require(first * row_bytes, end * row_bytes);
    return widened_ ? widened_->rows(first, end) : matrix_.values() + first * matrix_.columns;
  }

  FeatureMetaFile file_;
  MappedFile features_;
  MappedFile index_;
  FeatureMatrix matrix_;
  std::optional<WidenedRows> widened_;  ///< of float16
  CheckedBlocks blocks_;
  std::vector<std::uint64_t> offsets_;
  std::vector<FailedImage> failures_;
};

/// A file that another program made.
class OwnMatrix final : public StoredRows {
 public:
  explicit OwnMatrix(const std::filesystem::path& path)
      : file_(path),
        matrix_(parse_feature_matrix(file_.bytes(), file_.name())),
        meta_(feature_matrix_meta(matrix_, file_.name())) {}

  std::size_t size() const override { return matrix_.rows; }
  std::size_t rows_together(std::size_t i) const override { return matrix_.rows - i; }
  FeatureRow index_row(std::size_t i) const override { return feature_matrix_row(file_.name(), i); }
  const std::vector<FailedImage>& failures() const override { return none_; }
  const FeatureSetMeta& meta() const override { return meta_; }
  void verify() const override {}

  std::span<const float> row(std::size_t i) const override {
    return {matrix_.values() + i * matrix_.columns, matrix_.columns};
  }

 private:
  MappedFile file_;
  FeatureMatrix matrix_;
  FeatureSetMeta meta_;
  std::vector<FailedImage> none_;
};

std::unique_ptr<StoredRows> open_rows(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) {
    return std::make_unique<OwnMatrix>(path);
  }
  if (std::filesystem::is_regular_file(path / kSetManifest, error)) {
    return open_set_parts(path);
  }
  return std::make_unique<SetFolder>(path);
}

}  // namespace

struct FeatureSet::State {
  std::unique_ptr<const StoredRows> stored;
  MadeOnce<std::vector<FeatureRow>> index;
};

FeatureSet::FeatureSet(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
  state_->stored = open_rows(path);
}

FeatureSet::~FeatureSet() = default;
FeatureSet::FeatureSet(FeatureSet&&) noexcept = default;
FeatureSet& FeatureSet::operator=(FeatureSet&&) noexcept = default;

std::size_t FeatureSet::size() const {
  return state_->stored->size();
}

std::size_t FeatureSet::dimension() const {
  return gradspace::dimension(meta().columns);
}

std::span<const float> FeatureSet::row(std::size_t i) const {
  return state_->stored->row(i);
}

std::size_t FeatureSet::rows_together(std::size_t i) const {
  return state_->stored->rows_together(i);
}

void FeatureSet::verify() const {
  state_->stored->verify();
}

FeatureRow FeatureSet::index_row(std::size_t i) const {
  return state_->stored->index_row(i);
}

const std::vector<FeatureRow>& FeatureSet::index() const {
  return state_->index.get([this] {
    std::vector<FeatureRow> index;
    index.reserve(size());
    for (std::size_t i = 0; i < size(); ++i) {
      index.push_back(index_row(i));
    }
    return index;
  });
}

const std::vector<FailedImage>& FeatureSet::failures() const {
  return state_->stored->failures();
}

const FeatureSetMeta& FeatureSet::meta() const {
  return state_->stored->meta();
}

}  // namespace gradspace
