#include <cmath>
#include <cstdlib>
#include <string_view>

#include "gradspace/error.h"
#include "opinions/database.h"

// The text lists of image databases; the first byte says which. What is accepted has opinions that
// can be worked with.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace;
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  databases::List list;
  try {
    switch (data[0]) {
      case 't':
        list = databases::parse_tid2013(text, std::nullopt, "fuzz");
        break;
      case 's': {  // opinions, then deviations
        const std::size_t half = text.find('#');
        list = databases::parse_tid2013(
            text.substr(0, half),
            half == std::string_view::npos ? std::string_view() : text.substr(half + 1), "fuzz");
        break;
      }
      case 'k':
        list = databases::parse_kadid(text, "fuzz");
        break;
      case 'c':
        list = databases::parse_csv_list(text, "fuzz");
        break;
      default:
        databases::parse_live_info(text, "fuzz");
    }
  } catch (const FormatError&) {
  }
  for (const databases::ListedPair& pair : list) {
    if (!std::isfinite(pair.opinion) || (pair.deviation && !(*pair.deviation >= 0))) {
      std::abort();
    }
  }
  return 0;
}
