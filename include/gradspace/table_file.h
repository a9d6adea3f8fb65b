// Tables for other programs: CSV in a file that is there when it is whole.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "gradspace/export.h"

namespace gradspace {

/// Throws InvalidArgument unless a file's name ends with ".csv" or ".csv.zst".
GRADSPACE_API void require_table_name(const std::filesystem::path& path);

/// CSV, compressed by Zstandard, with a checksum, where the file's name ends with ".csv.zst". pandas, DuckDB and Spark
/// read both. For one thread at a time.
class GRADSPACE_API TableFile {
 public:
  /// Begins it beside its place. Throws InvalidArgument for another name; IoError.
  explicit TableFile(const std::filesystem::path& path);
  /// Without `commit`: nothing is left of it, and what was in its place stays.
  ~TableFile();
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;

  /// Appends. Throws IoError.
  void write(std::string_view text);
  /// Puts the file in its place. Nothing may be written behind it. Throws IoError.
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace
