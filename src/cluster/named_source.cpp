#include "cluster/named_source.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "core/hash.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

class NamedSource final : public Source {
 public:
  NamedSource(std::unique_ptr<Source> source, std::string name)
      : source_(std::move(source)), name_(std::move(name)) {}

  SourceKind kind() const override { return source_->kind(); }
  std::size_t size() const override { return source_->size(); }
  ImageInfo info(std::size_t i) const override {
    ImageInfo info = source_->info(i);
    info.path = name_ + '/' + info.path;
    return info;
  }
  Image load(std::size_t i) const override { return source_->load(i); }
  void load_fitted(std::size_t i, FixedSizeReader& reader,
                   std::span<std::uint8_t> out_hwc) const override {
    source_->load_fitted(i, reader, out_hwc);
  }
  std::vector<std::filesystem::path> files(std::size_t i) const override {
    return source_->files(i);
  }
  std::optional<TilePlace> tile(std::size_t i) const override { return source_->tile(i); }
  std::span<const std::string> skipped() const override { return source_->skipped(); }
  std::size_t skipped_count() const override { return source_->skipped_count(); }

 private:
  std::unique_ptr<Source> source_;
  std::string name_;
};

void check_file(const Shard& shard) {
  if (shard.bytes) {
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(shard.uri, error);
    if (error) {
      throw IoError(fmt::format("{}: the plan knows its size, but it can't be told: {}", shard.uri,
                                error.message()));
    }
    if (bytes != *shard.bytes) {
      throw FormatError(fmt::format("{}: has changed since the plan was made: {} bytes, wanted {}",
                                    shard.uri, bytes, *shard.bytes));
    }
  }
  if (!shard.sha256.empty()) {
    if (const std::string found = sha256_hex_of_file(shard.uri); found != shard.sha256) {
      throw FormatError(fmt::format(
          "{}: has changed since the plan was made: SHA-256 {:.12}..., wanted {:.12}...", shard.uri,
          found, shard.sha256));
    }
  }
}

}  // namespace

std::unique_ptr<Source> open_shard(const Shard& shard, const std::string& name,
                                   const PlanOptions& options) {
  check_file(shard);
  std::unique_ptr<Source> source =
      open_source(shard.uri, parse_source_kind(options.source), options.source_options);
  if (shard.rows && source->size() != *shard.rows) {
    throw FormatError(fmt::format("{}: has changed since the plan was made: {} images, wanted {}",
                                  shard.uri, source->size(), *shard.rows));
  }
  source = std::make_unique<NamedSource>(std::move(source), name);
  return options.tiles ? draw_tiles(std::move(source), *options.tiles) : std::move(source);
}

}  // namespace gradspace
