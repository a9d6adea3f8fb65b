#include "gradspace/moments.h"

#include <cstdlib>

#include "fuzz_folder.h"
#include "gradspace/error.h"

// Files of moments: what is read can be added and written, and is read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace;
  static const FuzzFolder folder;
  try {
    FeatureMoments moments = read_moments(folder.put("moments", {data, size}));
    write_moments(folder.path() / "ours", moments);
    const FeatureMoments ours = read_moments(folder.path() / "ours");
    if (ours.moments.rows != moments.moments.rows || ours.quantiles != moments.quantiles) {
      std::abort();
    }
    moments.add(ours);
  } catch (const FormatError&) {
  } catch (const InvalidArgument&) {
  }
  return 0;
}
