#include "experiment/experiment_kind.h"

#include <fmt/format.h>

#include <utility>

#include "experiment/entry.h"
#include "gradspace/error.h"
#include "gradspace/one_class.h"
#include "results/results_kind.h"

namespace gradspace {
namespace {

using nlohmann::json;

const OneClassExperiment* one_class(const ExperimentOptions& options) {
  return std::get_if<OneClassExperiment>(&options.kind);
}

void check_level(int level, const char* what) {
  if (level < 1 || level > challenge::kLevels) {
    throw InvalidArgument(
        fmt::format("experiment: {} {} is not within 1 to {}", what, level, challenge::kLevels));
  }
}

void validate(const OodExperiment& experiment, const AutoencoderSpec& spec) {
  check_level(experiment.trained_against_level, "the level trained against,");
  if (spec.latent == 0) {
    throw InvalidArgument("experiment: the methods compared need a model with a bottleneck");
  }
  if (experiment.members < 1 || std::cmp_greater(experiment.members, kMaxMembers)) {
    throw InvalidArgument(fmt::format("experiment: {} members; 1 to {} are possible",
                                      experiment.members, kMaxMembers));
  }
}

void validate(const OneClassExperiment& experiment, const AutoencoderSpec& /*spec*/) {
  OneClassOptions defaults;
  defaults.false_alarms = experiment.false_alarms;
  defaults.validate();
  check_level(experiment.leave_group_out_level, "the level that leave-group-out is trained on,");
  if (experiment.gradcon_epochs < 1) {
    throw InvalidArgument(fmt::format("experiment: {} epochs for gradcon; 1 or more are possible",
                                      experiment.gradcon_epochs));
  }
}

}  // namespace

std::size_t members_of(const ExperimentOptions& options) {
  const auto* ood = std::get_if<OodExperiment>(&options.kind);
  return ood != nullptr ? static_cast<std::size_t>(ood->members) : 1;
}

ResultsKind results_kind(const ExperimentOptions& options) {
  return one_class(options) != nullptr ? ResultsKind::kOneClass : ResultsKind::kOod;
}

ExperimentOptions with_defaults(ExperimentOptions options) {
  using challenge::Type;
  if (!options.model.empty()) {
    const Model model = read_model(options.model);
    options.spec = model.spec;
    if (auto* ood = std::get_if<OodExperiment>(&options.kind)) {
      ood->members = static_cast<int>(model.members());
    } else if (model.members() > 1) {
      throw InvalidArgument(
          fmt::format("{}: has {} members; the one-class experiment looks at one autoencoder",
                      options.model.string(), model.members()));
    }
  }
  if (!options.challenges.empty()) {
    return options;
  }
  if (one_class(options) == nullptr) {
    options.challenges = {Type::kDecolorization, Type::kLensBlur, Type::kCodecError,
                          Type::kDirtyLens,      Type::kNoise,    Type::kRain};
    return options;
  }
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    options.challenges.push_back(info.type);
  }
  return options;
}

std::vector<std::string> methods_asked_for(const ExperimentOptions& options) {
  return one_class(options) != nullptr ? one_class(options)->methods : std::vector<std::string>{};
}

json options_record(const ExperimentOptions& options, const std::vector<std::string>& methods) {
  json record = {{"command", fmt::format("experiment {}", name(results_kind(options)))}};
  if (const auto* ood = std::get_if<OodExperiment>(&options.kind)) {
    record["trained_against"] = challenge::name(ood->trained_against);
    record["trained_against_level"] = ood->trained_against_level;
    record["members"] = ood->members;
  } else if (const auto* experiment = one_class(options)) {
    record["methods"] = methods;
    record["false_alarms"] = experiment->false_alarms;
    record["leave_group_out_level"] = experiment->leave_group_out_level;
    record["gradcon_epochs"] = experiment->gradcon_epochs;
  }
  return record;
}

void ExperimentOptions::validate() const {
  train_options(training).validate();
  classifier.validate();
  spec.validate();
  if (runs < 1 || runs > 1000) {
    throw InvalidArgument(fmt::format("experiment: {} runs; 1 to 1000 are possible", runs));
  }
  if (threads < 0) {
    throw InvalidArgument(fmt::format("experiment: {} threads; 0 or more are possible", threads));
  }
  if (levels.empty()) {
    throw InvalidArgument("experiment: no level to test against");
  }
  for (const int level : levels) {
    check_level(level, "level");
  }
  training_backend.validate();
  gradient_backend.validate();
  std::visit([&](const auto& experiment) { gradspace::validate(experiment, spec); }, kind);
  make_entries(*this);
}

}  // namespace gradspace
