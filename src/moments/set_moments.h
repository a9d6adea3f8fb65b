// Moments of what lies on the disk already, shard by shard.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "gradspace/moments.h"

namespace gradspace {

/// Feature sets and files of moments as shards in their order: each part of a set, and each file.
class MomentsShards {
 public:
  /// Throws as `moments_of`.
  MomentsShards(std::span<const std::filesystem::path> sets, const MomentsOptions& options);

  std::size_t count() const { return shards_.size(); }
  /// On the threads of the caller's arena. Throws as `moments_of`.
  FeatureMoments moments(std::size_t shard) const;

 private:
  struct ShardPlace {
    const FeatureSet* set = nullptr;  ///< null: a file of moments
    std::filesystem::path file;
    std::size_t begin = 0;  ///< rows of the set
    std::size_t end = 0;
  };
  FeatureMoments moments_of_rows(const ShardPlace& place) const;
  FeatureMoments moments_of_file(const ShardPlace& place) const;

  MomentsOptions options_;
  std::vector<std::unique_ptr<FeatureSet>> sets_;
  std::vector<ShardPlace> shards_;
};

}  // namespace gradspace
