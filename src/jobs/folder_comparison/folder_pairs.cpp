#include "jobs/folder_comparison/folder_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include "gradspace/error.h"
#include "jobs/folder_comparison/folder_names.h"
#include "jobs/image_pairs.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

void require_folder(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw IoError(fmt::format("{}: there is no such folder", path.string()));
  }
  if (!fs::is_directory(status)) {
    throw IoError(fmt::format("{}: not a folder", path.string()));
  }
}

/// A size of 0 where there is none to be had: such a file can't be read either.
std::uint64_t bytes_in(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  return error ? 0 : size;
}

/// Adds the pairs of a folder and what is amiss with it.
void list_folder(const ReferenceFolder& references, const CompareFoldersOptions& options,
                 std::size_t number, FolderPairs& all) {
  ComparedFolder& folder = all.folders[number];
  PairList list;
  try {
    list = references.pairs_with(folder.path);
  } catch (const FormatError& error) {  // it holds no image
    folder.unmatched.emplace_back(error.what());
    return;
  }
  std::ranges::move(list.remarks, std::back_inserter(all.remarks));
  if (list.pairs.empty()) {
    folder.unmatched.push_back(fmt::format("{}: none of its images has the name of one in {}",
                                           folder.path.string(), options.references.string()));
    return;
  }
  folder.unmatched = std::move(list.unmatched);
  for (ImagePair& files : list.pairs) {
    ComparedPair pair;
    pair.folder = number;
    pair.reference = files.reference.lexically_relative(options.references).string();
    pair.distorted = files.distorted.lexically_relative(folder.path).string();
    pair.bytes = bytes_in(files.distorted);
    all.pairs.push_back(std::move(pair));
    all.files.push_back(std::move(files));
  }
}

/// Puts what shares a reference side by side.
void order_by_reference(FolderPairs& all) {
  std::vector<std::size_t> order(all.pairs.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return all.files[a].reference < all.files[b].reference;
  });
  std::vector<ComparedPair> pairs;
  std::vector<ImagePair> files;
  for (const std::size_t i : order) {
    pairs.push_back(std::move(all.pairs[i]));
    files.push_back(std::move(all.files[i]));
  }
  all.pairs = std::move(pairs);
  all.files = std::move(files);
}

}  // namespace

std::vector<ComparedFolder> compared_folders(const CompareFoldersOptions& options) {
  std::vector<fs::path> paths;
  std::set<std::string> identities;
  const auto add = [&](const fs::path& folder) {
    if (identities.insert(folder_identity(folder)).second) {
      paths.push_back(tidy_folder(folder));
    }
  };
  std::ranges::for_each(options.folders, add);
  for (const NamedCurve& curve : options.curves) {
    std::ranges::for_each(curve.folders, add);
  }
  const std::vector<std::string> names = folder_names(paths);
  std::vector<ComparedFolder> folders(paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    folders[i].name = names[i];
    folders[i].path = std::move(paths[i]);
  }
  return folders;
}

FolderPairs list_folder_pairs(const CompareFoldersOptions& options) {
  FolderPairs all;
  all.folders = compared_folders(options);
  require_folder(options.references);
  for (const ComparedFolder& folder : all.folders) {
    require_folder(folder.path);
  }
  const ReferenceFolder references(options.references, options.source);
  all.remarks.assign(references.remarks().begin(), references.remarks().end());
  for (std::size_t i = 0; i < all.folders.size(); ++i) {
    list_folder(references, options, i, all);
  }
  order_by_reference(all);
  return all;
}

}  // namespace gradspace
