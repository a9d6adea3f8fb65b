#include <algorithm>
#include <array>
#include <limits>

#include "core/named_entries.h"
#include "gradspace/quality.h"

// An entry a metric: the function that makes it, in a file of the metric's name (those that differ in what they look
// at alone share one); name; summary; whether it uses a decoder; family; range; whether larger is better; the score
// of identical images; source. Where it uses no decoder, the function is given null.
#define GRADSPACE_QUALITY_METRICS(METRIC)                                                          \
  METRIC(make_gradient_metric, "gradient",                                                         \
         "weight gradients of a sparse decoder (the paper's score)", true, kPaper, "0 to 1", true, \
         1, "Kwon et al., ICIP 2019")                                                              \
  METRIC(make_unique_metric, "unique", "activations of the same decoder", true, kPaper, "0 to 1",  \
         true, 1, "Temel et al., IEEE SPL 2016")                                                   \
  METRIC(make_accord_metric, "accord",                                                             \
         "structure, level and contrast together, set to agree with people", true, kOwn, "0 to 1", \
         true, 1, "gradspace")                                                                     \
  METRIC(make_psnr_metric, "psnr", "peak signal-to-noise ratio in dB", false, kCompanions,         \
         "0 dB and more", true, kInfinity, "of all RGB samples")                                   \
  METRIC(make_psnr_y_metric, "psnr-y", "the same of luma", false, kCompanions, "0 dB and more",    \
         true, kInfinity, "of BT.601 luma, rounded to 8 bits")                                     \
  METRIC(make_ssim_metric, "ssim", "structural similarity of luma", false, kCompanions, "-1 to 1", \
         true, 1, "Wang et al., IEEE TIP 2004")                                                    \
  METRIC(make_ms_ssim_metric, "ms-ssim", "the same at five scales", false, kCompanions, "0 to 1",  \
         true, 1, "Wang et al., Asilomar 2003")                                                    \
  METRIC(make_ms_ssim_rgb_metric, "ms-ssim-rgb", "the same of R, G and B, averaged", false,        \
         kCompanions, "0 to 1", true, 1, "Wang et al., Asilomar 2003")                             \
  METRIC(make_gmsd_metric, "gmsd", "gradient magnitude similarity deviation", false, kCompanions,  \
         "0 to 0.5", false, 0, "Xue et al., IEEE TIP 2014")                                        \
  METRIC(make_ms_gmsd_c_metric, "ms-gmsd-c", "the same at four scales, with colour", false,        \
         kCompanions, "0 and more", false, 0, "Zhang et al., ICASSP 2017")                         \
  METRIC(make_fsim_c_metric, "fsim-c", "feature similarity with colour", false, kCompanions,       \
         "0 to 1", true, 1, "Zhang et al., IEEE TIP 2011")                                         \
  METRIC(make_vsi_metric, "vsi", "visual saliency-induced index", false, kCompanions, "0 to 1",    \
         true, 1, "Zhang et al., IEEE TIP 2014")                                                   \
  METRIC(make_mdsi_metric, "mdsi", "mean deviation similarity index", false, kCompanions,          \
         "0 and more", false, 0, "Nafchi et al., IEEE Access 2016")                                \
  METRIC(make_haarpsi_metric, "haarpsi", "Haar wavelet-based perceptual similarity", false,        \
         kCompanions, "0 to 1", true, 1, "Reisenhofer et al., Signal Processing 2018")             \
  METRIC(make_vif_p_metric, "vif-p", "visual information fidelity of pixels", false, kCompanions,  \
         "0 and more", true, 1, "Sheikh and Bovik, IEEE TIP 2006")

namespace gradspace {
namespace quality {

#define METRIC(function, ...) std::unique_ptr<QualityMetric> function(const LinearDecoder* decoder);
GRADSPACE_QUALITY_METRICS(METRIC)
#undef METRIC

}  // namespace quality

namespace {

constexpr std::string_view kPaper = "paper";
constexpr std::string_view kOwn = "own";
constexpr std::string_view kCompanions = "companions";
constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr std::array kFamilies{
    QualityFamily{kPaper, "the two scores with a decoder"},
    QualityFamily{kOwn, "our score for agreement with people"},
    QualityFamily{kCompanions, "the metrics that the field quotes"},
};

struct Entry {
  QualityMetricInfo info;
  std::unique_ptr<QualityMetric> (*make)(const LinearDecoder* decoder);
};

constexpr std::array kEntries{
#define METRIC(function, ...) Entry{{__VA_ARGS__}, quality::function},
    GRADSPACE_QUALITY_METRICS(METRIC)
#undef METRIC
};

constexpr auto kInfos = infos_of(kEntries);

}  // namespace

std::span<const QualityMetricInfo> all_quality_metrics() {
  return kInfos;
}

std::span<const QualityFamily> quality_families() {
  return kFamilies;
}

const QualityMetricInfo& quality_metric_info(std::string_view name) {
  return find_named(kEntries, name, "metric").info;
}

std::vector<std::string> quality_metric_names(std::span<const std::string> words) {
  std::vector<std::string> names;
  for (const std::string& word : words) {
    const bool is_family =
        word == kAllQualityMetrics ||
        std::ranges::any_of(kFamilies, [&](const auto& family) { return family.name == word; });
    if (!is_family) {
      names.emplace_back(quality_metric_info(word).name);
      continue;
    }
    for (const QualityMetricInfo& info : kInfos) {
      const bool wanted = word == kAllQualityMetrics || info.family == word;
      if (wanted && std::ranges::find(names, info.name) == names.end()) {
        names.emplace_back(info.name);
      }
    }
  }
  return names;
}

std::unique_ptr<QualityMetric> make_quality_metric(std::string_view name,
                                                   const LinearDecoder& decoder) {
  return find_named(kEntries, name, "metric").make(&decoder);
}

std::unique_ptr<QualityMetric> make_quality_metric(std::string_view name) {
  const Entry& entry = find_named(kEntries, name, "metric");
  return entry.make(entry.info.uses_decoder ? &shipped_decoder() : nullptr);
}

}  // namespace gradspace
