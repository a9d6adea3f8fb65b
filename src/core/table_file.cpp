#include "gradspace/table_file.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "core/file.h"
#include "core/zstd.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

bool is_compressed_table(const std::filesystem::path& path) {
  return path.native().ends_with(".csv.zst");
}

}  // namespace

void require_table_name(const std::filesystem::path& path) {
  if (!is_compressed_table(path) && !path.native().ends_with(".csv")) {
    throw InvalidArgument(
        fmt::format("{}: a table's name ends with .csv or .csv.zst", path.string()));
  }
}

struct TableFile::State {
  explicit State(const std::filesystem::path& path) : file(path) {
    if (is_compressed_table(path)) {
      compressor.emplace([this](std::span<const std::uint8_t> bytes) { file.write(bytes); });
    }
  }

  AtomicFile file;
  std::optional<ZstdCompressor> compressor;
};

TableFile::TableFile(const std::filesystem::path& path) {
  require_table_name(path);
  state_ = std::make_unique<State>(path);
}

TableFile::~TableFile() = default;

void TableFile::write(std::string_view text) {
  if (state_->compressor) {
    state_->compressor->write(text);
  } else {
    state_->file.write(text);
  }
}

void TableFile::commit() {
  if (state_->compressor) {
    state_->compressor->finish();
  }
  state_->file.commit();
}

}  // namespace gradspace
