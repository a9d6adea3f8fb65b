// What is in a tar archive, and where: its headers are read, one after the other, and none of the data between them.
//
// Read are the formats of POSIX (ustar, and pax with long names and sizes), of GNU tar (long names, sizes in binary)
// and of what came before them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/random_access_file.h"

namespace gradspace {

struct TarMember {
  std::string name;  ///< as it stands there; of any bytes but zero
  std::uint64_t offset = 0;
  std::uint64_t size = 0;         ///< that there are in the archive from `offset` on
  std::string_view no_file = {};  ///< why it holds no bytes of a file ("a link"); empty for a file
};

/// Goes through an archive from its begin. For one thread at a time.
class TarReader {
 public:
  /// `file` must outlive it.
  explicit TarReader(const RandomAccessFile& file) : file_(file) {}

  /// The next member, folders left out; nothing at the end. Throws FormatError naming the archive where a header is
  /// none, or promises more than the archive has; nothing can be read behind it.
  std::optional<TarMember> next();

  /// After the end: whether the archive says that it ends there, as all do that are whole.
  bool has_end_mark() const { return has_end_mark_; }

 private:
  struct Header;

  std::optional<Header> read_header();
  std::string read_text(const Header& header);
  void take_pax(std::string_view records);
  void skip_sparse_map();
  [[noreturn]] void fail(std::string_view why) const;

  const RandomAccessFile& file_;
  std::uint64_t position_ = 0;  ///< of the next header
  bool has_end_mark_ = false;
  // What headers of their own said of the next member.
  std::string long_name_;
  std::optional<std::uint64_t> long_size_;
  bool is_sparse_ = false;
};

/// Whether a file begins with a tar header, whose checksum is right.
bool is_tar(const RandomAccessFile& file);

}  // namespace gradspace
