#include "photograph/committee.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/parallel.h"
#include "core/random.h"
#include "core/round_up.h"
#include "detect/one_class/method.h"
#include "gradspace/classifier.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// In deviations: what lies further out of all that was learned from can't turn a weight's sign into a verdict.
constexpr float kFurthest = 8;

/// Rows that networks look at together: their numbers and activations stay in the first cache.
constexpr std::size_t kRowsAtOnce = 96;
static_assert(kRowsAtOnce % Perceptron::kRowsTogether == 0);

/// The logit of "damaged" out of a network's, which is of "clean"; held where a probability no longer tells it from
/// certainty.
double damage_logit(float clean_logit) {
  const double p =
      std::clamp(1 / (1 + std::exp(static_cast<double>(clean_logit))), 1e-15, 1 - 1e-15);
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

void require_rows(std::span<const float> values, std::size_t columns) {
  if (values.size() % columns != 0) {
    throw InvalidArgument(
        fmt::format("{} numbers are no whole rows of {}", values.size(), columns));
  }
}

Matrix matrix_of(std::span<const float> values, std::size_t columns) {
  require_rows(values, columns);
  Matrix matrix(values.size() / columns, columns);
  std::ranges::copy(values, matrix.values.begin());
  return matrix;
}

float standardised(const Standardiser& standardiser, std::size_t column, float value) {
  return std::clamp(static_cast<float>(standardiser.apply(column, value)), -kFurthest, kFurthest);
}

std::vector<float> standardised_by(const Standardiser& standardiser, std::span<const float> rows) {
  std::vector<float> values(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    values[i] = standardised(standardiser, i % standardiser.columns(), rows[i]);
  }
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
  std::vector<Perceptron> trained;
  for (const std::optional<Classifier>& network : networks) {
    trained.emplace_back(network->weights());
  }
  return {std::move(standardiser), std::move(trained)};
}

Committee Committee::load(const TensorMap& tensors) {
  Standardiser standardiser = Standardiser::load(tensors);
  std::vector<Perceptron> networks;
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
    put_under(tensors, fmt::format("network.{}.", k), networks_[k].tensors());
  }
}

void Committee::lay_by_column(std::span<const float> rows, std::vector<float>& out) const {
  out.resize(columns() * kRowsAtOnce);
  for (std::size_t i = 0; i * columns() < rows.size(); ++i) {
    for (std::size_t k = 0; k < columns(); ++k) {
      out[k * kRowsAtOnce + i] = standardised(standardiser_, k, rows[i * columns() + k]);
    }
  }
}

std::vector<double> Committee::score(std::span<const float> rows) const {
  require_rows(rows, columns());
  std::vector<double> scores(rows.size() / columns());
  std::vector<float> by_column;
  Activations activations;
  for (std::size_t first = 0; first < scores.size(); first += kRowsAtOnce) {
    const std::size_t count = std::min(kRowsAtOnce, scores.size() - first);
    lay_by_column(rows.subspan(first * columns(), count * columns()), by_column);
    for (const Perceptron& network : networks_) {
      network.forward_columns(by_column.data(), kRowsAtOnce,
                              round_up_to(Perceptron::kRowsTogether, count), activations);
      for (std::size_t i = 0; i < count; ++i) {
        scores[first + i] +=
            damage_logit(activations.back()[i]) / static_cast<double>(networks_.size());
      }
    }
  }
  return scores;
}

std::vector<double> Committee::score_left_out(const LabelledRows& rows) const {
  std::vector<double> scores;
  std::vector<float> by_column;
  Activations activations;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    lay_by_column(rows.row(i), by_column);
    networks_[rows.fold[i]].forward_columns(by_column.data(), kRowsAtOnce,
                                            Perceptron::kRowsTogether, activations);
    scores.push_back(damage_logit(activations.back().front()));
  }
  return scores;
}

}  // namespace gradspace
