#include <fmt/format.h>

#include <array>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "core/file.h"
#include "core/named_entries.h"
#include "data/file_source.h"
#include "data/source_format.h"
#include "gradspace/error.h"
#include "gradspace/source.h"

// One line a file format with images in it: the function that returns its SourceFormat.
#define GRADSPACE_SOURCE_FORMATS(FORMAT) \
  FORMAT(idx_format)                     \
  FORMAT(cifar10_format)

namespace gradspace {

#define FORMAT(function) SourceFormat function();
GRADSPACE_SOURCE_FORMATS(FORMAT)
#undef FORMAT

namespace {

namespace fs = std::filesystem;

const std::vector<SourceFormat>& formats() {
  static const std::vector<SourceFormat> list = {
#define FORMAT(function) function(),
      GRADSPACE_SOURCE_FORMATS(FORMAT)
#undef FORMAT
  };
  return list;
}

bool is_image(const RandomAccessFile& file) {
  std::array<std::uint8_t, 64> begin{};
  const std::size_t got = file.read_some(0, begin);
  try {
    detect_image_format(std::span(begin).first(got), file.name());
    return true;
  } catch (const FormatError&) {
    return false;
  }
}

SourceKind recognise_file(const fs::path& path) {
  const RandomAccessFile file(path);
  for (const SourceFormat& format : formats()) {
    if (format.is_file(path, file)) {
      return format.kind;
    }
  }
  if (has_image_extension(path) || is_image(file)) {
    return SourceKind::kFolder;
  }
  throw FormatError(fmt::format("{}: neither an image nor an IDX or CIFAR-10 file", path.string()));
}

/// What the files directly in a folder say; kAuto where they say nothing.
SourceKind recognise_folder(const fs::path& path) {
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name == "RealChallengeFree" || name == "RealChallenge") {
      return SourceKind::kCureTsr;
    }
    for (const SourceFormat& format : formats()) {
      if (format.is_in_folder(entry->path())) {
        return format.kind;
      }
    }
  }
  return SourceKind::kAuto;
}

Listing list_one(const fs::path& file) {
  Listing listing;
  const std::uint32_t here = listing.files.add_folder("");
  listing.files.list(here, listing.files.add_name(file.filename().string()));
  return listing;
}

std::unique_ptr<Source> open_files(const fs::path& path, bool is_folder, SourceKind kind) {
  Listing listing = is_folder ? list_images(path) : list_one(path);
  if (kind == SourceKind::kAuto) {
    kind = has_cure_tsr_names(listing.files) ? SourceKind::kCureTsr : SourceKind::kFolder;
  }
  fs::path root = is_folder ? path : path.parent_path();
  if (root.empty()) {
    root = ".";
  }
  return std::make_unique<FileSource>(std::move(root), std::move(listing), kind);
}

class SelectedSource final : public Source {
 public:
  SelectedSource(std::shared_ptr<const Source> source, std::vector<std::uint32_t> positions)
      : source_(std::move(source)), positions_(std::move(positions)) {
    if (positions_.empty()) {
      throw InvalidArgument("select: no image chosen");
    }
    for (const std::uint32_t position : positions_) {
      if (position >= source_->size()) {
        throw InvalidArgument(
            fmt::format("select: image {}, but the source has {}", position, source_->size()));
      }
    }
  }

  SourceKind kind() const override { return source_->kind(); }
  std::size_t size() const override { return positions_.size(); }
  ImageInfo info(std::size_t i) const override { return source_->info(positions_[i]); }
  Image load(std::size_t i) const override { return source_->load(positions_[i]); }
  void load_fitted(std::size_t i, FixedSizeReader& reader,
                   std::span<std::uint8_t> out_hwc) const override {
    source_->load_fitted(positions_[i], reader, out_hwc);
  }
  std::span<const std::string> skipped() const override { return source_->skipped(); }

 private:
  std::shared_ptr<const Source> source_;
  std::vector<std::uint32_t> positions_;
};

}  // namespace

SourceKind parse_source_kind(std::string_view text) {
  std::vector<std::pair<std::string_view, SourceKind>> kinds = {
      {"auto", SourceKind::kAuto},
      {"cure-tsr", SourceKind::kCureTsr},
      {"folder", SourceKind::kFolder},
  };
  for (const SourceFormat& format : formats()) {
    kinds.emplace_back(format.name, format.kind);
  }
  return find_named(kinds, text, "source", [](const auto& entry) { return entry.first; }).second;
}

std::unique_ptr<Source> open_source(const std::filesystem::path& path, SourceKind kind) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw IoError(fmt::format("{}: can't open: {}", path.string(), error.message()));
  }
  const bool is_folder = fs::is_directory(status);
  if (kind == SourceKind::kAuto) {
    kind = is_folder ? recognise_folder(path) : recognise_file(path);
  }
  for (const SourceFormat& format : formats()) {
    if (format.kind == kind) {
      return format.open(path);
    }
  }
  return open_files(path, is_folder, kind);
}

std::unique_ptr<Source> select(std::shared_ptr<const Source> source,
                               std::vector<std::uint32_t> positions) {
  return std::make_unique<SelectedSource>(std::move(source), std::move(positions));
}

}  // namespace gradspace
