#include "data/scenes.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>

#include "core/parallel.h"
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

Look look_at(const ImageView& image) {
  Look look;
  look.hash = perceptual_hash(image);
  const Image small = to_grey(resize_bilinear(image, Look::kSide, Look::kSide));
  std::ranges::copy(small.pixels(), look.thumbnail.begin());
  const float mean = std::reduce(look.thumbnail.begin(), look.thumbnail.end()) /
                     static_cast<float>(look.thumbnail.size());
  float squares = 0;
  for (float& value : look.thumbnail) {
    value -= mean;
    squares += value * value;
  }
  for (float& value : look.thumbnail) {
    value = squares > 0 ? value / std::sqrt(squares) : 0;
  }
  return look;
}

bool are_near_copies(const Look& a, const Look& b) {
  constexpr float kAlike = 0.98F;
  return std::popcount(a.hash ^ b.hash) <= kNearCopyBits &&
         std::inner_product(a.thumbnail.begin(), a.thumbnail.end(), b.thumbnail.begin(), 0.0F) >
             kAlike;
}

void remark_on_held_copies(std::span<const Look> learned, std::span<const Look> held,
                           Watched& watched) {
  constexpr std::size_t kMostLookedAt =
      1000;  // of many held out, so many evenly apart tell the share
  constexpr double kShare = 0.1;
  const std::size_t count = std::min(held.size(), kMostLookedAt);
  std::atomic<std::size_t> copies = 0;
  parallel_for(count, [&](std::size_t k) {
    const Look& one = held[k * held.size() / count];
    copies +=
        std::ranges::any_of(learned, [&](const Look& other) { return are_near_copies(one, other); })
            ? 1
            : 0;
  });
  const double share = count == 0 ? 0 : static_cast<double>(copies) / static_cast<double>(count);
  if (share > kShare) {
    watched.remark(fmt::format(
        "{:.0f} % of the images held out are near-copies of images that were learned from: the "
        "rate of false alarms holds for such copies, and may be higher on new scenes; hold out "
        "folders or blocks that belong together",
        100 * share));
  }
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
