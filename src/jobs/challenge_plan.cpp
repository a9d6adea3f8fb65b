#include "jobs/challenge_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <system_error>
#include <utility>

#include "core/random.h"
#include "core/unfinished_file.h"
#include "gradspace/error.h"
#include "gradspace/version.h"

namespace gradspace::challenge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCleanFolder = "RealChallengeFree";
constexpr std::string_view kChallengeFolder = "RealChallenge";
/// CURE-TSR's sign types end here.
constexpr int kMostClasses = 14;

/// "09_03".
std::string folder_of(Type type, int level) {
  return fmt::format("{:02}_{:02}", static_cast<int>(type), level);
}

std::string_view extension(ImageFormat format) {
  switch (format) {
    case ImageFormat::kBmp:
      return ".bmp";
    case ImageFormat::kPnm:
      return ".ppm";
    case ImageFormat::kJpeg:
      return ".jpg";
    default:
      break;
  }
  return ".png";
}

/// Whether the extension is of a format that is written, too.
bool can_be_written(const fs::path& path) {
  try {
    image_format_from_extension(path);
    return true;
  } catch (const InvalidArgument&) {
    return false;
  }
}

/// Whether `path` lies in `folder` or is it.
bool is_within(const fs::path& path, const fs::path& folder) {
  const auto [in_folder, in_path] =
      std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  static_cast<void>(in_path);
  return in_folder == folder.end() || in_folder->empty();  // empty: "folder/" ends so
}

bool is_folder(const fs::path& path) {
  std::error_code unknown;
  return fs::is_directory(path, unknown);
}

/// Whether a folder holds nothing, but for what a writer left that was killed before its first file was whole.
bool is_empty_folder(const fs::path& path) {
  std::error_code unknown;
  const fs::directory_iterator entries(path, unknown);
  return !unknown &&
         std::all_of(begin(entries), end(entries), [](const fs::directory_entry& entry) {
           return is_unfinished_name(entry.path().filename().string());
         });
}

bool is_there(const fs::path& path) {
  std::error_code unknown;
  return fs::exists(path, unknown);
}

bool is_file(const fs::path& path) {
  std::error_code unknown;
  return fs::is_regular_file(path, unknown);
}

/// Size and time of a file, which change where it is replaced by another; nothing where there is none of the
/// name.
std::string state_of_file(const fs::path& path) {
  std::error_code unknown;
  const std::uintmax_t size = fs::file_size(path, unknown);
  const auto time = fs::last_write_time(path, unknown);
  return unknown ? std::string() : fmt::format("{} {}", size, time.time_since_epoch().count());
}

/// The one path of what lies there, or may be put there. Throws IoError.
fs::path canonical_path(const fs::path& path) {
  std::error_code failed;
  fs::path canonical = fs::weakly_canonical(path, failed);
  if (failed) {
    throw IoError(fmt::format("{}: can't be used: {}", path.string(), failed.message()));
  }
  return canonical;
}

}  // namespace

Plan::Plan(const fs::path& input, const fs::path& output, const BatchOptions& options)
    : options_(options),
      output_(output),
      source_(open_source(input, options.source, options.source_options)) {
  choose_layout(input);
  choose_items();
  record_.emplace(output, identity(input));
  goes_on_ = has_record() && record_->is_there();
  check_output(input);
  check_names();
}

void Plan::begin() const {
  if (has_record()) {
    record_->begin();
  } else if (layout_ != Layout::kFile) {
    record_->end();
  }
}

void Plan::end() const {
  if (has_record()) {
    record_->end();
  }
}

fs::path Plan::path(const Item& item, Type type, int level) const {
  switch (layout_) {
    case Layout::kFile:
      return output_;
    case Layout::kFolder:
      return output_ / folder_of(type, level) / path_in_folder(item);
    case Layout::kTree:
      break;
  }
  return output_ / kChallengeFolder / folder_of(type, level) / set(item) /
         tree_name(item, static_cast<int>(type), level);
}

fs::path Plan::clean_path(const Item& item) const {
  return output_ / kCleanFolder / set(item) / tree_name(item, 0, 0);
}

void Plan::choose_layout(const fs::path& input) {
  const bool keeps_paths = source_->kind() == SourceKind::kFolder ||
                           source_->kind() == SourceKind::kTar ||
                           source_->kind() == SourceKind::kList;
  const bool tree = !keeps_paths || !options_.split.empty();
  const bool one_file = is_file(input) && !tree && options_.types.size() == 1 &&
                        options_.levels.size() == 1 && has_image_extension(output_) &&
                        !is_folder(output_);
  layout_ = one_file ? Layout::kFile : tree ? Layout::kTree : Layout::kFolder;
  if (options_.clean && layout_ != Layout::kTree) {
    throw InvalidArgument(
        "clean copies are for experiment trees; give a split to make one of these images");
  }
}

