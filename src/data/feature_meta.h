// meta.json of a feature set.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature_checksums.h"
#include "data/set_parts.h"
#include "gradspace/feature_set.h"

namespace gradspace {

/// One text for one meta: writers compare texts. Bytes that are not UTF-8 are replaced. Throws
/// InvalidArgument when the columns do not follow each other from 0, or the options are not a JSON
/// object.
std::string feature_meta_to_json(const FeatureSetMeta& meta,
                                 const std::optional<FeatureChecksums>& checksums = {});

/// The manifest of a set of parts: the same with the parts in the place of the checksums.
std::string set_manifest_to_json(const FeatureSetMeta& meta, const std::vector<SetPart>& parts);

struct FeatureMetaFile {
  FeatureSetMeta meta;
  std::optional<FeatureChecksums>
      checksums;               ///< none in an unfinished set, or in one of version 0.1.0
  std::vector<SetPart> parts;  ///< of a manifest alone
};

/// Throws FormatError, also for a newer format version or when it is damaged; `name` stands in messages.
FeatureMetaFile parse_feature_meta(std::string_view text, std::string_view name);

/// The list that meta.json and detector files hold: [{"layer", "loss", "begin", "end"}, ...].
nlohmann::json feature_columns_to_json(const std::vector<FeatureBlock>& columns);

/// Throws FormatError that starts with `where`, also when columns do not follow each other from 0.
std::vector<FeatureBlock> parse_feature_columns(const nlohmann::json& list, std::string_view where);

}  // namespace gradspace
