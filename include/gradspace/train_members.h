// Training several autoencoders of one description, the members of one model, side by side.
//
// They see the same images and differ in the seed of their initialisation, order and noise. What a weight gradient
// says of an image depends on where training ended; several members together depend on it less (docs/members.md;
// Lakshminarayanan et al., "Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles", NeurIPS 2017,
// do the same with networks' predictions).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/train.h"

namespace gradspace {

/// Where the checkpoint of a member lies: the first one's at `checkpoint` itself. Empty for an empty path.
GRADSPACE_API std::filesystem::path member_checkpoint(const std::filesystem::path& checkpoint,
                                                      std::size_t member);

/// Makes a backend that begins with `initial`; called by several threads.
using TrainingBackendFactory = std::function<std::unique_ptr<TrainingBackend>(
    const Model& initial, const TrainOptions& options)>;

struct MembersResult {
  Model model;  ///< the members' best epochs joined, each with its record; see TrainResult
  /// One a member; their models are empty.
  std::vector<TrainResult> members;
  bool stopped = false;  ///< on request, before all members' last epochs

  /// Whether every member has an epoch behind it: without one, a member's weights are the initial ones.
  GRADSPACE_API bool all_began() const;
};

/// Trains `count` members, as many at a time as the caller has threads. Each is trained as `train_autoencoder` does by
/// itself with its seed and checkpoint, to the same weights for any number of threads; its logs go to "member-0" and so
/// on below the folder, those of a single one to the folder itself. `observer.on_step` tells of all members
/// together: the loss is that of the member that has just stepped; no two of its functions are called at one time.
/// Throws InvalidArgument when `count` is not within 1 to kMaxMembers, and as `train_autoencoder`.
GRADSPACE_API MembersResult train_members(const AutoencoderSpec& spec, const ImageStore& train,
                                          const ImageStore& validation,
                                          const TrainingBackendFactory& make_backend,
                                          const TrainOptions& options, std::size_t count,
                                          const TrainObserver& observer = {});

/// Whether `model` has `count` members, each what a whole run ends with (`is_trained_by`).
GRADSPACE_API bool are_trained_by(const Model& model, const AutoencoderSpec& spec,
                                  const ImageStore& train, const ImageStore& validation,
                                  const TrainOptions& options, std::size_t count);

}  // namespace gradspace
