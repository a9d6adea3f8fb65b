#include "experiment/quality_benchmark/score_journal.h"

#include <cstdlib>

// The journal of a benchmark of image quality, after a first line of this run's. Nothing it says may lie
// outside of the run.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace;
  constexpr std::size_t kPairs = 12;
  constexpr std::size_t kMetrics = 2;
  const std::string text = "{\"run\":1}\n" + std::string(reinterpret_cast<const char*>(data), size);
  for (const auto& [pair, scores] : parse_score_journal(text, {{"run", 1}}, kPairs, kMetrics)) {
    if (pair >= kPairs || scores.size() != kMetrics) {
      std::abort();
    }
  }
  return 0;
}
