// The LibTorch part: a shared module that is loaded on first use, so that nothing else pays for it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gradspace/gradient.h"
#include "gradspace/train.h"

namespace gradspace {

enum class Precision { kFloat32, kFloat64 };

class TorchModule {
 public:
  virtual ~TorchModule() = default;

  virtual std::string version() const = 0;
  virtual bool has_cuda() const = 0;

  /// Reference gradients. `device` is "cpu", "cuda" or "cuda:N". Throws InvalidArgument for a device
  /// that is not there.
  virtual std::unique_ptr<GradientBackend> make_gradients(const Model& model,
                                                          std::vector<FeatureBlock> blocks,
                                                          const std::string& device,
                                                          Precision precision) const = 0;

  virtual std::unique_ptr<TrainingBackend> make_training(const Model& initial,
                                                         const TrainOptions& options,
                                                         const std::string& device) const = 0;
};

/// Loads the module: from $GRADSPACE_TORCH_MODULE, else from `gradspace/` beside the library.
/// Throws Error saying what is missing when this build or installation has none. Thread-safe.
const TorchModule& torch_module();

}  // namespace gradspace
