#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "core/file.h"
#include "core/file_kind.h"
#include "core/named_entries.h"
#include "data/brace_range.h"
#include "data/file_source.h"
#include "data/source_format.h"
#include "data/tar_source.h"
#include "gradspace/error.h"
#include "gradspace/source.h"

// One line a file format with images in it: the function that returns its SourceFormat.
#define GRADSPACE_SOURCE_FORMATS(FORMAT) \
  FORMAT(idx_format)                     \
  FORMAT(cifar10_format)                 \
  FORMAT(tar_format)                     \
  FORMAT(list_format)                    \
  FORMAT(video_format)

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
  std::array<std::uint8_t, 64> begin{};
  throw_unknown_kind(
      path.string(), std::span(begin).first(file.read_some(0, begin)),
      "neither an image nor a video, a list, a tar archive, an IDX or a CIFAR-10 file");
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

/// The folder directly below in which a source of a file format lies, and that format: where archives are
/// unpacked, they often lie one folder down. Nothing where there is none, or more than one.
std::optional<std::pair<fs::path, SourceKind>> recognise_below(const fs::path& path) {
  std::optional<std::pair<fs::path, SourceKind>> found;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    const bool visible = !entry->path().filename().string().starts_with('.');
    if (!visible || !entry->is_directory(ignored)) {
      continue;
    }
    const SourceKind kind = recognise_folder(entry->path());
    if (kind != SourceKind::kAuto && kind != SourceKind::kCureTsr) {
      if (found) {
        return std::nullopt;
      }
      found.emplace(entry->path(), kind);
    }
  }
  return found;
}

/// Null for a kind that is no file format.
std::unique_ptr<Source> open_format(const fs::path& path, SourceKind kind) {
  for (const SourceFormat& format : formats()) {
    if (format.kind == kind) {
      std::error_code unknown;
      const bool deeper = fs::is_directory(path, unknown) && recognise_folder(path) != kind;
      const auto below = deeper ? recognise_below(path) : std::nullopt;
      return format.open(below && below->second == kind ? below->first : path);
    }
  }
  return nullptr;
}

bool holds_archives(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (has_tar_name(entry->path())) {
      return true;
    }
  }
  return false;
}

/// A path that is no file's: a command, or a range of archives. Null for any other.
std::unique_ptr<Source> open_beyond_files(const fs::path& path, const SourceOptions& options) {
  constexpr std::string_view kPipe = "pipe:";
  const std::string& text = path.native();
  if (text.starts_with(kPipe)) {
    if (!options.commands) {
      throw InvalidArgument(fmt::format(
          "{}: commands are run where the command line names them, and nowhere else", text));
    }
    return open_tar_of_command(text.substr(kPipe.size()));
  }
  const std::vector<std::string> range = expand_ranges(text);
  return range.size() == 1 && range.front() == text
             ? nullptr
             : open_tar_archives({range.begin(), range.end()});
}

std::unique_ptr<Source> open_files(const fs::path& path, bool is_folder, SourceKind kind,
                                   const SourceOptions& options) {
  Listing listing = is_folder ? list_images(path, options.hidden) : list_one(path);
  if (listing.files.empty() && kind == SourceKind::kAuto) {
    if (const auto below = recognise_below(path)) {
      return open_format(below->first, below->second);
    }
    if (is_folder && holds_archives(path)) {
      return open_format(path, SourceKind::kTar);
    }
  }
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
  std::vector<fs::path> files(std::size_t i) const override {
    return source_->files(positions_[i]);
  }
  std::span<const std::string> skipped() const override { return source_->skipped(); }
  std::size_t skipped_count() const override { return source_->skipped_count(); }

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

std::string passed_over(const Source& source, const std::filesystem::path& path) {
  const std::size_t count = source.skipped_count();
  return count == 0 ? std::string()
                    : fmt::format("{}: {} of {} files passed over, the first: {}", path.string(),
                                  count, source.size() + count, source.skipped().front());
}

std::string shrinking_remark(const Source& source, int width, int height) {
  constexpr int kMuch = 4;
  try {
    const Image first = source.load(0);
    if (first.width() > kMuch * width && first.height() > kMuch * height) {
      return fmt::format(
          "{}: {}x{} pixels are shrunk to {}x{}, which loses most of what blur, noise, codecs and "
          "rain do: "
          "--tiles {}x{} looks at photographs at their own size",
          source.info(0).path, first.width(), first.height(), width, height, width, height);
    }
  } catch (const Error&) {
    return {};  // it is reported where it is read for good
  }
  return {};
}

std::unique_ptr<Source> open_source(const std::filesystem::path& path, SourceKind kind,
                                    const SourceOptions& options) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    if (std::unique_ptr<Source> source = open_beyond_files(path, options)) {
      return source;
    }
    throw IoError(fmt::format("{}: can't open: {}", path.string(), error.message()));
  }
  const bool is_folder = fs::is_directory(status);
  if (kind == SourceKind::kAuto && is_folder) {
    kind = recognise_folder(path);
  } else if (kind == SourceKind::kAuto) {
    // What comes through a pipe comes once: it is not looked at beforehand.
    kind = fs::is_fifo(status) ? SourceKind::kFolder : recognise_file(path);
  }
  std::unique_ptr<Source> source = open_format(path, kind);
  return source != nullptr ? std::move(source) : open_files(path, is_folder, kind, options);
}

std::unique_ptr<Source> select(std::shared_ptr<const Source> source,
                               std::vector<std::uint32_t> positions) {
  return std::make_unique<SelectedSource>(std::move(source), std::move(positions));
}

}  // namespace gradspace
