// The text files of a feature set: index.csv and failures.csv, a row at a time.
//
// CSV as RFC 4180 has it, but with '\n' at the end of a row: a field with a comma, a quote or a line
// break is quoted, quotes in it are doubled. Floats are written with the fewest digits that read back
// the same.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gradspace/feature_set.h"

namespace gradspace {

inline constexpr std::string_view kIndexHeader =
    "row,path,set,challenge,level,class,label,bce,kld\n";
inline constexpr std::string_view kFailuresHeader = "path,reason\n";

void append_index_row(fmt::memory_buffer& out, std::uint64_t row, const FeatureRow& values);
void append_failure(fmt::memory_buffer& out, const FailedImage& failure);

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

  /// Reads one row. Throws FormatError on anything but a whole, valid row.
  void read_index_row(std::uint64_t row, FeatureRow& out);
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
