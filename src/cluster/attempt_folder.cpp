#include "cluster/attempt_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "cluster/claim.h"
#include "cluster/moments_part.h"
#include "core/file.h"
#include "core/random.h"
#include "data/set_progress.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPartial = "set.partial";

/// An earlier worker's folder.
struct Earlier {
  std::string name;
  int number = 0;
  std::uint64_t images = 0;  ///< dealt with; as many as there can be where its set is finished
  std::string inner;         ///< "set" or "set.partial"
};

/// The number of the claim; 0 for other names.
int attempt_number(const std::string& name) {
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = error == std::errc() && end != name.data() + name.size() && *end == '-';
  return whole ? std::max(number, 0) : 0;
}

/// Folders of workers whose claims came before the one with this number.
std::vector<Earlier> earlier_folders(const fs::path& shard, int number) {
  std::vector<Earlier> folders;
  for (const std::string& name : names_in_folder(shard)) {
    const int of_folder = attempt_number(name);
    if (of_folder > 0 && of_folder < number) {
      folders.push_back({name, of_folder, 0, {}});
    }
  }
  return folders;
}

/// Sees how far it is.
void look_into(const fs::path& folder, Earlier& earlier) {
  std::error_code error;
  if (fs::exists(folder / "set" / "meta.json", error)) {
    earlier.images = std::numeric_limits<std::uint64_t>::max();
    earlier.inner = "set";
    return;
  }
  const std::optional<SetProgress> progress =
      read_set_progress(folder / kPartial / "progress.json");
  earlier.images = progress ? progress->images_done : 0;
  earlier.inner = kPartial;
}

/// The note of how far it is comes first: what it speaks of stays as it is while more is written behind it.
void copy_unfinished(const fs::path& from, const fs::path& to) {
  make_folder(to);
  for (const char* name : {"progress.json", "meta.json", "features.npy", "index.csv",
                           "failures.csv", kUnfinishedMomentsFile}) {
    std::error_code error;
    if (fs::exists(from / name, error)) {
      fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing);
    }
  }
}

}  // namespace

AttemptFolder::AttemptFolder(const JobFolder& job, std::uint32_t shard, int number)
    : job_(job), shard_(shard), number_(number) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::uint64_t own = hash_text(fmt::format("{} {}", worker_name(), now));
  folder_ = job.work(shard) / fmt::format("{}-{:016x}", number, own);
  make_folder(folder_);
}

void AttemptFolder::take_up_earlier() const {
  const fs::path shard = job_.work(shard_);
  std::vector<Earlier> folders = earlier_folders(shard, number_);
  for (Earlier& earlier : folders) {
    look_into(shard / earlier.name, earlier);
  }
  std::error_code ignored;
  const auto best = std::ranges::max_element(folders, {}, &Earlier::images);
  if (best != folders.end() && best->images > 0) {
    const fs::path from = shard / best->name / best->inner;
    const fs::path to = folder_ / best->inner;
    try {
      if (read_claim(job_, shard_, best->number).is_given_back()) {
        fs::rename(from, to);
      } else {
        copy_unfinished(from, to);
      }
    } catch (
        const fs::filesystem_error&) {  // it has gone, or there is no room: it stays for another
      fs::remove_all(to, ignored);
      return;
    }
  }
  for (const Earlier& earlier : folders) {
    fs::remove_all(shard / earlier.name, ignored);
  }
}

}  // namespace gradspace
