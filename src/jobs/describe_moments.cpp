#include "jobs/describe_moments.h"

#include <fmt/format.h>

#include <cstdlib>

#include "gradspace/moments.h"

namespace gradspace {
namespace {

/// To the digits that quantiles are good for.
double rounded(double value) {
  return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr);
}

nlohmann::ordered_json quantiles_of(const std::string& set, const std::string& what,
                                    const QuantileSketch& sketch) {
  nlohmann::ordered_json row = {{"set", set},
                                {"quantiles_of", what},
                                {"values", sketch.count()},
                                {"not_finite", sketch.left_out()}};
  if (sketch.count() > 0) {
    constexpr struct {
      const char* key;
      double share;
    } kShares[] = {{"min", 0},    {"1%", 0.01},  {"5%", 0.05},  {"25%", 0.25},    {"50%", 0.5},
                   {"75%", 0.75}, {"95%", 0.95}, {"99%", 0.99}, {"99.9%", 0.999}, {"max", 1}};
    for (const auto& [key, share] : kShares) {
      row[key] = rounded(sketch.quantile(share));
    }
  }
  return row;
}

}  // namespace

Description describe_moments(const std::filesystem::path& path) {
  const FeatureMoments all = read_moments(path);
  nlohmann::ordered_json facts = first_facts(path, "moments");
  facts["moments"] = name(all.moments.kind);
  facts["gradspace_version"] = all.meta.version;
  facts["rows"] = all.moments.rows;
  facts["failures"] = all.failures;
  facts["dimension"] = all.moments.columns();
  facts["columns"] = text(all.meta.columns);
  facts["source"] = all.meta.source;
  facts["model_sha256"] = all.meta.model_sha256;
  facts["options"] = nlohmann::ordered_json::parse(all.meta.options_json);
  auto quantiles = nlohmann::ordered_json::array();
  for (const auto& [set, of_set] : all.quantiles) {
    for (const auto& [what, sketch] : of_set) {
      quantiles.push_back(quantiles_of(set, what, sketch));
    }
  }
  facts["quantiles"] = std::move(quantiles);
  return {std::move(facts), ""};
}

}  // namespace gradspace
