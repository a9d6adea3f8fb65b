#include <array>

#include "core/named_entries.h"
#include "gradspace/quality.h"

// One line a metric: the function that makes it, in a file of the metric's name; name; summary; whether it
// uses a decoder. Where it does not, the function is given null.
#define GRADSPACE_QUALITY_METRICS(METRIC)                                       \
  METRIC(make_gradient_metric, "gradient",                                      \
         "weight gradients of a sparse decoder (the paper's score)", true)      \
  METRIC(make_unique_metric, "unique", "activations of the same decoder", true) \
  METRIC(make_psnr_metric, "psnr", "peak signal-to-noise ratio in dB", false)   \
  METRIC(make_ssim_metric, "ssim", "structural similarity of luma", false)

namespace gradspace {
namespace quality {

#define METRIC(function, ...) std::unique_ptr<QualityMetric> function(const LinearDecoder* decoder);
GRADSPACE_QUALITY_METRICS(METRIC)
#undef METRIC

}  // namespace quality

namespace {

struct Entry {
  QualityMetricInfo info;
  std::unique_ptr<QualityMetric> (*make)(const LinearDecoder* decoder);
};

constexpr std::array kEntries{
#define METRIC(function, name, summary, uses_decoder) \
  Entry{{name, summary, uses_decoder}, quality::function},
    GRADSPACE_QUALITY_METRICS(METRIC)
#undef METRIC
};

constexpr auto kInfos = infos_of(kEntries);

}  // namespace

std::span<const QualityMetricInfo> all_quality_metrics() {
  return kInfos;
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
