#include <array>

#include "core/named_entries.h"
#include "quality/metrics.h"

namespace gradspace {
namespace {

struct Entry {
  QualityMetricInfo info;
  std::unique_ptr<QualityMetric> (*make)(const LinearDecoder* decoder);
};

// One line a metric; `decoder` is there for those that use one.
constexpr std::array kEntries{
    Entry{{"gradient", "weight gradients of a sparse decoder (the paper's score)", true},
          [](const LinearDecoder* decoder) { return quality::make_gradient_metric(*decoder); }},
    Entry{{"unique", "activations of the same decoder", true},
          [](const LinearDecoder* decoder) { return quality::make_unique_metric(*decoder); }},
    Entry{{"psnr", "peak signal-to-noise ratio in dB", false},
          [](const LinearDecoder*) { return quality::make_psnr_metric(); }},
    Entry{{"ssim", "structural similarity of luma", false},
          [](const LinearDecoder*) { return quality::make_ssim_metric(); }},
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
