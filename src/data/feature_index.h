// The text files of a feature set: index.csv and failures.csv, a row at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv.h"
#include "gradspace/feature_set.h"

namespace gradspace {

inline constexpr std::string_view kIndexHeader =
    "row,path,set,challenge,level,class,label,bce,kld\n";
/// Of tiles of photographs, with their places.
inline constexpr std::string_view kTilesIndexHeader =
    "row,path,set,challenge,level,class,label,bce,kld,tile_x,tile_y\n";
inline std::string_view index_header(const FeatureSetMeta& meta) {
  return meta.tiles_json.empty() ? kIndexHeader : kTilesIndexHeader;
}
inline constexpr std::string_view kFailuresHeader = "path,reason\n";

void add_index_row(CsvWriter& csv, std::uint64_t row, const FeatureRow& values);
/// The same without the row's end.
void add_index_fields(CsvWriter& csv, std::uint64_t row, const FeatureRow& values);
void add_failure(CsvWriter& csv, const FailedImage& failure);
/// The whole text of a failures.csv.
std::string failures_text(std::span<const FailedImage> failures);
/// The reverse. Throws FormatError; `name` stands in messages.
std::vector<FailedImage> parse_failures(std::string_view text, std::string_view name);

/// Reads rows from a file's text, one after the other.
class CsvReader {
 public:
  /// Throws FormatError unless `text` starts with `header`. Both texts must outlive the reader;
  /// `name` stands in messages.
  CsvReader(std::string_view text, std::string_view header, std::string_view name);
  /// From the row at `offset` on, which `offset()` gave earlier.
  CsvReader(std::string_view text, std::size_t offset, std::string_view name);

  bool at_end() const { return position_ == text_.size(); }
  /// Of the next row's first character.
  std::size_t offset() const { return position_; }

  /// Reads one row, of tiles with their places. Throws FormatError on anything but a whole, valid row.
  void read_index_row(std::uint64_t row, bool tiles, FeatureRow& out);
  void read_failure(FailedImage& out);

 private:
  [[noreturn]] void fail(std::string_view why) const;
  /// The next field without its quotes, valid until the next call; `separator` must follow it.
  std::string_view field(char separator);
  template <typename Number>
  Number number(char separator);

  std::string_view text_;
  std::string_view name_;
  std::size_t position_ = 0;
  std::size_t row_begin_ = 0;
  std::string unquoted_;
};

}  // namespace gradspace
