#include "gradspace/backends.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <string_view>
#include <utility>

#include "core/named_entries.h"
#include "gradient/projection.h"
#include "gradspace/error.h"
#include "gradspace/torch_module.h"

namespace gradspace {

void BackendChoice::validate() const {
  constexpr std::array<std::string_view, 2> kNames = {"native", "torch"};
  find_named(kNames, name, "backend", std::identity());
  if (name == "native" && device != "cpu") {
    throw InvalidArgument(
        fmt::format("device \"{}\": the native backend runs on the cpu; use torch", device));
  }
}

std::string BackendChoice::text() const {
  return name == "native" ? name : name + " " + device;
}

std::unique_ptr<GradientBackend> make_gradient_backend(const BackendChoice& choice,
                                                       const Model& model,
                                                       std::vector<FeatureBlock> blocks) {
  choice.validate();
  if (choice.name == "native") {
    return make_native_backend(model, std::move(blocks));
  }
  const MemberBackendFactory plain = [&](const Model& member, std::vector<FeatureBlock> own) {
    return torch_module().make_gradients(member, std::move(own), choice.device,
                                         Precision::kFloat32);
  };
  const MemberBackendFactory make = [&](const Model& member, std::vector<FeatureBlock> own) {
    return make_projected_backend(member, std::move(own), plain);
  };
  return model.members() > 1 ? make_members_backend(model, std::move(blocks), make)
                             : make(model, std::move(blocks));
}

std::unique_ptr<TrainingBackend> make_training_backend(const BackendChoice& choice,
                                                       const Model& initial,
                                                       const TrainOptions& options) {
  choice.validate();
  if (choice.name == "torch") {
    return torch_module().make_training(initial, options.step(), choice.device);
  }
  return make_native_training(initial, options.step());
}

}  // namespace gradspace
