#include "experiment/experiment_kind.h"

#include <fmt/format.h>

#include <utility>

#include "experiment/entry.h"
#include "gradspace/error.h"
#include "gradspace/one_class.h"
#include "gradspace/scorer.h"
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
}

void validate(const Tiling& tiles, const AutoencoderSpec& spec) {
  tiles.validate();
  if (tiles.width != spec.input.width || tiles.height != spec.input.height) {
    throw InvalidArgument(
        fmt::format("experiment: tiles of {}x{} pixels, but the model takes {}x{}", tiles.width,
                    tiles.height, spec.input.width, spec.input.height));
  }
}

void validate(const OneClassExperiment& experiment, const AutoencoderSpec& spec) {
  OneClassOptions defaults;
  defaults.false_alarms = experiment.false_alarms;
  defaults.validate();
  check_level(experiment.leave_group_out_level, "the level that leave-group-out is trained on,");
  if (experiment.gradcon_epochs < 1) {
    throw InvalidArgument(fmt::format("experiment: {} epochs for gradcon; 1 or more are possible",
                                      experiment.gradcon_epochs));
  }
  if (experiment.tiles) {
    validate(*experiment.tiles, spec);
  }
}

}  // namespace

std::size_t members_of(const ExperimentOptions& options) {
  return std::visit([](const auto& kind) { return static_cast<std::size_t>(kind.members); },
                    options.kind);
}

std::optional<Tiling> tiles_of(const ExperimentOptions& options) {
  return one_class(options) != nullptr ? one_class(options)->tiles : std::nullopt;
}

ResultsKind results_kind(const ExperimentOptions& options) {
  return one_class(options) != nullptr ? ResultsKind::kOneClass : ResultsKind::kOod;
}

json tiles_record(const Tiling& tiles) {
  return {{"size", {tiles.width, tiles.height}}, {"stride", {tiles.stride_x, tiles.stride_y}}};
}

ExperimentOptions with_defaults(ExperimentOptions options) {
  using challenge::Type;
  if (!options.model.empty()) {
    const Model model = read_model(options.model);
    require_exact_decoding(model, "experiment");
    options.spec = model.spec;
    std::visit([&](auto& kind) { kind.members = static_cast<int>(model.members()); }, options.kind);
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

PhotographOptions photograph_options(const ExperimentOptions& options, const std::string& method,
                                     std::uint64_t seed, const Source& clean) {
  PhotographOptions result;
  result.method = method;
  result.tiling = *tiles_of(options);
  result.false_alarms = one_class(options)->false_alarms;
  result.seed = seed;
  result.hold_out = default_hold_out(clean.size());
  return result;
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
    record["members"] = experiment->members;
    if (experiment->tiles) {
      record["tiles"] = tiles_record(*experiment->tiles);
    }
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
  if (const std::size_t members = members_of(*this); members < 1 || members > kMaxMembers) {
    throw InvalidArgument(fmt::format("experiment: {} members; 1 to {} are possible",
                                      static_cast<std::ptrdiff_t>(members), kMaxMembers));
  }
  std::visit([&](const auto& experiment) { gradspace::validate(experiment, spec); }, kind);
  make_entries(*this);
}

}  // namespace gradspace
