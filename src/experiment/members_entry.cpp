#include "experiment/members_entry.h"

#include <fmt/format.h>

#include <utility>

#include "detect/decision.h"
#include "detect/one_class_fit.h"
#include "experiment/detector_entry.h"
#include "experiment/experiment_kind.h"

namespace gradspace {
namespace {

/// A run's autoencoders, and what an entry asks of each. Thread-safe.
class Asked {
 public:
  /// What it refers to outlives it.
  Asked(const ExperimentRun& run, ObservationNeeds needs)
      : needs_(std::move(needs)), backend_(run.options.gradient_backend) {
    for (std::size_t i = 0; i < run.model.members(); ++i) {
      members_.push_back(member_of(run.model, i));
    }
  }

  std::size_t count() const { return members_.size(); }
  const AutoencoderSpec& spec() const { return members_.front().spec; }

  auto backends_of(std::size_t member) const {
    return [this, member](std::vector<FeatureBlock> blocks) {
      return make_gradient_backend(backend_, members_[member], std::move(blocks));
    };
  }

  Observations ask(std::size_t member, std::span<const std::uint8_t> images) const {
    return observe([&] { return backends_of(member)(needs_.blocks); }, needs_, spec(), images);
  }

 private:
  ObservationNeeds needs_;
  BackendChoice backend_;
  std::vector<Model> members_;
};

class FittedMembers : public FittedEntry {
 public:
  FittedMembers(const Detector& detector, Asked asked)
      : asked_(std::move(asked)),
        parts_(load_parts(detector, asked_.spec())),
        decision_(detector),
        threshold_(detector.threshold) {}

  std::vector<double> score(const SetToScore& set) const override {
    std::vector<std::vector<double>> said;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      said.push_back(parts_[i]->score(asked_.ask(i, set.observations->pixels)));
    }
    return decision_.scores(said);
  }
  double threshold() const override { return threshold_; }

 private:
  Asked asked_;
  std::vector<std::unique_ptr<ScoreFunction>> parts_;
  Decision decision_;
  double threshold_;
};

/// Of what the run's first autoencoder says, which is there for all entries, it looks at the pixels alone.
class MembersEntry : public DetectorEntry {
 public:
  MembersEntry(std::string of, const ExperimentOptions& options)
      : of_(std::move(of)),
        members_(members_of(options)),
        needs_(one_class_needs(std::span(&of_, 1), options.spec)) {}

  std::string method() const override { return fmt::format("{} x{}", of_, members_); }
  std::string stage() const override { return "fit members"; }
  std::size_t steps() const override { return members_; }
  std::string step_unit() const override { return "members"; }

 protected:
  Detector make(const FitMaterial& material) const override {
    const ExperimentRun& run = material.run;
    const Asked asked(run, needs_);
    const auto images_of = [](const CleanSet& set) {
      return set.images.images(0, set.images.size());
    };
    OneClassFit fit(one_class_options(of_, {}, run));
    for (std::size_t i = 0; i < asked.count(); ++i) {
      if (run.stages.stop_requested()) {
        throw ExperimentStopped{};
      }
      const Observations train = asked.ask(i, images_of(material.clean->train));
      const Observations validation = asked.ask(i, images_of(material.clean->validation));
      fit.add_member({asked.spec(), run.model_sha256, train, validation, asked.backends_of(i)});
      material.on_step();
    }
    return fit.finish();
  }

  std::unique_ptr<FittedEntry> ready(const Detector& detector,
                                     const ExperimentRun& run) const override {
    return std::make_unique<FittedMembers>(detector, Asked(run, needs_));
  }

 private:
  std::string of_;
  std::size_t members_;
  ObservationNeeds needs_;
};

}  // namespace

std::unique_ptr<Entry> make_members_entry(const std::string& method,
                                          const ExperimentOptions& options) {
  return std::make_unique<MembersEntry>(method, options);
}

}  // namespace gradspace
