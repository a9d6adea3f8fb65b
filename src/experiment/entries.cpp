// The methods that experiments put side by side.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "core/named_entries.h"
#include "experiment/entry.h"
#include "experiment/experiment_kind.h"
#include "results/results_kind.h"

// One line a file: the function in it that returns its methods, in the order of the tables.
#define GRADSPACE_EXPERIMENT_METHODS(METHODS) \
  METHODS(paper_methods)                      \
  METHODS(all_one_class_methods)              \
  METHODS(methods_of_photographs)             \
  METHODS(image_pseudo_holdout_methods)       \
  METHODS(leave_group_out_methods)            \
  METHODS(gradcon_methods)

namespace gradspace {

#define METHODS(function) std::vector<ExperimentMethod> function();
GRADSPACE_EXPERIMENT_METHODS(METHODS)
#undef METHODS

namespace {

std::vector<ExperimentMethod> all_methods() {
  std::vector<ExperimentMethod> methods;
#define METHODS(function) std::ranges::move(function(), std::back_inserter(methods));
  GRADSPACE_EXPERIMENT_METHODS(METHODS)
#undef METHODS
  return methods;
}

}  // namespace

std::vector<ExperimentMethod> possible_methods(const ExperimentOptions& options) {
  std::vector<ExperimentMethod> methods = all_methods();
  std::erase_if(methods, [&](const ExperimentMethod& method) {
    return method.experiment != results_kind(options) || !method.takes(options.spec) ||
           method.by_tiles != tiles_of(options).has_value();
  });
  return methods;
}

std::vector<std::unique_ptr<Entry>> make_entries(const ExperimentOptions& options) {
  const std::vector<ExperimentMethod> possible = possible_methods(options);
  std::vector<std::string> names = methods_asked_for(options);
  if (names.empty()) {
    std::ranges::transform(possible, std::back_inserter(names), &ExperimentMethod::name);
  }
  const std::string what =
      fmt::format("experiment: for {} of {}x{}, method", tiles_of(options) ? "tiles" : "images",
                  options.spec.input.width, options.spec.input.height);
  std::vector<std::unique_ptr<Entry>> entries;
  for (const std::string& name : names) {
    const ExperimentMethod& method =
        find_named(possible, present_method_name(name), what, &ExperimentMethod::name);
    std::ranges::move(method.make(options), std::back_inserter(entries));
  }
  return entries;
}

}  // namespace gradspace
