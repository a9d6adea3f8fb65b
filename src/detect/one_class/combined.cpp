// Methods made of others: typicality and ensembles, both on normal scores; and networks, on logits.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "detect/one_class/method.h"
#include "statistics/normal_score.h"

namespace gradspace {
namespace {

/// A fitted method whose scores are put on the normal scale.
struct Calibrated {
  std::unique_ptr<ScoreFunction> score;
  NormalScore normal;

  std::vector<double> normal_scores(const Observations& observations) const {
    std::vector<double> scores = score->score(observations);
    for (double& value : scores) {
      value = normal(value);
    }
    return scores;
  }
};

/// Fits on one part of the clean images and calibrates on the other.
TensorMap fit_calibrated(const OneClassMethod& method, const OneClassTraining& training,
                         const HeldOut& parts) {
  const TensorMap base = method.fit({training.spec, parts.fit, training.observe, training.seed});
  const auto score = method.load(base, training.spec);
  TensorMap tensors;
  put_under(tensors, "base.", base);
  NormalScore::fit(score->score(parts.calibration), method.name).store(tensors, "normal.");
  return tensors;
}

Calibrated load_calibrated(const OneClassMethod& method, const TensorMap& tensors,
                           const AutoencoderSpec& spec) {
  return {method.load(tensors_under(tensors, "base."), spec),
          NormalScore::load(tensors, "normal.")};
}

class TypicalityScore : public ScoreFunction {
 public:
  explicit TypicalityScore(Calibrated base) : base_(std::move(base)) {}

  const ObservationNeeds& needs() const override { return base_.score->needs(); }
  std::vector<double> score(const Observations& observations) const override {
    std::vector<double> scores = base_.normal_scores(observations);
    for (double& value : scores) {
      value = std::abs(value);
    }
    return scores;
  }

 private:
  Calibrated base_;
};

/// What one member's normal score adds to the sum.
double term(Combination combination, double z) {
  switch (combination) {
    case Combination::kFisher:
      return -2 * log_normal_tail(z);
    case Combination::kStouffer:
      return z;
    case Combination::kHarmonic:
      break;
  }
  // 1/p, whose logarithm is taken of the sum; p is held over the smallest double's reciprocal.
  return std::exp(std::min(-log_normal_tail(z), 690.0));
}

class EnsembleScore : public ScoreFunction {
 public:
  EnsembleScore(Combination combination, std::vector<Calibrated> members)
      : combination_(combination), members_(std::move(members)) {
    for (const Calibrated& member : members_) {
      needs_ = merge(needs_, member.score->needs());
    }
  }

  const ObservationNeeds& needs() const override { return needs_; }
  std::vector<double> score(const Observations& observations) const override {
    std::vector<double> sums(observations.count);
    for (const Calibrated& member : members_) {
      const std::vector<double> scores = member.normal_scores(observations);
      for (std::size_t i = 0; i < sums.size(); ++i) {
        sums[i] += term(combination_, scores[i]);
      }
    }
    if (combination_ == Combination::kHarmonic) {
      for (double& sum : sums) {
        sum = std::log(sum / static_cast<double>(members_.size()));
      }
    }
    return sums;
  }

 private:
  Combination combination_;
  std::vector<Calibrated> members_;
  ObservationNeeds needs_;
};

class LogitScore : public ScoreFunction {
 public:
  explicit LogitScore(std::vector<std::unique_ptr<ScoreFunction>> members)
      : members_(std::move(members)) {
    for (const auto& member : members_) {
      needs_ = merge(needs_, member->needs());
    }
  }

  const ObservationNeeds& needs() const override { return needs_; }
  std::vector<double> score(const Observations& observations) const override {
    constexpr double kLeast = 1e-15;
    std::vector<double> means(observations.count);
    for (const auto& member : members_) {
      const std::vector<double> scores = member->score(observations);
      for (std::size_t i = 0; i < means.size(); ++i) {
        const double p = std::clamp(scores[i], kLeast, 1 - kLeast);
        means[i] += (std::log(p) - std::log1p(-p)) / static_cast<double>(members_.size());
      }
    }
    return means;
  }

