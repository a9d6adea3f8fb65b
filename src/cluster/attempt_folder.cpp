#include "cluster/attempt_folder.h"

#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <system_error>

#include "cluster/claim.h"
#include "core/file.h"
#include "data/set_progress.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPartial = "set.partial";

/// An earlier worker's folder.
struct Earlier {
  int number = 0;
  std::uint64_t images = 0;  ///< dealt with; as many as there can be where its set is finished
  std::string inner;         ///< "set" or "set.partial"
};

std::optional<int> attempt_number(const std::string& name) {
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = error == std::errc() && end == name.data() + name.size() && number > 0;
  return whole ? std::optional(number) : std::nullopt;
}

Earlier look_at(const fs::path& folder, int number) {
  std::error_code error;
  if (fs::exists(folder / "set" / "meta.json", error)) {
    return {number, std::numeric_limits<std::uint64_t>::max(), "set"};
  }
  const std::optional<SetProgress> progress =
      read_set_progress(folder / kPartial / "progress.json");
  return {number, progress ? progress->images_done : 0, kPartial};
}

/// The note of how far it is comes first: what it speaks of stays as it is while more is written behind it.
void copy_unfinished(const fs::path& from, const fs::path& to) {
  make_folder(to);
  for (const char* name :
       {"progress.json", "meta.json", "features.npy", "index.csv", "failures.csv"}) {
    std::error_code error;
    if (fs::exists(from / name, error)) {
      fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing);
    }
  }
}

}  // namespace

AttemptFolder::AttemptFolder(const JobFolder& job, std::uint32_t shard, int number)
    : job_(job), shard_(shard), number_(number), folder_(job.work(shard) / std::to_string(number)) {
  make_folder(folder_);
}

void AttemptFolder::take_up_earlier() const {
  Earlier best;
  std::error_code ignored;
  const std::vector<std::string> names = names_in_folder(job_.work(shard_));
  for (const std::string& name : names) {
    const std::optional<int> number = attempt_number(name);
    if (number && *number < number_) {
      const Earlier earlier = look_at(job_.work(shard_) / name, *number);
      best = earlier.images > best.images ? earlier : best;
    }
  }
  if (best.images > 0) {
    const fs::path from = job_.work(shard_) / std::to_string(best.number) / best.inner;
    const fs::path to = folder_ / best.inner;
    try {
      if (read_claim(job_, shard_, best.number).is_given_back()) {
        fs::rename(from, to);
      } else {
        copy_unfinished(from, to);
      }
    } catch (
        const fs::filesystem_error&) {  // it has gone meanwhile, or there is no room: begun anew
      fs::remove_all(to, ignored);
    }
  }
  for (const std::string& name : names) {
    const std::optional<int> number = attempt_number(name);
    if (number && *number < number_) {
      fs::remove_all(job_.work(shard_) / name, ignored);
    }
  }
}

}  // namespace gradspace
