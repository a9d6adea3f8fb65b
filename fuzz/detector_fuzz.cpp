#include "gradspace/detector.h"

#include <cstdlib>

#include "fuzz_folder.h"
#include "gradspace/error.h"

// Detectors of all methods: what is read can be written, and is read again.
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
  } catch (const FormatError&) {
  }
  return 0;
}
