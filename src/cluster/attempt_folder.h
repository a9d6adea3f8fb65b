// Where a worker writes the part that is not finished: JOB/work/NNNNNN/G-X, with the number G of its claim and digits X
// that no other worker has, whatever becomes of claims. Nobody else ever writes there.
#pragma once

#include <cstdint>
#include <filesystem>

#include "cluster/job_folder.h"

namespace gradspace {

class AttemptFolder {
 public:
  /// Makes the folder. Throws IoError.
  AttemptFolder(const JobFolder& job, std::uint32_t shard, int number);

  /// The feature set that a writer fills; while it does, "set.partial" lies beside it.
  std::filesystem::path set() const { return folder_ / "set"; }

  /// Brings what is furthest of what earlier workers left into this folder: moved where its worker has given it back,
  /// else copied, because its worker may be alive and write on. Whether it is still whole is for a writer to find out.
  /// Removes the rest.
  void take_up_earlier() const;

 private:
  const JobFolder& job_;
  std::uint32_t shard_;
  int number_;
  std::filesystem::path folder_;
};

}  // namespace gradspace
