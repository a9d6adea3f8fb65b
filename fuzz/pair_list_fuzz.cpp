#include "fuzz_folder.h"
#include "gradspace/error.h"
#include "gradspace/score_pairs.h"

// Lists of pairs of images (CSV).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace;
  static const FuzzFolder folder;
  try {
    static_cast<void>(pairs_of_csv(folder.put("pairs.csv", {data, size})));
  } catch (const FormatError&) {
  }
  return 0;
}
