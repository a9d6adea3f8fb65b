// Columns of feature blocks: laid side by side, and checked.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "gradspace/feature_block.h"

namespace gradspace {

/// Adds the block with its width, in the columns after the others'.
void append_block(std::vector<FeatureBlock>& blocks, FeatureBlock block);

/// Throws InvalidArgument unless columns follow one another from 0, member after member, all of the first `members`;
/// `what` stands at the message's beginning.
void require_order(std::span<const FeatureBlock> blocks, std::size_t members,
                   std::string_view what);

}  // namespace gradspace
