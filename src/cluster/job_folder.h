// Where things lie in a job's folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradspace {

class JobFolder {
 public:
  explicit JobFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path plan() const { return folder_ / "plan.json"; }
  std::filesystem::path model() const { return folder_ / "model.safetensors"; }
  std::filesystem::path detector() const { return folder_ / "detector.safetensors"; }
  std::filesystem::path claims() const { return folder_ / "claims"; }
  std::filesystem::path work() const { return folder_ / "work"; }
  std::filesystem::path parts() const { return folder_ / "parts"; }
  std::filesystem::path failed() const { return folder_ / "failed"; }
  std::filesystem::path damaged() const { return folder_ / "damaged"; }
  std::filesystem::path slurm() const { return folder_ / "slurm"; }

  std::filesystem::path part(std::uint32_t shard) const;
  /// What is unfinished of a shard.
  std::filesystem::path work(std::uint32_t shard) const;
  std::filesystem::path failure_note(std::uint32_t shard) const;

  bool has_part(std::uint32_t shard) const;
  /// Moves a damaged part out of the way. Throws IoError.
  void set_aside(std::uint32_t shard) const;

 private:
  std::filesystem::path folder_;
};

/// "000017".
std::string shard_text(std::uint32_t shard);

/// The number at the begin of `name`, of six digits; what follows is left in `name`. Nothing for other names.
std::optional<std::uint32_t> take_shard(std::string_view& name);

/// The names in a folder; none where there is no folder. Throws IoError.
std::vector<std::string> names_in_folder(const std::filesystem::path& folder);

/// Of the `count` shards of a job, those with a folder in the place of their parts, and those with a note of why they
/// failed. Throw IoError.
std::vector<bool> shards_with_part(const JobFolder& job, std::size_t count);
std::vector<bool> shards_that_failed(const JobFolder& job, std::size_t count);

}  // namespace gradspace
