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

ImagesByStem by_stem(const std::set<fs::path>& images) {
  ImagesByStem all;
  for (const fs::path& image : images) {
    all[fs::path(image).replace_extension()].push_back(image);
  }
  return all;
}

/// Those whose name is an image's but for the extension.
std::span<const fs::path> namesakes(const fs::path& image, const ImagesByStem& images) {
  const auto found = images.find(fs::path(image).replace_extension());
  return found == images.end() ? std::span<const fs::path>() : found->second;
}

/// The image that is to be compared with `reference`, or an empty path.
fs::path partner_of(const fs::path& reference, const ImagesByStem& references,
                    const std::set<fs::path>& distorted, const ImagesByStem& distorted_by_stem) {
  if (distorted.contains(reference)) {
    return reference;
  }
  const auto partners = namesakes(reference, distorted_by_stem);
  const bool alone = partners.size() == 1 && namesakes(reference, references).size() == 1;
  return alone ? partners.front() : fs::path();
}

/// A folder and the images in it, which may be partners of those in another folder.
struct ListedFolder {
  const fs::path& path;
  const ImagesByStem& images;
};

/// Why an image of `own` has no partner in `other`.
std::string why_alone(const fs::path& image, const ListedFolder& own, const ListedFolder& other) {
  const auto theirs = namesakes(image, other.images);
  if (theirs.empty()) {
    return fmt::format("{}: no image of that name in {}", (own.path / image).string(),
                       other.path.string());
  }
  const bool is_theirs = theirs.size() > 1;
  const auto several = is_theirs ? theirs : namesakes(image, own.images);
  return fmt::format("{}: {} images in {} have that name, such as {} and {}",
                     (own.path / image).string(), several.size(),
                     (is_theirs ? other : own).path.string(), several[0].string(),
                     several[1].string());
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
  const ImagesByStem theirs_by_stem = by_stem(theirs);
  const ListedFolder ours{folder_, by_stem_};
  const ListedFolder other{distorted, theirs_by_stem};
  std::set<fs::path> left = theirs;
  for (const fs::path& image : images_) {
    const fs::path partner = partner_of(image, by_stem_, theirs, theirs_by_stem);
    if (partner.empty()) {
      list.unmatched.push_back(why_alone(image, ours, other));
    } else {
      list.pairs.push_back({folder_ / image, distorted / partner});
      left.erase(partner);
    }
  }
  for (const fs::path& image : left) {
    list.unmatched.push_back(why_alone(image, other, ours));
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
