// Moments of what lies on the disk already.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/arena.h"
#include "core/options.h"
#include "gradspace/error.h"
#include "gradspace/moments.h"

namespace gradspace {
namespace {

/// Rows that are handed on at a time.
constexpr std::size_t kRowsARun = 1024;

FeatureMoments moments_of_rows(const FeatureSet& set, std::size_t begin, std::size_t end,
                               MomentsKind kind) {
  MomentsBuilder builder(set.meta(), kind);
  std::vector<FeatureRow> rows;
  while (begin < end) {
    const std::size_t count = std::min(kRowsARun, end - begin);
    rows.clear();
    for (std::size_t i = begin; i < begin + count; ++i) {
      rows.push_back(set.index_row(i));
      set.row(i);  // verifies its block
    }
    builder.append(rows, {set.row(begin).data(), count * set.dimension()});
    begin += count;
  }
  return builder.finish();
}

/// Adds each part of a set. What the whole set says of its images stands for them.
void add_set(const FeatureSet& set, const MomentsOptions& options, MomentsTree& tree) {
  require_moments_memory(options.kind, set.dimension(), options.memory_gib, "moments");
  for (std::size_t begin = 0; begin < set.size();) {
    const std::size_t end = begin + set.rows_together(begin);
    FeatureMoments part = moments_of_rows(set, begin, end, options.kind);
    if (begin == 0) {  // which image failed in which part is of no account
      part.failures = set.failures().size();
      part.meta.source_images += part.failures;
    }
    tree.add(std::move(part));
    begin = end;
  }
}

void add_moments_file(const std::filesystem::path& path, const MomentsOptions& options,
                      MomentsTree& tree) {
  FeatureMoments read = read_moments(path);
  require_moments_memory(options.kind, read.moments.columns(), options.memory_gib, "moments");
  if (read.moments.kind < options.kind) {
    throw InvalidArgument(fmt::format("{}: holds {} moments, {} ones are wanted", path.string(),
                                      name(read.moments.kind), name(options.kind)));
  }
  if (read.moments.kind != options.kind) {
    read.moments = read.moments.as(options.kind);
  }
  tree.add(std::move(read));
}

}  // namespace

void MomentsOptions::validate() const {
  constexpr OptionCheck check{"moments"};
  check(memory_gib > 0, "memory", fmt::format("{} GiB", memory_gib), "over 0");
  check(threads >= 0, "threads", fmt::format("{}", threads), "0 or more");
}

FeatureMoments moments_of(std::span<const std::filesystem::path> sets,
                          const MomentsOptions& options) {
  options.validate();
  return in_arena(options.threads, [&] {
    MomentsTree tree;
    for (const std::filesystem::path& path : sets) {
      if (holds_moments(path)) {
        add_moments_file(path, options, tree);
      } else {
        add_set(FeatureSet(path), options, tree);
      }
    }
    return tree.finish();
  });
}

}  // namespace gradspace
