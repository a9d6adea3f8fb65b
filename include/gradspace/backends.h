// Backends by name, as the command line has them: "native" is the SIMD engine of this library, "torch"
// the LibTorch module, loaded on first use.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/gradient.h"
#include "gradspace/train.h"

namespace gradspace {

struct GRADSPACE_API BackendChoice {
  std::string name = "native";
  std::string device = "cpu";  ///< for torch: "cpu", "cuda", "cuda:N"

  /// Throws InvalidArgument for a name or a device that is not known.
  void validate() const;

  /// "native", "torch cuda": for records.
  std::string text() const;
};

/// Throws InvalidArgument, or Error when the LibTorch module is not there.
GRADSPACE_API std::unique_ptr<GradientBackend> make_gradient_backend(
    const BackendChoice& choice, const Model& model, std::vector<FeatureBlock> blocks);

GRADSPACE_API std::unique_ptr<TrainingBackend> make_training_backend(const BackendChoice& choice,
                                                                     const Model& initial,
                                                                     const TrainOptions& options);

}  // namespace gradspace
