#include "gradspace/detector.h"

#include <cstdlib>

#include "fuzz_folder.h"
#include "gradspace/error.h"
#include "gradspace/photograph.h"

// Detectors of all methods: what is read can be written, and is read again. One of photographs that needs no model
// judges one, or is refused.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace;
  static const FuzzFolder folder;
  try {
    const Detector detector = read_detector(folder.put("detector", {data, size}));
    write_detector(folder.path() / "ours", detector);
    const Detector ours = read_detector(folder.path() / "ours");
    if (ours.method != detector.method || ours.weights != detector.weights) {
      std::abort();
    }
    if (ours.model_sha256.empty() && tiling_of(ours)) {
      PhotographScorer(nullptr, ours).score(Image(64, 64, 3));
    }
  } catch (const FormatError&) {
  } catch (const InvalidArgument&) {
  }
  return 0;
}
