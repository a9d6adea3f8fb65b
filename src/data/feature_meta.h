// meta.json of a feature set.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/feature_set.h"

namespace gradspace {

/// One text for one meta: writers compare texts. Bytes that are not UTF-8 are replaced. Throws
/// InvalidArgument when the columns do not follow each other from 0, or the options are not a JSON
/// object.
std::string feature_meta_to_json(const FeatureSetMeta& meta);

/// Throws FormatError, also for a newer format version; `name` stands in messages.
FeatureSetMeta parse_feature_meta(std::string_view text, std::string_view name);

/// The list that meta.json and detector files hold: [{"layer", "loss", "begin", "end"}, ...].
nlohmann::json feature_columns_to_json(const std::vector<FeatureBlock>& columns);

/// Throws FormatError that starts with `where`, also when columns do not follow each other from 0.
std::vector<FeatureBlock> parse_feature_columns(const nlohmann::json& list, std::string_view where);

}  // namespace gradspace