std::string Plan::identity(const fs::path& input) const {
  std::string text = fmt::format(
      "{}\n{}\nseed {} strength {} post-production {} format {} source {} hidden {} clean {}\n",
      kVersion, canonical_path(input).string(), options_.seed, name(options_.challenge.strength),
      options_.challenge.post_production, options_.format ? static_cast<int>(*options_.format) : -1,
      static_cast<int>(options_.source), options_.source_options.hidden, options_.clean);
  for (const Type type : options_.types) {
    text += fmt::format("type {}\n", static_cast<int>(type));
  }
  for (const int level : options_.levels) {
    text += fmt::format("level {}\n", level);
  }
  for (const SetShare& share : options_.split) {
    text += fmt::format("split {} {} {}\n", share.set, share.count, share.percent);
  }
  for (const std::string& name : options_.sets) {
    text += fmt::format("set {}\n", name);
  }
  for (const Item& item : items_) {
    const std::vector<fs::path> files = source_->files(item.position);
    text += fmt::format("{} {}\n", source_->info(item.position).path,
                        files.empty() ? std::string() : state_of_file(files.front()));
  }
  return text;
}

bool Plan::is_wanted(const std::string& set) const {
  return options_.sets.empty() || std::ranges::find(options_.sets, set) != options_.sets.end();
}

void Plan::choose_items() {
  std::vector<std::uint32_t> clean;
  for (std::size_t i = 0; i < source_->size(); ++i) {
    const ImageInfo info = source_->info(i);
    if (info.challenge == 0 && is_wanted(info.set)) {
      clean.push_back(static_cast<std::uint32_t>(i));
    }
  }
  if (clean.empty()) {
    throw InvalidArgument(fmt::format("the input holds no clean image (CURE-TSR type 00){}",
                                      options_.sets.empty() ? "" : " of the sets asked for"));
  }
  if (options_.split.empty()) {
    for (const std::uint32_t position : clean) {
      items_.push_back({position, {}});
    }
  } else {
    split(clean);
  }
}

void Plan::split(const std::vector<std::uint32_t>& clean) {
  const std::vector<std::uint32_t> order = permutation(static_cast<std::uint32_t>(clean.size()),
                                                       combine(options_.seed, hash_text("split")));
  std::size_t next = 0;
  for (const SetShare& share : options_.split) {
    const std::size_t count = share.percent ? clean.size() * share.count / 100 : share.count;
    if (count == 0 || count > clean.size() - next) {
      throw InvalidArgument(
          fmt::format("the split asks for {} images for {}, but {} of the source's {} are left",
                      count, share.set, clean.size() - next, clean.size()));
    }
    for (const std::size_t end = next + count; next < end; ++next) {
      items_.push_back({clean[order[next]], share.set});
    }
  }
  std::sort(items_.begin(), items_.end(),
            [](const Item& a, const Item& b) { return a.position < b.position; });
}

void Plan::check_output(const fs::path& input) const {
  const fs::path from = canonical_path(input);
  const fs::path to = canonical_path(output_);
  if (from == to && layout_ == Layout::kTree && is_folder(from / kCleanFolder)) {
    check_additions();
    return;
  }
  if (is_within(to, from)) {
    throw InvalidArgument(
        fmt::format("{}: the output lies inside the input {}", output_.string(), input.string()));
  }
  if (is_there(to) && !is_empty_folder(to) && !options_.force && !goes_on_) {
    throw InvalidArgument(fmt::format("{}: the output {}; --force replaces files of the same names",
                                      output_.string(), is_folder(to) ? "is not empty" : "exists"));
  }
}

void Plan::check_additions() const {
  if (with_clean()) {
    throw InvalidArgument(fmt::format(
        "{}: a tree can't be split, or its clean images copied, in place", output_.string()));
  }
  for (const Type type : options_.types) {
    for (const int level : options_.levels) {
      const fs::path folder = output_ / kChallengeFolder / folder_of(type, level);
      if (is_there(folder) && !is_empty_folder(folder) && !options_.force && !goes_on_) {
        throw InvalidArgument(fmt::format(
            "{}: exists already; --force replaces files of the same names", folder.string()));
      }
    }
  }
}

void Plan::check_names() const {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> names;
  names.reserve(items_.size());
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const fs::path where = path(items_[i], options_.types.front(), options_.levels.front());
    names.emplace_back(hash_text(where.native()), static_cast<std::uint32_t>(i));
  }
  std::sort(names.begin(), names.end());
  const auto same = std::adjacent_find(
      names.begin(), names.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
  if (same != names.end()) {
    const auto original = [&](std::uint32_t item) {
      return source_->info(items_[item].position).path;
    };
    throw InvalidArgument(fmt::format("{} and {} would become the same file",
                                      original(same->second), original((same + 1)->second)));
  }
}

fs::path Plan::set(const Item& item) const {
  return item.set.empty() ? source_->info(item.position).set : std::string(item.set);
}

std::string Plan::tree_name(const Item& item, int type, int level) const {
  const ImageInfo info = source_->info(item.position);
  std::optional<CureTsrName> name = CureTsrName::parse(info.path);
  if (!name) {
    const bool class_fits = info.object_class >= 0 && info.object_class < kMostClasses;
    name = CureTsrName{1, class_fits ? info.object_class + 1 : 1, 0, 0,
                       fmt::format("00_00_{:06}", item.position)};
  }
  name->challenge = type;
  name->level = level;
  return name->text() + std::string(extension(options_.format.value_or(ImageFormat::kBmp)));
}

fs::path Plan::path_in_folder(const Item& item) const {
  fs::path path = source_->info(item.position).path;
  if (options_.format) {
    path.replace_extension(extension(*options_.format));
  } else if (!can_be_written(path)) {
    path.replace_extension(extension(ImageFormat::kPng));
  }
  return path;
}

}  // namespace gradspace::challenge
