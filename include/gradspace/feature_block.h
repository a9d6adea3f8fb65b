// What the columns of a feature vector are: blocks of weight gradients by layer and loss, or activations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"

namespace gradspace {

/// The losses of an autoencoder; gradient.h has their equations.
enum class Loss { kBce, kKld, kElbo };

/// "bce", "kld", "elbo".
GRADSPACE_API std::string_view name(Loss loss);

/// The reverse of `name`. Throws InvalidArgument that lists the three.
GRADSPACE_API Loss parse_loss(std::string_view text);

/// What a random projection is of, and which (src/gradient/projection.h tells how it is made).
struct FeatureProjection {
  std::string features;       ///< a request for what is projected: "down.6:kld,up.6:bce"
  std::size_t dimension = 0;  ///< how many values these are
  std::uint64_t seed = 0;

  friend bool operator==(const FeatureProjection&, const FeatureProjection&) = default;
};

/// FeatureBlock::layer of a projection.
inline constexpr const char* kProjection = "projection";

/// One block of a feature vector: a layer's weight gradient by a loss (values in the weight's own
/// PyTorch order), or, without a loss, the activations "mu" or "logvar", or a projection of several
/// of these to few columns.
struct FeatureBlock {
  std::string layer;
  std::optional<Loss> loss;
  std::size_t begin = 0;   ///< first column
  std::size_t end = 0;     ///< one past the last
  std::size_t member = 0;  ///< of a model that has several autoencoders (Model), whose it is
  std::optional<FeatureProjection> projection = {};

  friend bool operator==(const FeatureBlock&, const FeatureBlock&) = default;
};

/// "down.6:kld", "mu": as requests for features have it; "down.6:kld#2" of the model's member 2, the first but two.
GRADSPACE_API std::string text(const FeatureBlock& block);

/// A request for all of them: "down.6:kld,up.6:bce".
GRADSPACE_API std::string text(std::span<const FeatureBlock> blocks);

/// A term of a request for features, "down.6:kld#2" or "all": what is asked for, and of which member; without one, of
/// all.
struct GRADSPACE_API FeatureTerm {
  std::string_view text;
  std::optional<std::size_t> member;

  bool is_of(std::size_t other) const { return !member || *member == other; }
};

/// The terms between commas, which view `request`. Throws InvalidArgument when what stands behind a "#" is not the
/// number of one of `members` members.
GRADSPACE_API std::vector<FeatureTerm> parse_feature_terms(std::string_view request,
                                                           std::size_t members);

/// The blocks of one member as those of a model by itself: columns from 0 on, member 0.
GRADSPACE_API std::vector<FeatureBlock> blocks_of_member(std::span<const FeatureBlock> blocks,
                                                         std::size_t member);

/// How many members the blocks are of: one more than the last of them.
GRADSPACE_API std::size_t member_count(std::span<const FeatureBlock> blocks);

/// The total number of columns.
GRADSPACE_API std::size_t dimension(std::span<const FeatureBlock> blocks);

}  // namespace gradspace
