#include "experiment/contender.h"

#include <fmt/format.h>

#include "experiment/contenders.h"
#include "gradspace/version.h"

namespace gradspace {

using nlohmann::json;

std::string Contender::key(const ContenderRun& run) const {
  return key_of({{"stage", "fit"},
                 {"version", kVersion},
                 {"contender", text()},
                 {"of", ingredients(run)},
                 {"run", run.number},
                 {"seed", run.options.classifier.seed},
                 {"false_alarms", run.options.false_alarms},
                 {"train", run.stages.data().identity({"train"})},
                 {"val", run.stages.data().identity({"val"})}});
}

std::filesystem::path Contender::path(const ContenderRun& run) const {
  return run.stages.run_folder(run.number) / fmt::format("detector-{}.safetensors", text());
}

bool Contender::is_ours(const std::map<std::string, std::string>& metadata,
                        const ContenderRun& run) const {
  const auto found = metadata.find(kExperimentKey);
  return found != metadata.end() && found->second == key(run);
}

std::vector<std::string> contender_names(const AutoencoderSpec& spec) {
  std::vector<std::string> names;
  for (const OneClassMethodInfo& info : one_class_methods()) {
    names.push_back(info.name);
  }
  names.emplace_back(kKinless);
  names.emplace_back(kStandIns);
  if (gradcon_takes(spec.input)) {
    names.emplace_back(kGradCon);
  }
  return names;
}

std::vector<std::unique_ptr<Contender>> make_contenders(const OneClassExperimentOptions& options) {
  std::vector<std::unique_ptr<Contender>> contenders;
  const auto names = options.methods.empty() ? contender_names(options.spec) : options.methods;
  for (const std::string& name : names) {
    if (name == kStandIns) {
      for (std::size_t group = 0; group < kStandInGroups; ++group) {
        contenders.push_back(make_stand_ins(options.spec, group));
      }
    } else if (name == kKinless) {
      for (std::size_t group = 0; group < kinless_groups(); ++group) {
        contenders.push_back(make_kinless(options.spec, group));
      }
    } else if (name == kGradCon) {
      contenders.push_back(make_gradcon_contender());
    } else {
      contenders.push_back(make_one_class_contender(name, options.spec));
    }
  }
  return contenders;
}

}  // namespace gradspace
