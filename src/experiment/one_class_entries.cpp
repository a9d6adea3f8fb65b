// The methods of one_class.h, an entry each; where a run has several autoencoders, those that ask a model have another
// one.
#include <span>
#include <utility>

#include "experiment/detector_entry.h"
#include "experiment/experiment_kind.h"
#include "experiment/members_entry.h"

namespace gradspace {
namespace {

class OneClassEntry : public DetectorEntry {
 public:
  OneClassEntry(std::string method, const AutoencoderSpec& spec)
      : method_(std::move(method)), needs_(one_class_needs(std::span(&method_, 1), spec)) {}

  std::string method() const override { return method_; }
  ObservationNeeds needs() const override { return needs_; }

 protected:
  Detector make(const FitMaterial& material) const override {
    Detector detector = fit_method(method_, {}, material);
    material.on_step();
    return detector;
  }

 private:
  std::string method_;
  ObservationNeeds needs_;
};

}  // namespace

std::vector<ExperimentMethod> all_one_class_methods() {
  std::vector<ExperimentMethod> methods;
  for (const OneClassMethodInfo& info : one_class_methods()) {
    if (!info.any_model) {
      continue;  // gradcon_entry.cpp trains a model for it
    }
    methods.push_back({info.name, ResultsKind::kOneClass, [info](const ExperimentOptions& options) {
                         std::vector<std::unique_ptr<Entry>> entries;
                         entries.push_back(
                             std::make_unique<OneClassEntry>(info.name, options.spec));
                         if (info.needs_model && members_of(options) > 1) {
                           entries.push_back(make_members_entry(info.name, options));
                         }
                         return entries;
                       }});
  }
  return methods;
}

}  // namespace gradspace
