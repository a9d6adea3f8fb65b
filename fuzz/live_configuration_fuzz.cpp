// Configurations of the monitor. One that is right is written and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "live/configuration.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace::live;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Configuration first = parse_configuration(text, "fuzz.toml", "/folder");
  if (first.problems.empty()) {
    const std::string written = configuration_text(first.settings);
    const Configuration second = parse_configuration(written, "fuzz.toml", "/folder");
    if (!second.problems.empty() || configuration_text(second.settings) != written) {
      std::abort();
    }
  }
  return 0;
}
