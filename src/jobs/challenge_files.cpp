#include "gradspace/challenge_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "challenge/sheet.h"
#include "core/arena.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/watched.h"
#include "gradspace/error.h"
#include "gradspace/output_lock.h"
#include "jobs/options.h"

namespace gradspace::challenge {
namespace {

namespace fs = std::filesystem;

enum class Layout { kFile, kFolder, kTree };

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
    case ImageFormat::kPng:
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

bool is_empty_folder(const fs::path& path) {
  std::error_code unknown;
  return is_folder(path) && fs::is_empty(path, unknown);
}

bool is_there(const fs::path& path) {
  std::error_code unknown;
  return fs::exists(path, unknown);
}

bool is_file(const fs::path& path) {
  std::error_code unknown;
  return fs::is_regular_file(path, unknown);
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

/// An image to be challenged.
struct Item {
  std::uint32_t position;  ///< in the source
  std::string_view set;    ///< of a split; else empty, and the source knows
};

/// Which of the source's images go where.
class Plan {
 public:
  Plan(const fs::path& input, const fs::path& output, const BatchOptions& options)
      : options_(options),
        output_(output),
        source_(open_source(input, options.source, options.source_options)) {
    choose_layout(input);
    choose_items();
    check_output(input);
    check_names();
  }

  const Source& source() const { return *source_; }
  const std::vector<Item>& items() const { return items_; }
  bool writes_one_file() const { return layout_ == Layout::kFile; }
  bool with_clean() const { return options_.clean || !options_.split.empty(); }

  /// Where an item's challenged image goes.
  fs::path path(const Item& item, Type type, int level) const {
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

  /// Where an item's clean copy goes; in a tree only.
  fs::path clean_path(const Item& item) const {
    return output_ / kCleanFolder / set(item) / tree_name(item, 0, 0);
  }

 private:
  void choose_layout(const fs::path& input) {
    const bool tree = source_->kind() != SourceKind::kFolder || !options_.split.empty();
    const bool one_file = is_file(input) && !tree && options_.types.size() == 1 &&
                          options_.levels.size() == 1 && has_image_extension(output_) &&
                          !is_folder(output_);
    layout_ = one_file ? Layout::kFile : tree ? Layout::kTree : Layout::kFolder;
    if (options_.clean && layout_ != Layout::kTree) {
      throw InvalidArgument(
          "clean copies are for experiment trees; give a split to make one of these images");
    }
  }

  bool is_wanted(const std::string& set) const {
    return options_.sets.empty() || std::ranges::find(options_.sets, set) != options_.sets.end();
  }

  void choose_items() {
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

  void split(const std::vector<std::uint32_t>& clean) {
    const std::vector<std::uint32_t> order = permutation(
        static_cast<std::uint32_t>(clean.size()), combine(options_.seed, hash_text("split")));
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

  void check_output(const fs::path& input) const {
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
    if (is_there(to) && !is_empty_folder(to) && !options_.force) {
      throw InvalidArgument(
          fmt::format("{}: the output {}; --force replaces files of the same names",
                      output_.string(), is_folder(to) ? "is not empty" : "exists"));
    }
  }

  /// A tree that gains challenges.
  void check_additions() const {
    if (with_clean()) {
      throw InvalidArgument(fmt::format(
          "{}: a tree can't be split, or its clean images copied, in place", output_.string()));
    }
    for (const Type type : options_.types) {
      for (const int level : options_.levels) {
        const fs::path folder = output_ / kChallengeFolder / folder_of(type, level);
        if (is_there(folder) && !is_empty_folder(folder) && !options_.force) {
          throw InvalidArgument(fmt::format(
              "{}: exists already; --force replaces files of the same names", folder.string()));
        }
      }
    }
  }

  /// Two images must not become one file.
  void check_names() const {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> names;
    names.reserve(items_.size());
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const fs::path where = path(items_[i], options_.types.front(), options_.levels.front());
      names.emplace_back(hash_text(where.native()), static_cast<std::uint32_t>(i));
    }
    std::sort(names.begin(), names.end());
    const auto same =
        std::adjacent_find(names.begin(), names.end(),
                           [](const auto& a, const auto& b) { return a.first == b.first; });
    if (same != names.end()) {
      const auto original = [&](std::uint32_t item) {
        return source_->info(items_[item].position).path;
      };
      throw InvalidArgument(fmt::format("{} and {} would become the same file",
                                        original(same->second), original((same + 1)->second)));
    }
  }

  fs::path set(const Item& item) const {
    return item.set.empty() ? source_->info(item.position).set : std::string(item.set);
  }

  std::string tree_name(const Item& item, int type, int level) const {
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

  fs::path path_in_folder(const Item& item) const {
    fs::path path = source_->info(item.position).path;
    if (options_.format) {
      path.replace_extension(extension(*options_.format));
    } else if (!can_be_written(path)) {
      path.replace_extension(extension(ImageFormat::kPng));
    }
    return path;
  }

  const BatchOptions& options_;
  fs::path output_;
  std::unique_ptr<Source> source_;
  Layout layout_ = Layout::kFolder;
  std::vector<Item> items_;
};

/// Failures in the source's order, whichever thread met them first.
class Failures {
 public:
  explicit Failures(Watched& watched) : watched_(watched) {}

  void add(std::size_t item, std::string message) {
    watched_.failure(message);
    const std::scoped_lock lock(mutex_);
    by_item_.emplace(item, std::move(message));
  }

  std::vector<std::string> take() {
    std::vector<std::string> lines;
    for (auto& [item, message] : by_item_) {
      lines.push_back(std::move(message));
    }
    return lines;
  }

 private:
  Watched& watched_;
  std::mutex mutex_;
  std::multimap<std::size_t, std::string> by_item_;
};

void write(const fs::path& path, const Image& image) {
  make_folder(path.parent_path().empty() ? "." : path.parent_path());
  write_image(path, image);
}

/// All files of one image. Returns how many were written; stops at what concerns all of them.
std::size_t challenge_one(const Plan& plan, const BatchOptions& options, std::size_t number,
                          Failures& failures) {
  const Item& item = plan.items()[number];
  const std::string shown = plan.source().info(item.position).path;
  std::size_t written = 0;
  const auto attempt = [&](const auto& work) {
    try {
      work();
      return true;
    } catch (const Error& error) {
      failures.add(number, error.what());
    } catch (const std::bad_alloc&) {
      failures.add(number, fmt::format("{}: out of memory", shown));
    }
    return false;
  };
  std::optional<Image> image;
  const bool readable = attempt([&] {
    image = plan.source().load(item.position);
    if (image->width() < kMinSide || image->height() < kMinSide) {
      throw InvalidArgument(fmt::format("{}: {}x{} pixels; a challenge needs at least {}x{}", shown,
                                        image->width(), image->height(), kMinSide, kMinSide));
    }
  });
  if (!readable) {
    return 0;
  }
  if (plan.with_clean()) {
    written += attempt([&] { write(plan.clean_path(item), *image); }) ? 1 : 0;
  }
  const std::string key = image_key(plan.source(), item.position);
  for (const Type type : options.types) {
    const std::uint64_t seed = image_seed(options.seed, type, key);
    for (const int level : options.levels) {
      const bool done = attempt([&] {
        write(plan.path(item, type, level), apply(*image, type, level, seed, options.challenge));
      });
      written += done ? 1 : 0;
    }
  }
  return written;
}

}  // namespace

std::string image_key(const Source& source, std::size_t i) {
  const bool has_files = source.kind() != SourceKind::kIdx && source.kind() != SourceKind::kCifar10;
  return has_files ? source.info(i).path : std::to_string(i);
}

void BatchOptions::validate() const {
  if (types.empty() || levels.empty()) {
    throw InvalidArgument("no challenge type or no level is asked for");
  }
  require_threads(threads, "challenge");
}

BatchResult challenge_files(const fs::path& input, const fs::path& output,
                            const BatchOptions& options, const JobObserver& observer) {
  options.validate();
  std::optional<OutputLock> lock;
  if (is_folder(output)) {
    lock = OutputLock::of_folder(output);  // before the plan looks at what is in it
  }
  const Plan plan(input, output, options);
  if (!lock && plan.writes_one_file() && output.has_parent_path()) {
    make_folder(output.parent_path());
  }
  if (!lock) {
    lock = plan.writes_one_file() ? OutputLock::of_file(output) : OutputLock::of_folder(output);
  }
  const std::size_t total = plan.items().size();
  Watched watched(observer);
  watched.remark(passed_over(plan.source(), input));
  Counted done(watched, total);
  Failures failures(watched);
  std::atomic<std::size_t> written = 0;
  in_arena(options.threads, [&] {
    parallel_for_short_ranges(total, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i != end && !watched.stop(); ++i) {
        written += challenge_one(plan, options, i, failures);
        done.add();
      }
    });
  });

  BatchResult result;
  result.images = total;
  result.written = written;
  const auto skipped = plan.source().skipped();
  result.skipped.assign(skipped.begin(), skipped.end());
  result.failures = failures.take();
  result.stopped = watched.stopped();
  return result;
}

void write_contact_sheet(const fs::path& input, const fs::path& sheet,
                         const BatchOptions& options) {
  options.validate();
  const auto source = open_source(input, options.source, options.source_options);
  SheetOptions drawn;
  drawn.types = options.types;
  drawn.levels = options.levels;
  drawn.seed = options.seed;
  drawn.key = image_key(*source, 0);
  drawn.challenge = options.challenge;
  write_image(sheet, contact_sheet(source->load(0), drawn));
}

}  // namespace gradspace::challenge
