#include "data/scenes.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <set>

#include "data/hold_out.h"

namespace gradspace {
namespace {

/// Folder and name without the last number: "walk/house_" of "walk/house_07.jpg".
std::string group_of(const std::string& path) {
  const std::filesystem::path name(path);
  std::string stem = name.stem().string();
  while (!stem.empty() && stem.back() >= '0' && stem.back() <= '9') {
    stem.pop_back();
  }
  return (name.parent_path() / stem).string();
}

template <typename Key>
std::size_t count_distinct(std::span<const std::string> paths, const Key& key) {
  std::set<std::string> distinct;
  for (const std::string& path : paths) {
    distinct.insert(key(path));
  }
  return distinct.size();
}

}  // namespace

std::uint64_t perceptual_hash(const ImageView& photograph) {
  constexpr int kWidth = 9;
  constexpr int kHeight = 8;
  const Image small = to_grey(resize_bilinear(photograph, kWidth, kHeight));
  std::uint64_t hash = 0;
  for (int y = 0; y < kHeight; ++y) {
    const auto row = small.row(y);
    for (std::size_t x = 0; x + 1 < row.size(); ++x) {
      hash = hash << 1 | (row[x + 1] > row[x] ? 1U : 0U);
    }
  }
  return hash;
}

std::size_t count_scenes(std::span<const std::string> paths,
                         std::span<const std::uint64_t> hashes) {
  for (const std::size_t distinct :
       {count_distinct(paths, folder_of), count_distinct(paths, group_of)}) {
    if (distinct > 1 && distinct < paths.size()) {
      return distinct;
    }
  }
  constexpr int kOtherSceneBits = 18;
  constexpr std::size_t kLookBack = 10;
  std::size_t scenes = 0;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const auto before = hashes.subspan(i - std::min(i, kLookBack), std::min(i, kLookBack));
    scenes += std::ranges::any_of(before,
                                  [&](std::uint64_t other) {
                                    return std::popcount(hashes[i] ^ other) <= kOtherSceneBits;
                                  })
                  ? 0
                  : 1;
  }
  return scenes;
}

std::size_t count_near_copies(std::span<const std::uint64_t> hashes,
                              std::span<const std::uint32_t> folds) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    for (std::size_t j = 0; j < hashes.size(); ++j) {
      if (folds[i] != folds[j] && std::popcount(hashes[i] ^ hashes[j]) <= kNearCopyBits) {
        ++count;
        break;
      }
    }
  }
  return count;
}

void remark_on_scenes(std::span<const std::string> paths, std::span<const std::uint64_t> hashes,
                      double false_alarms, Watched& watched) {
  const std::size_t scenes = count_scenes(paths, hashes);
  const auto wanted = static_cast<std::size_t>(1 / false_alarms);
  if (scenes < wanted) {
    watched.remark(
        fmt::format("{} photographs seem to be of {} scenes: too few to promise a rate of false "
                    "alarms of {} on new scenes, which takes {}",
                    paths.size(), scenes, false_alarms, wanted));
  }
}

void remark_on_near_copies(std::span<const std::uint64_t> hashes,
                           std::span<const std::uint32_t> folds, Watched& watched) {
  if (const std::size_t copies = count_near_copies(hashes, folds); copies > 0) {
    watched.remark(fmt::format(
        "{} photographs have a near-copy on the other side of the split: the rate of false alarms "
        "holds for such copies, not for new scenes; hold out folders or blocks that belong "
        "together",
        copies));
  }
}

}  // namespace gradspace