 private:
  std::vector<std::unique_ptr<ScoreFunction>> members_;
  ObservationNeeds needs_;
};

/// What all members together need.
std::function<ObservationNeeds(const AutoencoderSpec&)> needs_of(
    std::vector<OneClassMethod> members) {
  return [members = std::move(members)](const AutoencoderSpec& spec) {
    ObservationNeeds needs;
    for (const OneClassMethod& member : members) {
      needs = merge(needs, member.needs(spec));
    }
    return needs;
  };
}

std::string prefix_of(std::size_t member) {
  return fmt::format("member.{}.", member);
}

}  // namespace

OneClassMethod typicality_method(const OneClassMethod& base) {
  OneClassMethod method{
      base.name + "-typicality",
      fmt::format("{}: distance from the middle of clean scores, two-sided", base.name),
      base.needs,
      {},
      {}};
  method.fit = [base](const OneClassTraining& training) {
    return fit_calibrated(base, training, hold_out(training.clean, training.seed));
  };
  method.load = [base](const TensorMap& tensors, const AutoencoderSpec& spec) {
    return std::make_unique<TypicalityScore>(load_calibrated(base, tensors, spec));
  };
  method.needs_model = base.needs_model;
  method.covariance_columns = base.covariance_columns;
  return method;
}

OneClassMethod ensemble_method(std::string name, std::string summary, Combination combination,
                               std::vector<OneClassMethod> members) {
  OneClassMethod method{std::move(name), std::move(summary), {}, {}, {}};
  method.needs = needs_of(members);
  method.fit = [members](const OneClassTraining& training) {
    const HeldOut parts = hold_out(training.clean, training.seed);
    TensorMap tensors;
    for (std::size_t i = 0; i < members.size(); ++i) {
      put_under(tensors, prefix_of(i), fit_calibrated(members[i], training, parts));
    }
    return tensors;
  };
  const bool bounded = std::ranges::none_of(members, [](const OneClassMethod& member) {
    return static_cast<bool>(member.covariance_columns);
  });
  if (!bounded) {
    method.covariance_columns = [members](const AutoencoderSpec& spec) {
      std::size_t most = 0;
      for (const OneClassMethod& member : members) {
        most = std::max(most, member.covariance_columns ? member.covariance_columns(spec) : 0);
      }
      return most;
    };
  }
  method.load = [members = std::move(members), combination](const TensorMap& tensors,
                                                            const AutoencoderSpec& spec) {
    std::vector<Calibrated> loaded;
    for (std::size_t i = 0; i < members.size(); ++i) {
      loaded.push_back(load_calibrated(members[i], tensors_under(tensors, prefix_of(i)), spec));
    }
    return std::make_unique<EnsembleScore>(combination, std::move(loaded));
  };
  return method;
}

OneClassMethod logit_sum_method(std::string name, std::string summary,
                                std::vector<OneClassMethod> members) {
  OneClassMethod method{std::move(name), std::move(summary), needs_of(members), {}, {}, true};
  method.fit = [members](const OneClassTraining& training) {
    TensorMap tensors;
    for (std::size_t i = 0; i < members.size(); ++i) {
      put_under(tensors, prefix_of(i), members[i].fit(training));
    }
    return tensors;
  };
  method.load = [members = std::move(members)](const TensorMap& tensors,
                                               const AutoencoderSpec& spec) {
    std::vector<std::unique_ptr<ScoreFunction>> loaded;
    for (std::size_t i = 0; i < members.size(); ++i) {
      loaded.push_back(members[i].load(tensors_under(tensors, prefix_of(i)), spec));
    }
    return std::make_unique<LogitScore>(std::move(loaded));
  };
  return method;
}

}  // namespace gradspace
