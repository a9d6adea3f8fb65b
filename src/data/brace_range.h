// Ranges in paths: "shard-{000000..000099}.tar" is a hundred paths, as in a shell and in WebDataset.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gradspace {

/// Shards that one path may stand for.
inline constexpr std::size_t kMaxRange = 1'000'000;

/// All paths that `text` stands for, in order; numbers have as many digits as the first of them where that has leading
/// zeros. Without a range, `text` itself. Throws InvalidArgument for more than kMaxRange, and for a range that falls.
std::vector<std::string> expand_ranges(std::string_view text);

}  // namespace gradspace
