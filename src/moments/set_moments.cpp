#include "moments/set_moments.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/arena.h"
#include "core/options.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Rows that are handed on at a time.
constexpr std::size_t kRowsARun = 1024;

}  // namespace

void MomentsOptions::validate() const {
  constexpr OptionCheck check{"moments"};
  check(memory_gib > 0, "memory", fmt::format("{} GiB", memory_gib), "over 0");
  check(threads >= 0, "threads", fmt::format("{}", threads), "0 or more");
}

MomentsShards::MomentsShards(std::span<const std::filesystem::path> sets,
                             const MomentsOptions& options)
    : options_(options) {
  options.validate();
  for (const std::filesystem::path& path : sets) {
    if (holds_moments(path)) {
      shards_.push_back({nullptr, path, 0, 0});
      continue;
    }
    const FeatureSet& set = *sets_.emplace_back(std::make_unique<FeatureSet>(path));
    require_moments_memory(options.kind, set.dimension(), options.memory_gib, "moments");
    for (std::size_t begin = 0; begin < set.size();) {
      const std::size_t end = begin + set.rows_together(begin);
      shards_.push_back({&set, {}, begin, end});
      begin = end;
    }
  }
}

FeatureMoments MomentsShards::moments(std::size_t shard) const {
  const ShardPlace& place = shards_[shard];
  return place.set == nullptr ? moments_of_file(place) : moments_of_rows(place);
}

FeatureMoments MomentsShards::moments_of_rows(const ShardPlace& place) const {
  const FeatureSet& set = *place.set;
  MomentsBuilder builder(set.meta(), options_.kind);
  std::vector<FeatureRow> rows;
  for (std::size_t begin = place.begin; begin < place.end;) {
    const std::size_t count = std::min(kRowsARun, place.end - begin);
    rows.clear();
    for (std::size_t i = begin; i < begin + count; ++i) {
      rows.push_back(set.index_row(i));
      set.row(i);  // verifies its block
    }
    builder.append(rows, {set.row(begin).data(), count * set.dimension()});
    begin += count;
  }
  if (place.begin == 0) {  // which image failed in which part is of no account
    builder.add_failures(set.failures().size());
  }
  return builder.finish();
}

FeatureMoments MomentsShards::moments_of_file(const ShardPlace& place) const {
  FeatureMoments read = read_moments(place.file);
  require_moments_memory(options_.kind, read.moments.columns(), options_.memory_gib, "moments");
  if (read.moments.kind < options_.kind) {
    throw InvalidArgument(fmt::format("{}: holds {} moments, {} ones are wanted",
                                      place.file.string(), name(read.moments.kind),
                                      name(options_.kind)));
  }
  if (read.moments.kind != options_.kind) {
    read.moments = read.moments.as(options_.kind);
  }
  return read;
}

FeatureMoments moments_of(std::span<const std::filesystem::path> sets,
                          const MomentsOptions& options) {
  const MomentsShards shards(sets, options);
  return in_arena(options.threads, [&] {
    MomentsTree tree;
    for (std::size_t shard = 0; shard < shards.count(); ++shard) {
      tree.add(shards.moments(shard));
    }
    return tree.finish();
  });
}

}  // namespace gradspace
