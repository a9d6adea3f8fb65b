#include "photograph/committee.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/parallel.h"
#include "core/random.h"
#include "detect/one_class/method.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// In deviations: what lies further out of all that was learned from can't turn a weight's sign into a verdict.
constexpr float kFurthest = 8;

double logit_of(double probability) {
  const double p = std::clamp(probability, 1e-15, 1 - 1e-15);
  return std::log(p / (1 - p));
}

/// The rows of one label, in a fold or in all others.
std::vector<float> chosen(const LabelledRows& rows, std::span<const float> standardised,
                          bool damaged, std::uint32_t fold, bool inside) {
  std::vector<float> values;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    if ((rows.damaged[i] != 0) == damaged && (rows.fold[i] == fold) == inside) {
      const auto row = standardised.subspan(i * rows.columns, rows.columns);
      values.insert(values.end(), row.begin(), row.end());
    }
  }
  return values;
}

FeatureView view_of(std::span<const float> values, std::size_t columns) {
  return {values.data(), values.size() / columns, columns, columns};
}

Matrix matrix_of(std::span<const float> values, std::size_t columns) {
  if (values.size() % columns != 0) {
    throw InvalidArgument(
        fmt::format("{} numbers are no whole rows of {}", values.size(), columns));
  }
  Matrix matrix(values.size() / columns, columns);
  std::ranges::copy(values, matrix.values.begin());
  return matrix;
}

std::vector<float> standardised_by(const Standardiser& standardiser, std::span<const float> rows) {
  const Matrix standard = standardiser.apply(matrix_of(rows, standardiser.columns()));
  std::vector<float> values(rows.size());
  std::ranges::transform(standard.values, values.begin(), [](double value) {
    return std::clamp(static_cast<float>(value), -kFurthest, kFurthest);
  });
  return values;
}

}  // namespace

void LabelledRows::add(std::span<const float> row, bool is_damaged, std::uint32_t row_fold) {
  columns = row.size();
  values.insert(values.end(), row.begin(), row.end());
  damaged.push_back(is_damaged ? 1 : 0);
  fold.push_back(row_fold);
}

Committee Committee::fit(const LabelledRows& rows, const CommitteeOptions& options,
                         const std::string& what) {
  std::vector<float> clean;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    if (rows.damaged[i] == 0) {
      const auto row = rows.row(i);
      clean.insert(clean.end(), row.begin(), row.end());
    }
  }
  Standardiser standardiser = Standardiser::fit(matrix_of(clean, rows.columns), what);
  const std::vector<float> values = standardised_by(standardiser, rows.values);
  std::vector<std::optional<Classifier>> networks(options.folds);
  parallel_for(networks.size(), [&](std::size_t k) {
    const auto fold = static_cast<std::uint32_t>(k);
    ClassifierOptions training;
    training.epochs = options.epochs;
    training.seed = combine(options.seed, k);
    const auto part = [&](bool damaged, bool inside) {
      return chosen(rows, values, damaged, fold, inside);
    };
    const std::vector<float> in = part(false, false);
    const std::vector<float> out = part(true, false);
    const std::vector<float> held_in = part(false, true);
    const std::vector<float> held_out = part(true, true);
    networks[k] =
        train_classifier(view_of(in, rows.columns), view_of(out, rows.columns),
                         view_of(held_in, rows.columns), view_of(held_out, rows.columns), training);
  });
  std::vector<Classifier> trained;
  for (std::optional<Classifier>& network : networks) {
    trained.push_back(*std::move(network));
  }
  return {std::move(standardiser), std::move(trained)};
}

Committee Committee::load(const TensorMap& tensors) {
  Standardiser standardiser = Standardiser::load(tensors);
  std::vector<Classifier> networks;
  for (TensorMap network;
       !(network = tensors_under(tensors, fmt::format("network.{}.", networks.size()))).empty();) {
    networks.emplace_back(network);
    if (networks.back().dimension() != standardiser.columns()) {
      throw InvalidArgument("detector: a network takes another number of features than there are");
    }
  }
  if (networks.empty()) {
    throw InvalidArgument("detector: it has no network");
  }
  return {std::move(standardiser), std::move(networks)};
}

void Committee::store(TensorMap& tensors) const {
  standardiser_.store(tensors);
  for (std::size_t k = 0; k < networks_.size(); ++k) {
    put_under(tensors, fmt::format("network.{}.", k), networks_[k].weights());
  }
}

std::vector<double> Committee::score(std::span<const float> rows) const {
  const std::vector<float> values = standardised_by(standardiser_, rows);
  std::vector<double> scores(rows.size() / columns());
  for (const Classifier& network : networks_) {
    const std::vector<double> own = network.score(view_of(values, columns()));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      scores[i] += logit_of(own[i]) / static_cast<double>(networks_.size());
    }
  }
  return scores;
}

std::vector<double> Committee::score_left_out(const LabelledRows& rows) const {
  const std::vector<float> values = standardised_by(standardiser_, rows.values);
  std::vector<double> scores;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const auto row = std::span(values).subspan(i * columns(), columns());
    scores.push_back(logit_of(networks_[rows.fold[i]].score(view_of(row, columns())).front()));
  }
  return scores;
}

}  // namespace gradspace
