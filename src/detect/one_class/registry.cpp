#include <algorithm>
#include <initializer_list>
#include <iterator>

#include "core/named_entries.h"
#include "detect/one_class/method.h"

// One line a file: the function in it that returns its methods, in the order of the tables. Those that are
// made of other methods follow (all_methods).
#define GRADSPACE_ONE_CLASS_METHODS(METHODS) \
  METHODS(loss_methods)                      \
  METHODS(latent_methods)                    \
  METHODS(gradient_norm_methods)             \
  METHODS(gradient_methods)                  \
  METHODS(spectral_fisher_methods)           \
  METHODS(colour_fisher_methods)             \
  METHODS(image_statistics_methods)          \
  METHODS(state_density_methods)             \
  METHODS(input_complexity_methods)          \
  METHODS(aligned_gradient_methods)

namespace gradspace {

#define METHODS(function) std::vector<OneClassMethod> function();
GRADSPACE_ONE_CLASS_METHODS(METHODS)
#undef METHODS

namespace {

std::vector<OneClassMethod> basic_methods() {
  std::vector<OneClassMethod> methods;
#define METHODS(function) std::ranges::move(function(), std::back_inserter(methods));
  GRADSPACE_ONE_CLASS_METHODS(METHODS)
#undef METHODS
  return methods;
}

/// Those of these names, in the order of `methods`.
std::vector<OneClassMethod> named(const std::vector<OneClassMethod>& methods,
                                  std::initializer_list<std::string_view> names) {
  std::vector<OneClassMethod> chosen;
  std::ranges::copy_if(methods, std::back_inserter(chosen), [&](const OneClassMethod& method) {
    return std::ranges::find(names, method.name) != names.end();
  });
  return chosen;
}

std::vector<OneClassMethod> all_methods() {
  const std::vector<OneClassMethod> basic = basic_methods();
  std::vector<OneClassMethod> methods = basic;
  for (const OneClassMethod& method : basic) {
    // What tells clean from distorted images has its meaning on one side alone.
    if (!method.distorts && method.any_model) {
      methods.push_back(typicality_method(method));
    }
  }
  methods.push_back(logit_sum_method(
      "fisher-pseudo", "spectral-fisher-pseudo and colour-fisher-pseudo, their logits together",
      named(basic, {"spectral-fisher-pseudo", "colour-fisher-pseudo"})));
  const std::vector<OneClassMethod> members =
      named(basic, {"gradient-norm-density", "spectral-fisher", "spectral-fisher-local",
                    "image-statistics", "image-appearance", "image-neighbour"});
  const std::string summary = "Six densities' p-values together, ";
  methods.push_back(ensemble_method("ensemble-fisher", summary + "by Fisher's sum of logarithms",
                                    Combination::kFisher, members));
  methods.push_back(ensemble_method("ensemble-stouffer", summary + "by Stouffer's sum of quantiles",
                                    Combination::kStouffer, members));
  methods.push_back(ensemble_method("ensemble-harmonic", summary + "by their harmonic mean",
                                    Combination::kHarmonic, members));
  return methods;
}

}  // namespace

const std::vector<OneClassMethod>& one_class_registry() {
  static const std::vector<OneClassMethod> methods = all_methods();
  return methods;
}

const OneClassMethod& one_class_method(std::string_view name) {
  return find_named(one_class_registry(), name, "one-class method", &OneClassMethod::name);
}

std::vector<OneClassMethodInfo> one_class_methods() {
  std::vector<OneClassMethodInfo> infos;
  for (const OneClassMethod& method : one_class_registry()) {
    infos.push_back({method.name, method.summary, method.any_model, method.needs_model});
  }
  return infos;
}

std::uint64_t one_class_memory(std::string_view method, const AutoencoderSpec& spec) {
  return covariance_bytes(one_class_method(method), spec);
}

bool is_one_class_method(std::string_view name) {
  const auto& methods = one_class_registry();
  return std::ranges::find(methods, name, &OneClassMethod::name) != methods.end();
}

ObservationNeeds one_class_needs(std::span<const std::string> methods,
                                 const AutoencoderSpec& spec) {
  ObservationNeeds needs;
  for (const std::string& method : methods) {
    needs = merge(needs, one_class_method(method).needs(spec));
  }
  return needs;
}

}  // namespace gradspace
