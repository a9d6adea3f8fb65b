// Which photographs are of one scene: how they are parted, and what may be promised of them.
#pragma once

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

/// Remarks where photographs are of fewer scenes than a rate of false alarms on new scenes takes.
void remark_on_scenes(std::span<const std::string> paths, std::span<const std::uint64_t> hashes,
                      double false_alarms, Watched& watched);

/// Remarks where photographs have near-copies in another fold.
void remark_on_near_copies(std::span<const std::uint64_t> hashes,
                           std::span<const std::uint32_t> folds, Watched& watched);

}  // namespace gradspace
