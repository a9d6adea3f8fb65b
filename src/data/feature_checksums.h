// Checksums of a feature set's files.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checksum.h"
#include "gradspace/feature_set.h"

namespace gradspace {

inline constexpr std::size_t kFeatureHeaderBytes = 128;
/// Of each so many bytes of the matrix there is a checksum.
inline constexpr std::uint64_t kChecksumBlockBytes = std::uint64_t{64} << 20;

/// What `meta.json` notes of the other files.
struct FeatureChecksums {
  std::uint64_t block_bytes = 0;
  std::vector<std::uint64_t>
      blocks;  ///< of the matrix's values, the last one maybe of a shorter block
  std::uint64_t index = 0;
  std::optional<std::uint64_t> failures;  ///< none where the set has no failures
};

/// The header of `features.npy`, 128 bytes.
std::vector<std::uint8_t> feature_matrix_header(FeatureType type, std::uint64_t rows,
                                                std::uint64_t columns);

nlohmann::json feature_checksums_to_json(const FeatureChecksums& checksums);
/// Throws FormatError that starts with `where`.
FeatureChecksums parse_feature_checksums(const nlohmann::json& json, std::string_view where);

/// Checksums of a stream of bytes, one a block.
class BlockChecksums {
 public:
  explicit BlockChecksums(std::uint64_t block_bytes);

  void add(std::span<const std::uint8_t> bytes);
  /// As after the blocks that have been added whole, to go on from there.
  void take_up(std::vector<std::uint64_t> whole_blocks);

  std::uint64_t block_bytes() const { return block_bytes_; }
  const std::vector<std::uint64_t>& whole_blocks() const { return whole_; }
  /// Of what has been added since the last whole block.
  std::uint64_t rest() const { return rest_.value(); }
  /// All, the rest among them where there is one.
  std::vector<std::uint64_t> all() const;

 private:
  std::uint64_t block_bytes_;
  std::vector<std::uint64_t> whole_;
  Checksum rest_;
  std::uint64_t rest_bytes_ = 0;
};

/// Bytes in blocks, each verified once, before it is first used. Thread-safe.
class CheckedBlocks {
 public:
  /// Where there are no checksums nothing is verified. `name` stands in messages. Throws FormatError when their
  /// number does not fit.
  CheckedBlocks(std::span<const std::uint8_t> bytes, std::string name,
                const std::optional<FeatureChecksums>& checksums);

  /// Call before bytes [begin, end) are looked at. Throws FormatError.
  void require(std::size_t begin, std::size_t end) const {
    if (blocks_.empty() || begin == end) {
      return;
    }
    for (std::size_t block = begin / block_bytes_; block <= (end - 1) / block_bytes_; ++block) {
      if (!checked_[block].load(std::memory_order_relaxed)) {
        check(block);
      }
    }
  }

 private:
  void check(std::size_t block) const;

  std::span<const std::uint8_t> bytes_;
  std::string name_;
  std::size_t block_bytes_ = 1;
  std::vector<std::uint64_t> blocks_;
  std::unique_ptr<std::atomic<bool>[]> checked_;
};

}  // namespace gradspace
