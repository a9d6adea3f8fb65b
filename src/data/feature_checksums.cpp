#include "data/feature_checksums.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/json.h"
#include "data/feature_type.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr std::int64_t kMostBlockBytes = std::int64_t{1} << 40;

const json& member_of(const json& object, const char* key, std::string_view where) {
  if (!object.is_object() || !object.contains(key)) {
    throw FormatError(fmt::format("{}: \"{}\" is missing", where, key));
  }
  return object.at(key);
}

}  // namespace

std::vector<std::uint8_t> feature_matrix_header(FeatureType type, std::uint64_t rows,
                                                std::uint64_t columns) {
  return npy_header(npy_type(type),
                    {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)},
                    kFeatureHeaderBytes);
}

json feature_checksums_to_json(const FeatureChecksums& checksums) {
  json blocks = json::array();
  for (const std::uint64_t block : checksums.blocks) {
    blocks.push_back(checksum_text(block));
  }
  json all = {{"block_bytes", checksums.block_bytes},
              {"blocks", std::move(blocks)},
              {"index", checksum_text(checksums.index)}};
  if (checksums.failures) {
    all["failures"] = checksum_text(*checksums.failures);
  }
  return all;
}

FeatureChecksums parse_feature_checksums(const json& object, std::string_view where) {
  FeatureChecksums checksums;
  checksums.block_bytes = static_cast<std::uint64_t>(
      integer_within(member_of(object, "block_bytes", where), 1, kMostBlockBytes,
                     fmt::format("{}: \"block_bytes\"", where)));
  const json& blocks = member_of(object, "blocks", where);
  if (!blocks.is_array()) {
    throw FormatError(fmt::format("{}: \"blocks\" is {}, not a list", where, brief(blocks)));
  }
  for (const json& block : blocks) {
    checksums.blocks.push_back(parse_checksum(block, fmt::format("{}: a block's", where)));
  }
  checksums.index =
      parse_checksum(member_of(object, "index", where), fmt::format("{}: \"index\"", where));
  if (object.contains("failures")) {
    checksums.failures =
        parse_checksum(object.at("failures"), fmt::format("{}: \"failures\"", where));
  }
  return checksums;
}

BlockChecksums::BlockChecksums(std::uint64_t block_bytes) : block_bytes_(block_bytes) {}

void BlockChecksums::add(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto part =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), block_bytes_ - rest_bytes_));
    rest_.update(bytes.first(part));
    rest_bytes_ += part;
    bytes = bytes.subspan(part);
    if (rest_bytes_ == block_bytes_) {
      whole_.push_back(rest_.value());
      rest_ = Checksum();
      rest_bytes_ = 0;
    }
  }
}

void BlockChecksums::take_up(std::vector<std::uint64_t> whole_blocks) {
  whole_ = std::move(whole_blocks);
  rest_ = Checksum();
  rest_bytes_ = 0;
}

std::vector<std::uint64_t> BlockChecksums::all() const {
  std::vector<std::uint64_t> blocks = whole_;
  if (rest_bytes_ > 0) {
    blocks.push_back(rest_.value());
  }
  return blocks;
}

CheckedBlocks::CheckedBlocks(std::span<const std::uint8_t> bytes, std::string name,
                             const std::optional<FeatureChecksums>& checksums)
    : bytes_(bytes), name_(std::move(name)) {
  if (!checksums) {
    return;
  }
  block_bytes_ = checksums->block_bytes;
  blocks_ = checksums->blocks;
  const std::size_t wanted =
      bytes.size() / block_bytes_ + (bytes.size() % block_bytes_ > 0 ? 1 : 0);
  if (blocks_.size() != wanted) {
    throw FormatError(fmt::format("{}: {} blocks of {} bytes, but meta.json has {} checksums",
                                  name_, wanted, block_bytes_, blocks_.size()));
  }
  checked_ = std::make_unique<std::atomic<bool>[]>(blocks_.size());
}

void CheckedBlocks::check(std::size_t block) const {
  // Two threads may do the same at a time: that is quicker than to wait.
  const std::size_t begin = block * block_bytes_;
  const std::uint64_t found =
      checksum_of(bytes_.subspan(begin, std::min(block_bytes_, bytes_.size() - begin)));
  if (found != blocks_[block]) {
    throw_damaged(name_, blocks_[block], found);
  }
  checked_[block].store(true, std::memory_order_relaxed);
}

}  // namespace gradspace
