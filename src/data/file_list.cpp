#include "data/file_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "core/file.h"
#include "core/file_kind.h"
#include "core/unfinished_file.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/codec.h"

namespace gradspace {
namespace {

constexpr std::size_t kMaxRemarks = 1000;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

enum class EntryKind { kFile, kFolder, kOther };

EntryKind entry_kind(DIR* folder, const dirent& entry) {
  if (entry.d_type == DT_REG) {
    return EntryKind::kFile;
  }
  if (entry.d_type == DT_DIR) {
    return EntryKind::kFolder;
  }
  struct stat status = {};  // follows links
  if (::fstatat(::dirfd(folder), entry.d_name, &status, 0) != 0) {
    return EntryKind::kOther;
  }
  if (S_ISDIR(status.st_mode)) {
    return EntryKind::kFolder;
  }
  return S_ISREG(status.st_mode) ? EntryKind::kFile : EntryKind::kOther;
}

/// Why a file whose name tells nothing is no image; empty where it begins as one.
std::string why_no_image(const std::string& path) {
  try {
    const std::vector<std::uint8_t> begin = read_file_start(path, 64);
    if (codec::begins_as_image(begin)) {
      return {};
    }
    const std::string_view told = other_kind(begin);
    return told.empty() ? "not an image" : std::string(told);
  } catch (const IoError& error) {
    return std::string(error.what()).substr(path.size() + 2);  // its reason without the path
  }
}

/// Walks folders depth first. Within a folder, a subfolder sorts as its name with a '/': that makes
/// the whole list sorted by path.
class Lister {
 public:
  Lister(const std::filesystem::path& root, bool hidden, Listing& listing)
      : root_(root.string()), hidden_(hidden), listing_(listing) {}

  /// `folder` is relative to the root and ends with '/', or is empty.
  void list(const std::string& folder) {
    Content content;
    if (!read(folder, content)) {
      return;
    }
    FileList& files = listing_.files;
    std::sort(content.files.begin(), content.files.end(),
              [&](FileList::NameId a, FileList::NameId b) {
                return files.name_of(a) < files.name_of(b);
              });
    std::sort(content.folders.begin(), content.folders.end());

    const std::uint32_t number = content.files.empty() ? 0 : files.add_folder(folder);
    auto next_file = content.files.begin();
    const auto list_files_before = [&](std::string_view limit) {
      for (; next_file != content.files.end() && files.name_of(*next_file) < limit; ++next_file) {
        files.list(number, *next_file);
      }
    };
    for (const std::string& subfolder : content.folders) {
      list_files_before(subfolder);
      list(folder + subfolder);
    }
    for (; next_file != content.files.end(); ++next_file) {
      files.list(number, *next_file);
    }
  }

 private:
  struct Content {
    std::vector<FileList::NameId> files;
    std::vector<std::string> folders;  // each ends with '/'
  };

  bool read(const std::string& folder, Content& content) {
    const std::string full_path = root_ + "/" + folder;
    const OpenFolder open(::opendir(full_path.c_str()));
    struct stat status = {};
    if (open == nullptr || ::fstat(::dirfd(open.get()), &status) != 0) {
      const std::string reason = "can't open: " + last_system_error();
      if (folder.empty()) {
        throw IoError(fmt::format("{}: {}", root_, reason));
      }
      listing_.remarks.add(folder, reason);
      return false;
    }
    const auto [seen, is_new] = visited_.try_emplace({status.st_dev, status.st_ino}, folder);
    if (!is_new) {
      listing_.remarks.add(
          folder, fmt::format("the same folder as {}", seen->second.empty() ? "./" : seen->second));
      return false;
    }
    while (const dirent* entry = ::readdir(open.get())) {
      add(folder, *entry, entry_kind(open.get(), *entry), content);
    }
    return true;
  }

  void add(const std::string& folder, const dirent& entry, EntryKind kind, Content& content) {
    const std::string_view name = entry.d_name;
    if (name == "." || name == ".." || is_unfinished_name(name)) {
      return;  // a file of ours on its way to its name, or a lock, is gone in a moment
    }
    if (name.starts_with('.') && !hidden_) {
      const char* const end = kind == EntryKind::kFolder ? "/" : "";
      listing_.remarks.add(folder + entry.d_name + end, "hidden");
    } else if (kind == EntryKind::kFolder) {
      content.folders.push_back(std::string(name) + "/");
    } else if (kind == EntryKind::kOther) {
      listing_.remarks.add(folder + entry.d_name, "not a file");
    } else if (const std::string why = reason_against(folder, entry.d_name); !why.empty()) {
      listing_.remarks.add(folder + entry.d_name, why);
    } else {
      content.files.push_back(listing_.files.add_name(name));
    }
  }

  /// Its name is looked at alone: taking paths apart would be a fourth of the time of listing a large folder.
  std::string reason_against(const std::string& folder, const char* name) const {
    return has_image_extension(name) ? std::string() : why_no_image(root_ + "/" + folder + name);
  }

  std::string root_;
  bool hidden_;
  Listing& listing_;
  std::map<std::pair<dev_t, ino_t>, std::string> visited_;
};

}  // namespace

std::string FileList::path(std::size_t i) const {
  std::string path = folder(i);
  path += name(i);
  return path;
}

FileList::NameId FileList::add_name(std::string_view name) {
  const std::size_t begin = names_.size();
  if (begin > std::numeric_limits<NameId>::max()) {
    throw InvalidArgument("more file names than 4 GiB can hold; open the folders one by one");
  }
  names_.insert(names_.end(), name.begin(), name.end());
  names_.push_back('\0');
  return static_cast<NameId>(begin);
}

std::uint32_t FileList::add_folder(std::string path) {
  folders_.push_back(std::move(path));
  return static_cast<std::uint32_t>(folders_.size() - 1);
}

void FileList::shrink_to_fit() {
  names_.shrink_to_fit();
  entries_.shrink_to_fit();
}

void Remarks::add(std::string_view path, std::string_view reason) {
  if (lines_.size() == kMaxRemarks) {
    ++left_out_;
    return;
  }
  std::string line = fmt::format("{}: {}", path, reason);
  std::replace_if(
      line.begin(), line.end(),
      [](char character) {
        return static_cast<unsigned char>(character) < 0x20 || character == 0x7F;
      },
      '?');
  lines_.push_back(std::move(line));
}

std::vector<std::string> Remarks::take() && {
  if (left_out_ > 0) {
    lines_.push_back(fmt::format("and {} more", left_out_));
  }
  return std::move(lines_);
}

Listing list_images(const std::filesystem::path& root, bool hidden) {
  Listing listing;
  Lister(root, hidden, listing).list("");
  listing.files.shrink_to_fit();
  return listing;
}

}  // namespace gradspace
