#include "gradspace/moments.h"

#include <cstdlib>

#include "fuzz_folder.h"
#include "gradspace/error.h"
#include "moments/unfinished_moments.h"

namespace {

/// Moments of a shard that is not done: what is read can be gone on with.
void go_on(std::span<const std::uint8_t> file) {
  using namespace gradspace;
  try {
    UnfinishedMoments read = parse_unfinished_moments(file, "file");
    MomentsBuilder builder(std::move(read.summed), std::move(read.waiting));
    serialise_unfinished_moments(builder, read.progress);
  } catch (const FormatError&) {
  }
}

}  // namespace

// Files of moments: what is read can be added and written, and is read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace;
  go_on({data, size});
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
