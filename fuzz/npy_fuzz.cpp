#include <cstdlib>

#include "data/feature_matrix.h"
#include "gradspace/error.h"
#include "gradspace/npy.h"

// A header that is accepted says the same when we write it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const gradspace::NpyHeader header = gradspace::parse_npy_header({data, size}, "fuzz");
    constexpr std::size_t kHeaderBytes = 1024;
    const gradspace::NpyHeader ours = gradspace::parse_npy_header(
        gradspace::npy_header(header.type, header.shape, kHeaderBytes), "ours");
    if (ours.type != header.type || ours.shape != header.shape) {
      std::abort();
    }
    gradspace::parse_npy({data, size}, "fuzz");
    const gradspace::FeatureMatrix matrix = gradspace::parse_feature_matrix({data, size}, "fuzz");
    if (matrix.bytes.size() != matrix.rows * matrix.columns * sizeof(float)) {
      std::abort();
    }
  } catch (const gradspace::FormatError&) {
  }
  return 0;
}
