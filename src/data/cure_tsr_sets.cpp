#include "data/cure_tsr_sets.h"

#include <algorithm>
#include <charconv>

namespace gradspace {
namespace {

/// One block of so many is held out.
constexpr std::size_t kHeldOutOf = 5;
/// Pictures in a block, where that leaves enough blocks to choose from.
constexpr std::size_t kLongestBlock = 20;
constexpr std::size_t kEnoughBlocks = 25;

/// "train" of a folder called train; "" of others.
std::string_view called_after_set(std::string_view folder) {
  for (const std::string_view set : {"train", "val", "test"}) {
    if (folder == set) {
      return set;
    }
  }
  return {};
}

/// "train" of a folder called Real_Train; "" where neither word is in the name, or both are.
std::string_view naming_set(std::string_view folder) {
  std::string name(folder);
  std::ranges::transform(name, name.begin(), [](char character) {
    return 'A' <= character && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                : character;
  });
  const bool train = name.find("train") != std::string::npos;
  const bool test = name.find("test") != std::string::npos;
  return train == test ? std::string_view() : train ? "train" : "test";
}

/// The innermost answer that one of a path's folders gives; `path` ends with '/' or is empty.
template <class Tell>
std::string_view innermost(std::string_view path, const Tell& tell) {
  while (!path.empty()) {
    path.remove_suffix(1);                          // the closing '/'
    const std::size_t begin = path.rfind('/') + 1;  // npos + 1 = 0
    if (const std::string_view set = tell(path.substr(begin)); !set.empty()) {
      return set;
    }
    path = path.substr(0, begin);
  }
  return {};
}

/// The root's own name behind its parent's: "Real_Train/Rain-1/", also for "." and with a '/' at the end.
struct RootNames {
  explicit RootNames(const std::filesystem::path& root) {
    std::filesystem::path whole = std::filesystem::absolute(root).lexically_normal();
    if (!whole.has_filename()) {
      whole = whole.parent_path();
    }
    own = whole.filename().string() + "/";
    with_parent = whole.parent_path().filename().string() + "/" + own;
  }

  std::string own;
  std::string with_parent;
};

bool has_five_fields(const CureTsrName& name) {
  return name.index.find('_') == std::string::npos;
}

/// What pictures are told apart by, in the order of their names: all but challenge and level.
std::uint64_t picture(const CureTsrName& name) {
  std::uint64_t index = 0;  // of nine digits at most
  std::from_chars(name.index.data(), name.index.data() + name.index.size(), index);
  return (static_cast<std::uint64_t>(100 * name.sequence + name.sign) << 32U) + index;
}

}  // namespace

CureTsrSets::CureTsrSets(const std::filesystem::path& root, const FileList& files) {
  const RootNames names(root);
  for (const std::string& folder : files.folders()) {
    const std::string_view inside = innermost(folder, called_after_set);
    by_name_.push_back(inside.empty() ? innermost(names.own, called_after_set) : inside);
    const std::string_view named = innermost(folder, naming_set);
    // Who opens Real_Train/Rain-1 alone opens training images.
    by_part_.push_back(!named.empty()
                           ? named
                           : innermost(folder.empty() ? names.with_parent : names.own, naming_set));
  }
  if (std::ranges::find(by_name_, "val") == by_name_.end()) {
    hold_out_blocks(files);
  }
}

void CureTsrSets::hold_out_blocks(const FileList& files) {
  std::vector<std::uint64_t> pictures;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::uint32_t folder = files.folder_number(i);
    if (by_name_[folder].empty() && by_part_[folder] == "train") {
      if (const auto name = CureTsrName::parse(files.name(i)); name && has_five_fields(*name)) {
        pictures.push_back(picture(*name));
      }
    }
  }
  std::ranges::sort(pictures);
  pictures.erase(std::unique(pictures.begin(), pictures.end()), pictures.end());
  const std::size_t length =
      std::clamp<std::size_t>(pictures.size() / kEnoughBlocks, 1, kLongestBlock);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (i / length % kHeldOutOf == kHeldOutOf - 1) {
      validation_.push_back(pictures[i]);
    }
  }
  validation_.shrink_to_fit();
}

std::string_view CureTsrSets::set(const FileList& files, std::size_t i,
                                  const CureTsrName* name) const {
  const std::uint32_t folder = files.folder_number(i);
  if (!by_name_[folder].empty() || name == nullptr || !has_five_fields(*name)) {
    return by_name_[folder];
  }
  const std::string_view set = by_part_[folder];
  return set == "train" && std::ranges::binary_search(validation_, picture(*name)) ? "val" : set;
}

}  // namespace gradspace
