#include "train/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "core/random.h"
#include "data/hold_out.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Those of whose information `wanted` is true.
template <class Wanted>
std::vector<std::uint32_t> images_that(const Source& source, const Wanted& wanted) {
  std::vector<std::uint32_t> positions;
  for (std::uint32_t i = 0; i < source.size(); ++i) {
    if (wanted(source.info(i))) {
      positions.push_back(i);
    }
  }
  return positions;
}

std::vector<std::uint32_t> clean_images_of_set(const Source& source, const std::string& set) {
  return images_that(source,
                     [&](const ImageInfo& info) { return info.challenge == 0 && info.set == set; });
}

void check_size(const Source& source) {
  if (source.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw InvalidArgument(fmt::format("{} images: at most 2^32 - 1", source.size()));
  }
}

}  // namespace

std::vector<std::uint32_t> images_of_set(const Source& source, const std::string& set) {
  check_size(source);
  std::vector<std::uint32_t> positions = clean_images_of_set(source, set);
  if (positions.empty()) {
    positions = images_that(source, [](const ImageInfo& info) { return info.challenge == 0; });
  }
  if (positions.empty()) {
    positions.resize(source.size());
    std::iota(positions.begin(), positions.end(), 0U);
  }
  return positions;
}

TrainingSplit split_for_training(const Source& source, std::uint64_t seed,
                                 std::optional<HoldOut> hold_out) {
  check_size(source);
  TrainingSplit split;
  split.train = clean_images_of_set(source, "train");
  split.validation = clean_images_of_set(source, "val");
  if (!split.train.empty() && !split.validation.empty()) {
    split.rule = "challenge-free train and val sets";
    return split;
  }
  const std::vector<std::uint32_t> candidates = images_of_set(source, "train");
  if (candidates.size() < 2) {
    throw InvalidArgument("train: one image is too few: none is left for validation");
  }
  const HoldOut chosen = hold_out.value_or(default_hold_out(candidates.size()));
  if (chosen != HoldOut::kRandom) {
    SplitPositions parts = split_positions(source, candidates, chosen, 1, seed);
    split.train = std::move(parts.kept);
    split.validation = std::move(parts.held);
    split.rule = chosen == HoldOut::kBlocks
                     ? "a block of consecutive images, a tenth, held out for validation"
                     : "folders, about a tenth of the images, held out for validation";
    return split;
  }
  std::vector<std::pair<std::uint64_t, std::uint32_t>> by_hash;
  by_hash.reserve(candidates.size());
  for (const std::uint32_t i : candidates) {
    by_hash.emplace_back(combine(seed, hash_text(source.info(i).path)), i);
  }
  std::ranges::sort(by_hash);
  const std::size_t held_out = std::max<std::size_t>(1, by_hash.size() / 10);
  split.train.clear();
  split.validation.clear();
  for (std::size_t rank = 0; rank < by_hash.size(); ++rank) {
    (rank < held_out ? split.validation : split.train).push_back(by_hash[rank].second);
  }
  std::ranges::sort(split.train);
  std::ranges::sort(split.validation);
  split.rule = "every tenth image held out for validation";
  return split;
}

}  // namespace gradspace
