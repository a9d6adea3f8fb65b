#include "jobs/score_journal.h"

#include <cstdlib>
#include <sstream>
#include <string>

#include "core/checksum.h"
#include "core/text.h"

namespace {

using namespace gradspace;

constexpr const char* kState = "unchanged";

/// The lines of a text as a journal has them: each with its checksum.
std::string sealed_lines(const std::string& text) {
  std::istringstream lines(text);
  std::string sealed;
  for (std::string line; std::getline(lines, line);) {
    Checksum sum;
    sum.update(bytes_of(line));
    sum.update(bytes_of(kState));
    sealed += line + ' ' + checksum_text(sum.value()) + '\n';
  }
  return sealed;
}

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

// The journal of a benchmark of image quality, after a first line of this run's: as it is, and with checksums that
// fit. Nothing that it says may lie outside of the run.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ScoredBy scored_by = {{{"run", 1}}, 12, 2, [](std::size_t) { return std::string(kState); }};
  const std::string lines(reinterpret_cast<const char*>(data), size);
  const std::string head = "{\"run\":1}\n";
  std::size_t left_out = 0;
  for (const std::string& text : {lines, sealed_lines(lines)}) {
    for (const auto& [pair, scores] : parse_score_journal(head + text, scored_by, left_out)) {
      check(pair < scored_by.pairs && scores.size() == scored_by.metrics);
      const std::string ours = head + score_journal_line(pair, scores, scored_by);
      check(parse_score_journal(ours, scored_by, left_out).size() == 1);
    }
  }
  return 0;
}
