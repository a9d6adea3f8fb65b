#include "detect/decision.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradspace/error.h"

namespace gradspace {

Decision::Decision(const Detector& detector)
    : takes_logits_(detector.method == "classifier" &&
                    (detector.members > 1 || !detector.two_sided.empty())),
      two_sided_(detector.two_sided) {}

std::vector<double> Decision::scores(std::span<const std::vector<double>> parts) const {
  std::vector<double> scores;
  scores_into(parts, scores);
  return scores;
}

void Decision::scores_into(std::span<const std::vector<double>> parts,
                           std::vector<double>& scores) const {
  means_into(parts, scores);
  for (double& score : scores) {
    if (!two_sided_.empty()) {
      score = two_sided_.distance(score);
    } else if (takes_logits_) {
      score = 1 / (1 + std::exp(-score));
    }
  }
}

std::vector<double> means_of(std::span<const std::vector<double>> parts) {
  std::vector<double> means;
  means_into(parts, means);
  return means;
}

void means_into(std::span<const std::vector<double>> parts, std::vector<double>& means) {
  if (parts.empty()) {
    throw InvalidArgument("detector: it has no member");
  }
  means = parts.front();
  if (parts.size() == 1) {
    return;
  }
  for (const std::vector<double>& part : parts.subspan(1)) {
    if (part.size() != means.size()) {
      throw InvalidArgument(
          fmt::format("detector: a part has {} scores, another {}", means.size(), part.size()));
    }
    std::ranges::transform(means, part, means.begin(), std::plus<>());
  }
  for (double& mean : means) {
    mean /= static_cast<double>(parts.size());
  }
}

}  // namespace gradspace
