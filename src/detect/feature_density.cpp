#include "detect/feature_density.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/named_entries.h"
#include "detect/one_class/independent_gaussian.h"
#include "detect/one_class/nearest_neighbour.h"
#include "detect/one_class/shrunk_gaussian.h"
#include "detect/score_memory.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

struct FeatureDensity {
  std::string name;
  std::string summary;
  DensityKind kind;
  bool has_covariance = false;
};

const std::vector<FeatureDensity>& feature_densities() {
  static const std::vector<FeatureDensity> densities = {
      {"mahalanobis", "Squared Mahalanobis distance of the features, covariance shrunk",
       density_kind<ShrunkGaussian>(), true},
      {"independent-gaussian", "Negative log density of the features, each a Gaussian of its own",
       density_kind<IndependentGaussian>(), false},
      {"nearest-neighbour", "Distance of the standardised features to the nearest clean row",
       density_kind<NearestNeighbour>(), false},
  };
  return densities;
}

const FeatureDensity& feature_density(std::string_view name) {
  return find_named(feature_densities(), name, "method for features", &FeatureDensity::name);
}

void doubles_of(const FeatureView& rows, Matrix& matrix) {
  matrix.reshape(rows.rows, rows.dimension);
  for (std::size_t i = 0; i < rows.rows; ++i) {
    std::ranges::copy(rows.row(i), matrix.row(i).begin());
  }
}

}  // namespace

const std::vector<OneClassMethodInfo>& feature_density_methods() {
  static const std::vector<OneClassMethodInfo> infos = [] {
    std::vector<OneClassMethodInfo> list;
    for (const FeatureDensity& density : feature_densities()) {
      list.push_back({density.name, density.summary, true});
    }
    return list;
  }();
  return infos;
}

std::uint64_t feature_density_memory(std::string_view method, std::size_t columns) {
  constexpr std::uint64_t kMatrices = 5;  // as of `covariance_bytes`
  return feature_density(method).has_covariance ? kMatrices * sizeof(double) * columns * columns
                                                : 0;
}

TensorMap fit_feature_density(std::string_view method, const FeatureView& clean) {
  Matrix rows;
  doubles_of(clean, rows);
  return feature_density(method).kind.fit(rows, std::string(method));
}

TensorMap fit_feature_density(std::string_view method, const Moments& clean) {
  const FeatureDensity& density = feature_density(method);
  if (!density.kind.fit_moments) {
    std::string others;
    for (const FeatureDensity& other : feature_densities()) {
      if (other.kind.fit_moments) {
        others += (others.empty() ? "" : " and ") + other.name;
      }
    }
    throw InvalidArgument(
        fmt::format("fit: {} learns from rows; moments do for {} alone", method, others));
  }
  return density.kind.fit_moments(clean, std::string(method));
}

bool is_feature_density(std::string_view name) {
  const auto& densities = feature_densities();
  return std::ranges::find(densities, name, &FeatureDensity::name) != densities.end();
}

std::unique_ptr<Density> load_feature_density(const Detector& detector) {
  return feature_density(detector.method).kind.load(detector.weights);
}

void score_rows(const Density& density, const FeatureView& rows, ScoreMemory& memory,
                std::span<double> scores) {
  // In parts, so that the doubles of a large set never stand there all at once.
  constexpr std::size_t kRowsAtATime = 4096;
  for (std::size_t begin = 0; begin < rows.rows;) {
    const FeatureView run = rows.run(begin, kRowsAtATime);
    doubles_of(run, memory.features);
    density.score_into(memory.features, memory.density, scores.subspan(begin, run.rows));
    begin += run.rows;
  }
}

std::vector<double> score_rows(const Density& density, const FeatureView& rows) {
  ScoreMemory memory;
  std::vector<double> scores(rows.rows);
  score_rows(density, rows, memory, scores);
  return scores;
}

}  // namespace gradspace
