// The image files under a folder, listed in little memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gradspace {

/// Paths of many files: every folder's path is kept once, all names in one block. About eight bytes
/// and the name a file.
class FileList {
 public:
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

  /// "train/", or "" for the root itself.
  const std::string& folder(std::size_t i) const { return folders_[entries_[i].folder]; }
  std::uint32_t folder_number(std::size_t i) const { return entries_[i].folder; }
  const std::vector<std::string>& folders() const { return folders_; }
  std::string_view name(std::size_t i) const { return names_.data() + entries_[i].name; }
  /// Folder and name.
  std::string path(std::size_t i) const;

  // Building: names are added first, in any order, then listed in the order wanted.
  using NameId = std::uint32_t;
  NameId add_name(std::string_view name);
  std::string_view name_of(NameId id) const { return names_.data() + id; }
  std::uint32_t add_folder(std::string path);
  void list(std::uint32_t folder, NameId name) { entries_.push_back({folder, name}); }
  void shrink_to_fit();

 private:
  struct Entry {
    std::uint32_t folder;
    NameId name;
  };
  std::vector<std::string> folders_;
  std::vector<char> names_;  // each ends with a zero
  std::vector<Entry> entries_;
};

/// What was passed over and why, a line each; after many lines only their number.
class Remarks {
 public:
  /// Bytes of `path` that would disturb a terminal are shown as '?'.
  void add(std::string_view path, std::string_view reason);
  /// Lines, and those left out.
  std::size_t count() const { return lines_.size() + left_out_; }
  /// The lines, closed by "and N more" where lines were left out.
  std::vector<std::string> take() &&;

 private:
  std::vector<std::string> lines_;
  std::size_t left_out_ = 0;
};

struct Listing {
  FileList files;
  Remarks remarks;
};

/// Every image under `root`, in bytewise order of its path relative to `root`: files with an image's
/// extension, and others that begin as an image does. Symbolic links are followed; a folder that is reached
/// twice is listed once. What can't be read, is no image, or is hidden (its name begins with a dot, and
/// `hidden` is false) goes to the remarks. Throws IoError when `root` itself can't be read.
Listing list_images(const std::filesystem::path& root, bool hidden = false);

}  // namespace gradspace
