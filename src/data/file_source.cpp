#include "data/file_source.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "gradspace/error.h"

namespace gradspace {
namespace {

FileList with_cure_tsr_names(const FileList& files, Remarks& remarks) {
  FileList kept;
  for (const std::string& folder : files.folders()) {
    kept.add_folder(folder);
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (CureTsrName::parse(files.name(i))) {
      kept.list(files.folder_number(i), kept.add_name(files.name(i)));
    } else {
      remarks.add(files.path(i), "not a CURE-TSR file name");
    }
  }
  kept.shrink_to_fit();
  return kept;
}

}  // namespace

FileSource::FileSource(std::filesystem::path root, Listing listing, SourceKind kind)
    : root_(std::move(root)), prefix_((root_ / "").native()), kind_(kind) {
  files_ = kind == SourceKind::kCureTsr ? with_cure_tsr_names(listing.files, listing.remarks)
                                        : std::move(listing.files);
  skipped_count_ = listing.remarks.count();
  skipped_ = std::move(listing.remarks).take();
  if (files_.empty()) {
    const std::string why = skipped_.empty() ? "it is empty"
                                             : fmt::format("{} passed over, the first: {}",
                                                           skipped_count_, skipped_[0]);
    throw FormatError(fmt::format("{}: no image found ({})", root_.string(), why));
  }
  sets_.emplace(root_, files_);
}

ImageInfo FileSource::info(std::size_t i) const {
  ImageInfo info;
  info.path = files_.path(i);
  const auto name = CureTsrName::parse(files_.name(i));
  info.set = sets_->set(files_, i, name ? &*name : nullptr);
  if (name) {
    info.challenge = name->challenge;
    info.level = name->level;
    info.object_class = name->sign;
  }
  return info;
}

Image FileSource::load(std::size_t i) const {
  return read_image(path(i));
}

void FileSource::load_fitted(std::size_t i, FixedSizeReader& reader,
                             std::span<std::uint8_t> out_hwc) const {
  reader.read(path(i), out_hwc);
}

std::filesystem::path FileSource::path(std::size_t i) const {
  const std::string& folder = files_.folder(i);
  const std::string_view name = files_.name(i);
  std::string path;
  path.reserve(prefix_.size() + folder.size() + name.size());
  path += prefix_;
  path += folder;
  path += name;
  return path;
}

bool has_cure_tsr_names(const FileList& files) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    count += CureTsrName::parse(files.name(i)) ? 1 : 0;
  }
  return count > 0 && 2 * count >= files.size();
}

}  // namespace gradspace
