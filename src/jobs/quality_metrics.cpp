#include "jobs/quality_metrics.h"

#include <optional>

#include "core/hash.h"
#include "gradspace/linear_decoder.h"

namespace gradspace {

LoadedMetrics load_quality_metrics(std::span<const std::string> names,
                                   const std::filesystem::path& decoder) {
  if (!uses_decoder(names)) {
    return {make_quality_metrics(names), {}};
  }
  const LinearDecoder used = decoder.empty() ? shipped_decoder() : load_decoder(decoder);
  return {make_quality_metrics(names, &used),
          content_digest("", {{"w1", used.w1}, {"b1", used.b1}, {"w2", used.w2}, {"b2", used.b2}})};
}

}  // namespace gradspace
