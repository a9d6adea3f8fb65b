#include "jobs/image_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

#include "core/csv_table.h"
#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/image.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

/// Relative paths of the images below a folder, ordered. Adds to `remarks` what was passed over.
std::set<fs::path> images_below(const fs::path& folder, const SourceOptions& options,
                                std::vector<std::string>& remarks) {
  const std::unique_ptr<Source> source = open_source(folder, SourceKind::kFolder, options);
  if (std::string remark = passed_over(*source, folder); !remark.empty()) {
    remarks.push_back(std::move(remark));
  }
  std::set<fs::path> images;
  for (std::size_t i = 0; i < source->size(); ++i) {
    images.insert(source->info(i).path);
  }
  return images;
}

/// Images by their path without extension, where only one has it.
std::map<fs::path, fs::path> by_stem(const std::set<fs::path>& images) {
  std::map<fs::path, std::vector<fs::path>> all;
  for (const fs::path& image : images) {
    all[fs::path(image).replace_extension()].push_back(image);
  }
  std::map<fs::path, fs::path> result;
  for (const auto& [stem, paths] : all) {
    if (paths.size() == 1) {
      result.emplace(stem, paths.front());
    }
  }
  return result;
}

/// The image that is to be compared with `reference`, or an empty path.
fs::path partner_of(const fs::path& reference, const std::map<fs::path, fs::path>& references,
                    const std::set<fs::path>& distorted,
                    const std::map<fs::path, fs::path>& distorted_by_stem) {
  if (distorted.contains(reference)) {
    return reference;
  }
  const fs::path stem = fs::path(reference).replace_extension();
  const auto found = distorted_by_stem.find(stem);
  return found == distorted_by_stem.end() || !references.contains(stem) ? fs::path()
                                                                        : found->second;
}

}  // namespace

PairList pairs_of_csv(const fs::path& csv) {
  const std::string text = read_text_file(csv);
  CsvTable table(text, csv.string());
  const std::size_t reference = table.column("reference");
  const std::size_t distorted = table.column("distorted");
  std::error_code unknown;
  // Through a pipe, the paths are relative to where we are: it lies nowhere.
  const fs::path folder = fs::is_fifo(csv, unknown) ? fs::path() : csv.parent_path();
  PairList list;
  while (table.next()) {
    list.pairs.push_back({folder / table.text(reference), folder / table.text(distorted)});
  }
  return list;
}

ReferenceFolder::ReferenceFolder(fs::path folder, const SourceOptions& options)
    : folder_(std::move(folder)), options_(options) {
  images_ = images_below(folder_, options_, remarks_);
  by_stem_ = by_stem(images_);
}

PairList ReferenceFolder::pairs_with(const fs::path& distorted) const {
  PairList list;
  const std::set<fs::path> theirs = images_below(distorted, options_, list.remarks);
  const auto theirs_by_stem = by_stem(theirs);
  std::set<fs::path> left = theirs;
  for (const fs::path& image : images_) {
    const fs::path partner = partner_of(image, by_stem_, theirs, theirs_by_stem);
    if (partner.empty()) {
      list.unmatched.push_back(fmt::format("{}: no image of that name in {}",
                                           (folder_ / image).string(), distorted.string()));
    } else {
      list.pairs.push_back({folder_ / image, distorted / partner});
      left.erase(partner);
    }
  }
  for (const fs::path& image : left) {
    list.unmatched.push_back(fmt::format("{}: no image of that name in {}",
                                         (distorted / image).string(), folder_.string()));
  }
  return list;
}

PairList pairs_of_folders(const fs::path& references, const fs::path& distorted,
                          const SourceOptions& options) {
  const ReferenceFolder folder(references, options);
  PairList list = folder.pairs_with(distorted);
  list.remarks.insert(list.remarks.begin(), folder.remarks().begin(), folder.remarks().end());
  return list;
}

}  // namespace gradspace
