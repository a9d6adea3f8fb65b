#include "data/file_source.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "gradspace/error.h"

namespace gradspace {
namespace {

/// The innermost of a path's folders that is called after a set, or nothing.
std::string_view set_of(std::string_view folder) {
  while (!folder.empty()) {
    folder.remove_suffix(1);                          // the closing '/'
    const std::size_t begin = folder.rfind('/') + 1;  // npos + 1 = 0
    const std::string_view last = folder.substr(begin);
    if (last == "train" || last == "val" || last == "test") {
      return last;
    }
    folder = folder.substr(0, begin);
  }
  return {};
}

/// A folder's own name, also for "." and with a '/' at the end.
std::string folder_name(const std::filesystem::path& folder) {
  std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
  if (!whole.has_filename()) {
    whole = whole.parent_path();
  }
  return whole.filename().string();
}

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
    : root_(std::move(root)), kind_(kind) {
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
  const std::string root_folder = folder_name(root_) + "/";
  for (const std::string& folder : files_.folders()) {
    const std::string_view inside = set_of(folder);
    set_of_folder_.emplace_back(inside.empty() ? set_of(root_folder) : inside);
  }
}

ImageInfo FileSource::info(std::size_t i) const {
  ImageInfo info;
  info.path = files_.path(i);
  info.set = set_of_folder_[files_.folder_number(i)];
  if (const auto name = CureTsrName::parse(files_.name(i))) {
    info.challenge = name->challenge;
    info.level = name->level;
    info.object_class = name->sign;
  }
  return info;
}

Image FileSource::load(std::size_t i) const {
  return read_image(root_ / files_.path(i));
}

void FileSource::load_fitted(std::size_t i, FixedSizeReader& reader,
                             std::span<std::uint8_t> out_hwc) const {
  reader.read(root_ / files_.path(i), out_hwc);
}

bool has_cure_tsr_names(const FileList& files) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    count += CureTsrName::parse(files.name(i)) ? 1 : 0;
  }
  return count > 0 && 2 * count >= files.size();
}

}  // namespace gradspace
