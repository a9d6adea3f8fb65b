#include <fmt/format.h>

#include <array>

#include "gradspace/error.h"
#include "quality/metrics.h"

namespace gradspace {
namespace {

using Decoder = const LinearDecoder&;

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

constexpr auto kInfos = [] {
  std::array<QualityMetricInfo, kEntries.size()> infos;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    infos[i] = kEntries[i].info;
  }
  return infos;
}();

const Entry& find(std::string_view name) {
  std::string known;
  for (const Entry& entry : kEntries) {
    if (entry.info.name == name) {
      return entry;
    }
    known += (known.empty() ? "" : ", ") + std::string(entry.info.name);
  }
  throw InvalidArgument(fmt::format("metric '{}' is not one of {}", name, known));
}

}  // namespace

std::span<const QualityMetricInfo> all_quality_metrics() {
  return kInfos;
}

std::unique_ptr<QualityMetric> make_quality_metric(std::string_view name,
                                                   const LinearDecoder& decoder) {
  return find(name).make(&decoder);
}

std::unique_ptr<QualityMetric> make_quality_metric(std::string_view name) {
  const Entry& entry = find(name);
  return entry.make(entry.info.uses_decoder ? &shipped_decoder() : nullptr);
}

}  // namespace gradspace
