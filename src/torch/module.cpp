// The module's door: device names, and the one symbol the loader asks for.
#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <system_error>

#include "gradspace/export.h"
#include "gradspace/version.h"
#include "loader/module_entry.h"
#include "torch/backends.h"

namespace gradspace {
namespace {

[[noreturn]] void refuse_device(std::string_view device, std::string_view why) {
  throw InvalidArgument(fmt::format("device \"{}\": {}", device, why));
}

/// "cpu", "cuda" or "cuda:N", if it is there.
at::Device parse_device(std::string_view device) {
  constexpr std::string_view kCuda = "cuda";
  constexpr std::string_view kWanted = "wanted cpu, cuda or cuda:N";
  if (device == "cpu") {
    return at::kCPU;
  }
  if (!device.starts_with(kCuda)) {
    refuse_device(device, kWanted);
  }
  std::string_view index_text = device.substr(kCuda.size());
  unsigned index = 0;
  if (!index_text.empty()) {
    const char* end = index_text.data() + index_text.size();
    const auto [stop, error] = std::from_chars(index_text.data() + 1, end, index);
    if (index_text.front() != ':' || error != std::errc() || stop != end) {
      refuse_device(device, kWanted);
    }
  }
  const std::size_t devices = torch::cuda::device_count();
  if (!torch::cuda::is_available() || devices == 0) {
    refuse_device(device, "this LibTorch finds no CUDA device; use cpu");
  }
  if (index >= devices) {
    refuse_device(device, fmt::format("the last CUDA device is cuda:{}", devices - 1));
  }
  return {at::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

class Module final : public TorchModule {
 public:
  std::string version() const override { return TORCH_VERSION; }

  bool has_cuda() const override { return torch::cuda::is_available(); }

  std::unique_ptr<GradientBackend> make_gradients(const Model& model,
                                                  std::vector<FeatureBlock> blocks,
                                                  const std::string& device,
                                                  Precision precision) const override {
    return with_our_errors([&] {
      return make_torch_gradients(model, std::move(blocks), parse_device(device), precision);
    });
  }

  std::unique_ptr<TrainingBackend> make_training(const Model& initial, const StepOptions& options,
                                                 const std::string& device) const override {
    return with_our_errors(
        [&] { return make_torch_training(initial, options, parse_device(device)); });
  }
};

}  // namespace
}  // namespace gradspace

extern "C" GRADSPACE_API const gradspace::ModuleHead* gradspace_torch_module_entry() {
  static const gradspace::Module module;
  static const gradspace::TorchModuleEntry entry{{gradspace::kTorchModuleAbi, gradspace::kVersion},
                                                 &module};
  return &entry;
}
