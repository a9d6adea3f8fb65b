// plan.json.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/cluster.h"
#include "gradspace/model.h"

namespace gradspace {

/// One text for one plan, without its digest.
std::string plan_to_json(const ShardPlan& plan);

/// Throws FormatError, also for a newer format version or when it is damaged; `name` stands in messages.
ShardPlan parse_plan(std::string_view text, std::string_view name);

/// Throws InvalidArgument that starts with `where` unless there are shards, not too many, whose uris are no two the
/// same nor one within another.
void check_shards(const std::vector<Shard>& shards, std::string_view where);

/// Of a photograph.
inline constexpr std::int64_t kMostTiles = 1'000'000;

/// The blocks that a plan wants of its model. Throws InvalidArgument.
std::vector<FeatureBlock> planned_features(const PlanOptions& options, const Model& model);

/// Throws InvalidArgument.
InstructionSet parse_instruction_set(std::string_view text);

}  // namespace gradspace
