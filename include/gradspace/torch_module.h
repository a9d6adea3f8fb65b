// The LibTorch part: a shared module that is loaded on first use, so that nothing else pays for it.
//
// It runs on as many threads as LibTorch is set to ($OMP_NUM_THREADS, else one a core). LibTorch's exceptions
// leave it as Error. It changes none of LibTorch's settings but one: while gradients are computed on
// CUDA, cuDNN may not round to TF32, in the whole process; afterwards it may again, where it might before.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/gradient.h"
#include "gradspace/training_backend.h"

namespace gradspace {

enum class Precision { kFloat32, kFloat64 };

class GRADSPACE_API TorchModule {
 public:
  virtual ~TorchModule() = default;

  virtual std::string version() const = 0;  ///< of LibTorch
  virtual bool has_cuda() const = 0;

  /// Reference gradients, in one forward pass and one backward pass a loss. `device` is "cpu", "cuda"
  /// or "cuda:N". Within 5e-5 of exact ones, relative to their norm (1e-6 in double precision); so
  /// is a batch of a loop over its images, for LibTorch chooses its algorithms by size. A pass takes
  /// at most 64 images, on CUDA 1024, fewer of large models: a batch of any multiple of that is
  /// fastest. Throws InvalidArgument for a device that is not there, a model that does not validate,
  /// and blocks that are not the model's or do not follow each other from column 0 on.
  virtual std::unique_ptr<GradientBackend> make_gradients(const Model& model,
                                                          std::vector<FeatureBlock> blocks,
                                                          const std::string& device,
                                                          Precision precision) const = 0;

  /// Training by Adam. On a processor, a run continued from its state ends with the bits of an
  /// uninterrupted one with as many threads. Throws InvalidArgument as above.
  virtual std::unique_ptr<TrainingBackend> make_training(const Model& initial,
                                                         const StepOptions& options,
                                                         const std::string& device) const = 0;
};

/// Loads the module: from $GRADSPACE_TORCH_MODULE, else from `gradspace/` beside the library.
/// Throws Error saying what is missing when this build or installation has none. Thread-safe.
GRADSPACE_API const TorchModule& torch_module();

}  // namespace gradspace
