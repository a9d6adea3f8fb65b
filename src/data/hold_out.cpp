#include "data/hold_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "core/named_entries.h"
#include "core/random.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

struct HoldOutName {
  std::string_view name;
  HoldOut hold_out;
};
constexpr std::array kHoldOuts = {HoldOutName{"blocks", HoldOut::kBlocks},
                                  HoldOutName{"folders", HoldOut::kFolders},
                                  HoldOutName{"random", HoldOut::kRandom}};
constexpr std::uint32_t kSplitFolds = 10;

/// Whole folders, each to the fold that has the fewest photographs yet.
std::vector<std::uint32_t> folds_by_folder(std::span<const std::string> paths,
                                           std::uint32_t folds) {
  std::vector<std::uint32_t> result;
  std::vector<std::size_t> sizes(folds);
  std::map<std::string, std::uint32_t> known;
  std::map<std::string, std::size_t> counts;
  for (const std::string& path : paths) {
    ++counts[folder_of(path)];
  }
  for (const auto& [folder, count] : counts) {
    const auto smallest =
        static_cast<std::uint32_t>(std::ranges::min_element(sizes) - sizes.begin());
    sizes[smallest] += count;
    known[folder] = smallest;
  }
  for (const std::string& path : paths) {
    result.push_back(known[folder_of(path)]);
  }
  return result;
}

}  // namespace

HoldOut parse_hold_out(std::string_view text) {
  return find_named(kHoldOuts, text, "way to hold out", &HoldOutName::name).hold_out;
}

std::string_view name(HoldOut hold_out) {
  return std::ranges::find(kHoldOuts, hold_out, &HoldOutName::hold_out)->name;
}

HoldOut default_hold_out(std::size_t images) {
  constexpr std::size_t kFew = 50;
  return images > kFew ? HoldOut::kBlocks : HoldOut::kRandom;
}

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

std::vector<std::uint32_t> folds_of(std::span<const std::string> paths, HoldOut hold_out,
                                    std::uint32_t folds, std::uint64_t seed) {
  if (hold_out == HoldOut::kFolders) {
    return folds_by_folder(paths, folds);
  }
  const auto count = static_cast<std::uint32_t>(paths.size());
  std::vector<std::uint32_t> result(count);
  const std::vector<std::uint32_t> order =
      hold_out == HoldOut::kRandom ? permutation(count, seed) : std::vector<std::uint32_t>{};
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto fold = static_cast<std::uint32_t>(std::uint64_t{i} * folds / count);
    result[order.empty() ? i : order[i]] = fold;
  }
  return result;
}

SplitPositions split_positions(const Source& source, std::span<const std::uint32_t> candidates,
                               HoldOut hold_out, std::uint32_t held_folds, std::uint64_t seed) {
  std::vector<std::string> paths;
  for (const std::uint32_t position : candidates) {
    paths.push_back(source.info(position).path);
  }
  const std::vector<std::uint32_t> folds = folds_of(paths, hold_out, kSplitFolds, seed);
  const std::vector<std::uint32_t> order = permutation(kSplitFolds, seed);
  SplitPositions split;
  for (std::size_t i = 0; i < folds.size(); ++i) {
    const bool held = std::ranges::find(order, folds[i]) - order.begin() <
                      static_cast<std::ptrdiff_t>(held_folds);
    (held ? split.held : split.kept).push_back(candidates[i]);
  }
  if (split.kept.empty() || split.held.empty()) {
    throw InvalidArgument(fmt::format("{} images can't be parted by {}: one side would be empty",
                                      paths.size(), name(hold_out)));
  }
  return split;
}

}  // namespace gradspace
