// A shard as a source whose images bear the shard's name.
#pragma once

#include <memory>
#include <string>

#include "gradspace/cluster.h"
#include "gradspace/source.h"

namespace gradspace {

/// Opens a shard and holds it against what the plan knows of it; paths of images are "NAME/PATH". Where
/// the plan wants tiles, these are drawn of its images. Throws IoError, FormatError.
std::unique_ptr<Source> open_shard(const Shard& shard, const std::string& name,
                                   const PlanOptions& options);

}  // namespace gradspace
