#include "experiment/detector_contender.h"

#include <span>
#include <utility>

#include "experiment/contenders.h"

namespace gradspace {
namespace {

class FittedDetector : public FittedContender {
 public:
  FittedDetector(const Detector& detector, const AutoencoderSpec& spec)
      : score_(load_score_function(detector, spec)), threshold_(detector.threshold) {}

  std::vector<double> score(const Observations& images) const override {
    return score_->score(images);
  }
  double threshold() const override { return threshold_; }

 private:
  std::unique_ptr<ScoreFunction> score_;
  double threshold_;
};

class OneClassContender : public DetectorContender {
 public:
  OneClassContender(std::string method, ObservationNeeds needs)
      : method_(std::move(method)), needs_(std::move(needs)) {}

  std::string method() const override { return method_; }
  ObservationNeeds needs() const override { return needs_; }

 protected:
  Detector make(const ContenderRun& run, const CleanImages& clean) const override {
    return fit_method(method_, {}, run, clean);
  }

 private:
  std::string method_;
  ObservationNeeds needs_;
};

}  // namespace

Detector fit_method(const std::string& method, const std::vector<std::string>& distortions,
                    const ContenderRun& run, const CleanImages& clean) {
  return fit_one_class({run.options.spec, run.model_sha256, clean.train.observations,
                        clean.validation.observations, run.make_backend},
                       {method, run.options.false_alarms, run.seed(), distortions});
}

std::unique_ptr<FittedContender> DetectorContender::read(const ContenderRun& run) const {
  if (!std::filesystem::exists(path(run))) {
    return nullptr;
  }
  const Detector detector = read_detector(path(run));
  if (!is_ours(detector.metadata, run)) {
    return nullptr;
  }
  return std::make_unique<FittedDetector>(detector, run.options.spec);
}

std::unique_ptr<FittedContender> DetectorContender::fit(const ContenderRun& run,
                                                        const CleanImages& clean) const {
  if (run.stages.stop_requested()) {
    return nullptr;
  }
  Detector detector = make(run, clean);
  detector.metadata[kExperimentKey] = key(run);
  write_detector(path(run), detector);
  return std::make_unique<FittedDetector>(detector, run.options.spec);
}

nlohmann::json DetectorContender::ingredients(const ContenderRun& run) const {
  return {{"model", run.model_sha256}, {"backend", run.options.gradient_backend.text()}};
}

std::unique_ptr<Contender> make_one_class_contender(const std::string& method,
                                                    const AutoencoderSpec& spec) {
  return std::make_unique<OneClassContender>(method, one_class_needs(std::span(&method, 1), spec));
}

}  // namespace gradspace
