// Which photographs are of one scene: how they are parted, and what may be promised of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/watched.h"
#include "gradspace/image.h"

namespace gradspace {

/// 64 bits that near-copies share but for a few: whether neighbours on an 8x9 grey thumbnail grow lighter.
std::uint64_t perceptual_hash(const ImageView& photograph);

/// Hashes of photographs that look alike differ in at most so many bits.
inline constexpr int kNearCopyBits = 6;

/// How many scenes there are: folders where there are several; else groups of names that differ in their
/// last number alone, where there are several of them; else runs of photographs that look alike.
std::size_t count_scenes(std::span<const std::string> paths, std::span<const std::uint64_t> hashes);

/// How many photographs have a near-copy in another fold.
std::size_t count_near_copies(std::span<const std::uint64_t> hashes,
                              std::span<const std::uint32_t> folds);

/// What tells near-copies even among small pictures of one kind, such as signs, whose hashes are alike.
struct Look {
  static constexpr int kSide = 16;

  std::uint64_t hash = 0;
  /// Grey, kSide x kSide, of mean 0 and norm 1 (all 0 where there is one grey alone): the product of two is their
  /// correlation.
  std::array<float, std::size_t{kSide} * kSide> thumbnail{};
};
Look look_at(const ImageView& image);

/// Whether hashes differ in at most kNearCopyBits, and thumbnails correlate by over 0.98.
bool are_near_copies(const Look& a, const Look& b);

/// Remarks where over a tenth of the images held out are near-copies of images that were learned from. Those never
/// raise alarms: where they are a share p, a threshold for a rate a may have a / (1 - p) on new scenes, which of a
/// smaller share is not worth a word.
void remark_on_held_copies(std::span<const Look> learned, std::span<const Look> held,
                           Watched& watched);

/// Remarks where photographs are of fewer scenes than a rate of false alarms on new scenes takes.
void remark_on_scenes(std::span<const std::string> paths, std::span<const std::uint64_t> hashes,
                      double false_alarms, Watched& watched);

/// Remarks where photographs have near-copies in another fold.
void remark_on_near_copies(std::span<const std::uint64_t> hashes,
                           std::span<const std::uint32_t> folds, Watched& watched);

}  // namespace gradspace
