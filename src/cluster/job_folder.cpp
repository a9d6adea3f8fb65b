#include "cluster/job_folder.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <system_error>

#include "core/file.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShardDigits = 6;
/// So often a part may be found damaged and be made again.
constexpr int kMostSetAside = 1000;

template <typename Visit>
void visit_folder(const fs::path& folder, const Visit& visit) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    visit(*entry);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw IoError(fmt::format("{}: can't list: {}", folder.string(), error.message()));
  }
}

}  // namespace

std::string shard_text(std::uint32_t shard) {
  return fmt::format("{:06}", shard);
}

std::optional<std::uint32_t> take_shard(std::string_view& name) {
  const std::string_view digits = name.substr(0, kShardDigits);
  if (digits.size() < kShardDigits ||
      digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::uint32_t shard = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), shard);
  name.remove_prefix(kShardDigits);
  return shard;
}

std::vector<std::string> names_in_folder(const fs::path& folder) {
  std::vector<std::string> names;
  visit_folder(folder, [&](const fs::directory_entry& entry) {
    names.push_back(entry.path().filename().string());
  });
  return names;
}

std::vector<bool> shards_with_part(const JobFolder& job, std::size_t count) {
  std::vector<bool> found(count);
  visit_folder(job.parts(), [&](const fs::directory_entry& entry) {
    const std::string name = entry.path().filename().string();
    std::string_view rest = name;
    const std::optional<std::uint32_t> shard = take_shard(rest);
    std::error_code error;
    if (shard && *shard < count && rest.empty() && entry.is_directory(error)) {
      found[*shard] = true;
    }
  });
  return found;
}

std::vector<bool> shards_that_failed(const JobFolder& job, std::size_t count) {
  std::vector<bool> found(count);
  for (const std::string& name : names_in_folder(job.failed())) {
    std::string_view rest = name;
    const std::optional<std::uint32_t> shard = take_shard(rest);
    if (shard && *shard < count && rest == ".json") {
      found[*shard] = true;
    }
  }
  return found;
}

fs::path JobFolder::part(std::uint32_t shard) const {
  return parts() / shard_text(shard);
}

fs::path JobFolder::work(std::uint32_t shard) const {
  return work() / shard_text(shard);
}

fs::path JobFolder::failure_note(std::uint32_t shard) const {
  return failed() / (shard_text(shard) + ".json");
}

bool JobFolder::has_part(std::uint32_t shard) const {
  std::error_code error;
  return fs::is_directory(part(shard), error);
}

void JobFolder::set_aside(std::uint32_t shard) const {
  make_folder(damaged());
  for (int trial = 1; trial <= kMostSetAside; ++trial) {
    const fs::path to = damaged() / fmt::format("{}-{}", shard_text(shard), trial);
    if (std::rename(part(shard).c_str(), to.c_str()) == 0 || errno == ENOENT) {
      return;
    }
  }
  throw IoError(
      fmt::format("{}: can't be set aside: {}", part(shard).string(), last_system_error()));
}

}  // namespace gradspace
