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
#include "core/watched.h"
#include "gradspace/error.h"
#include "gradspace/output_lock.h"
#include "image/memory_budget.h"
#include "jobs/attempt.h"
#include "jobs/challenge_plan.h"
#include "jobs/options.h"

namespace gradspace::challenge {
namespace {

namespace fs = std::filesystem;

/// Whether a file is there that was written whole: one that a failing machine left without its bytes is made
/// again.
bool is_written(const fs::path& path) {
  std::error_code unknown;
  return fs::is_regular_file(path, unknown) && fs::file_size(path, unknown) > 0 && !unknown;
}

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

/// For all images at work.
constexpr std::uint64_t kChallengeMemory = std::uint64_t{1} << 30;

/// What an image takes with the copies that a challenge works on.
std::uint64_t bytes_to_challenge(const Image& image) {
  constexpr std::uint64_t kBytesAPixel = 40;
  return kBytesAPixel * static_cast<std::uint64_t>(image.width()) *
         static_cast<std::uint64_t>(image.height());
}

/// A file to be made of an image: of a challenge, or where there is none the clean copy.
struct Target {
  fs::path path;
  std::optional<Type> type = {};
  int level = 0;
};

/// One call of challenge_files.
class Work {
 public:
  Work(const Plan& plan, const BatchOptions& options, Watched& watched)
      : plan_(plan), options_(options), watched_(watched), failures_(watched) {}

  /// All files of one image that are not there; none more once the observer asked to stop.
  void challenge(std::size_t number) {
    const Item& item = plan_.items()[number];
    const std::vector<Target> targets = missing_targets(item);
    if (targets.empty()) {
      return;
    }
    const std::string shown = plan_.source().info(item.position).path;
    std::optional<Image> image;
    std::optional<MemoryBudget::Share> share;
    const std::string unreadable = failure_of(shown, [&] {
      const std::scoped_lock one_at_a_time(loading_);  // no image lies about without a share
      image = plan_.source().load(item.position);
      share.emplace(memory_, bytes_to_challenge(*image));
      check_size(*image, shown);
    });
    if (!unreadable.empty()) {
      failures_.add(number, unreadable);
      return;
    }
    const std::string key = image_key(plan_.source(), item.position);
    for (const Target& target : targets) {
      if (watched_.stop()) {
        return;
      }
      const std::string failure = failure_of(shown, [&] { make(target, *image, key); });
      if (!failure.empty()) {
        failures_.add(number, failure);
      }
    }
  }

  BatchResult result() {
    BatchResult result;
    result.images = plan_.items().size();
    result.written = written_;
    result.kept = kept_;
    const auto skipped = plan_.source().skipped();
    result.skipped.assign(skipped.begin(), skipped.end());
    result.failures = failures_.take();
    result.stopped = watched_.stopped();
    return result;
  }

  bool writing_failed() const { return writing_failed_; }

 private:
  std::vector<Target> missing_targets(const Item& item) {
    std::vector<Target> targets;
    const auto add = [&](Target target) {
      if (plan_.goes_on() && is_written(target.path)) {
        ++kept_;
      } else {
        targets.push_back(std::move(target));
      }
    };
    if (plan_.with_clean()) {
      add({plan_.clean_path(item)});
    }
    for (const Type type : options_.types) {
      for (const int level : options_.levels) {
        add({plan_.path(item, type, level), type, level});
      }
    }
    return targets;
  }

  static void check_size(const Image& image, const std::string& shown) {
    if (image.width() < kMinSide || image.height() < kMinSide) {
      throw InvalidArgument(fmt::format("{}: {}x{} pixels; a challenge needs at least {}x{}", shown,
                                        image.width(), image.height(), kMinSide, kMinSide));
    }
  }

  void make(const Target& target, const Image& image, const std::string& key) {
    if (!target.type) {
      write_noted(target.path, image);
      return;
    }
    const std::uint64_t seed = image_seed(options_.seed, *target.type, key);
    const Image made = apply(image, *target.type, target.level, seed, options_.challenge);
    if (!watched_.stop()) {  // which may have been asked for meanwhile: large images take a while
      write_noted(target.path, made);
    }
  }

  /// Notes where it fails: on a full disk there may be room later.
  void write_noted(const fs::path& path, const Image& image) {
    try {
      make_folder(path.parent_path().empty() ? "." : path.parent_path());
      write_image(path, image);
      ++written_;
    } catch (const IoError&) {
      writing_failed_ = true;
      throw;
    }
  }

  const Plan& plan_;
  const BatchOptions& options_;
  Watched& watched_;
  Failures failures_;
  MemoryBudget memory_{kChallengeMemory};
  std::mutex loading_;
  std::atomic<std::size_t> written_ = 0;
  std::atomic<std::size_t> kept_ = 0;
  std::atomic<bool> writing_failed_ = false;
};

}  // namespace

std::string image_key(const Source& source, std::size_t i) {
  const bool has_files = source.kind() != SourceKind::kIdx &&
                         source.kind() != SourceKind::kCifar10 &&
                         source.kind() != SourceKind::kVideo;
  return has_files ? source.info(i).path : std::to_string(i);
}

void BatchOptions::validate() const {
  if (types.empty() || levels.empty()) {
    throw InvalidArgument("no challenge type or no level is asked for");
  }
  require_threads(threads, "challenge");
}

namespace {

OutputLock lock_new_output(const Plan& plan, const fs::path& output) {
  if (!plan.writes_one_file()) {
    return OutputLock::of_folder(output);
  }
  if (output.has_parent_path()) {
    make_folder(output.parent_path());
  }
  return OutputLock::of_file(output);
}

}  // namespace

BatchResult challenge_files(const fs::path& input, const fs::path& output,
                            const BatchOptions& options, const JobObserver& observer) {
  options.validate();
  // Before the plan looks at what is in the folder, where there is one.
  std::error_code unknown;
  std::optional<OutputLock> lock;
  if (fs::is_directory(output, unknown)) {
    lock = OutputLock::of_folder(output);
  }
  const Plan plan(input, output, options);
  if (!lock) {
    lock = lock_new_output(plan, output);
  }
  const std::size_t total = plan.items().size();
  Watched watched(observer);
  watched.remark(passed_over(plan.source(), input));
  plan.begin();
  Counted done(watched, total);
  Work work(plan, options, watched);
  in_arena(options.threads, [&] {
    parallel_for_short_ranges(total, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i != end && !watched.stop(); ++i) {
        work.challenge(i);
        if (!watched.stopped()) {
          done.add();
        }
      }
    });
  });
  if (!watched.stopped() && !work.writing_failed()) {
    plan.end();
  }
  return work.result();
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
