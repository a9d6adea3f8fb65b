// The paper's classifier, fitted to feature sets.
#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/arena.h"
#include "core/json.h"
#include "core/one_at_a_time.h"
#include "core/parallel.h"
#include "detect/classifier_detector.h"
#include "gradspace/error.h"
#include "gradspace/fit.h"
#include "gradspace/train_members.h"
#include "jobs/feature_rows.h"
#include "jobs/options.h"

namespace gradspace {
namespace {

constexpr const char* kClassifier = "classifier";

nlohmann::json rate_json(std::optional<double> rate) {
  return rate ? nlohmann::json(*rate) : nlohmann::json(nullptr);
}

nlohmann::json options_record(const FitOptions& options) {
  nlohmann::json record = {{"method", kClassifier},
                           {"features", options.features},
                           {"epochs", options.classifier.epochs},
                           {"batch", options.classifier.batch},
                           {"learning_rate", options.classifier.learning_rate},
                           {"seed", options.classifier.seed},
                           {"false_alarms", rate_json(options.false_alarms)}};
  if (options.two_sided) {
    record["two_sided"] = true;
  }
  return record;
}

/// A classifier for one of the model's members, and the epoch that it is of.
struct FittedMember {
  std::optional<Classifier> classifier;
  std::uint64_t seed = 0;
  ClassifierEpoch best = {};

  nlohmann::json record() const {
    return {{"best_epoch", best.epoch},
            {"train_loss", best.train_loss},
            {"validation_loss", best.validation_loss}};
  }
};

FittedMember fit_member(const ClassData& in, const ClassData& out, std::size_t member,
                        ClassifierOptions options,
                        const std::function<void(const ClassifierEpoch&)>& on_epoch) {
  options.seed = member_seed(options.seed, member);
  FittedMember fitted;
  fitted.seed = options.seed;
  const auto watch = [&](const ClassifierEpoch& epoch) {
    if (fitted.best.epoch == 0 || epoch.validation_loss < fitted.best.validation_loss) {
      fitted.best = epoch;
    }
    on_epoch(epoch);
  };
  fitted.classifier =
      train_classifier(in.training[member], out.training[member], in.validation[member],
                       out.validation[member], options, watch);
  return fitted;
}

std::vector<FittedMember> fit_members(const ClassData& in, const ClassData& out,
                                      const ClassifierOptions& options,
                                      const std::function<void(const ClassifierEpoch&)>& on_epoch) {
  std::vector<FittedMember> fitted(in.training.size());
  const OneAtATime alone;
  parallel_for(fitted.size(), [&](std::size_t member) {
    fitted[member] = fit_member(in, out, member, options, [&](const ClassifierEpoch& epoch) {
      if (on_epoch) {
        alone([&] { on_epoch(epoch); });
      }
    });
  });
  return fitted;
}

/// On the threads that the caller chose.
Detector fit_classifier(const FitData& data, const FitOptions& options,
                        const std::function<void(const ClassifierEpoch&)>& on_epoch) {
  Detector detector;
  detector.method = kClassifier;
  detector.model_sha256 = data.inliers->meta().model_sha256;
  record_decoding(data.inliers->meta().decoding, detector.metadata);
  detector.columns = choose_columns(data.inliers->meta().columns, options.features);
  detector.members = member_count(detector.columns);

  const std::uint64_t seed = options.classifier.seed;
  const ClassData in = class_data(detector, data.inliers, data.validation_inliers, seed,
                                  HoldOutOf::kInliers, "inliers");
  const ClassData out = class_data(detector, data.outliers, data.validation_outliers, seed,
                                   HoldOutOf::kOutliers, "outliers");
  const std::vector<FittedMember> fitted = fit_members(in, out, options.classifier, on_epoch);
  std::vector<Classifier> classifiers;
  nlohmann::json training = fitted.front().record();
  for (const FittedMember& member : fitted) {
    classifiers.push_back(*member.classifier);
    if (fitted.size() > 1) {
      training["members"].push_back(member.record());
      training["members"].back()["seed"] = member.seed;
    }
  }
  put_classifiers(classifiers, in.validation, {options.two_sided, options.false_alarms}, detector);
  detector.metadata["options"] = dump_json(options_record(options));
  training.update({{"inliers", in.training.front().rows},
                   {"outliers", out.training.front().rows},
                   {"validation_inliers", in.validation.front().rows},
                   {"validation_outliers", out.validation.front().rows}});
  detector.metadata["training"] = training.dump();
  return detector;
}

}  // namespace

Detector fit_detector(const FitData& data, const FitOptions& options,
                      const std::function<void(const ClassifierEpoch&)>& on_epoch) {
  require_threads(options.threads, "fit");
  return in_arena(options.threads, [&] { return fit_classifier(data, options, on_epoch); });
}

Detector make_two_sided(const Detector& one_sided, const FeatureSet& clean,
                        std::optional<double> false_alarms) {
  if (one_sided.method != kClassifier) {
    throw InvalidArgument(fmt::format("fit: {} has no side; a classifier has", one_sided.method));
  }
  Detector detector = one_sided;
  calibrate_classifier(detector_views(detector, clean, "clean validation set"),
                       {.two_sided = true, .false_alarms = false_alarms}, detector);
  if (const auto options = detector.metadata.find("options"); options != detector.metadata.end()) {
    nlohmann::json record = load_json(options->second);
    record["two_sided"] = true;
    record["false_alarms"] = rate_json(false_alarms);
    options->second = dump_json(record);
  }
  return detector;
}

}  // namespace gradspace
