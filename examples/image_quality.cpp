// Says how good a distorted image looks beside its reference, by every metric of the library.
//
//   image_quality REFERENCE DISTORTED
//
// Each metric says itself whether larger is better, and which score identical images have. Some refuse images that are
// too small for them.
#include <gradspace/error.h>
#include <gradspace/image.h>
#include <gradspace/quality.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>

int run(const std::string& reference_path, const std::string& distorted_path) {
  // What several metrics need of an image is worked out once and kept in it, so that a reference can be
  // compared with many distorted images at little cost.
  const auto reference = std::make_shared<const gradspace::QualityImage>(
      gradspace::read_image(reference_path), reference_path);
  const gradspace::QualityImage distorted(gradspace::read_image(distorted_path), distorted_path);

  for (const gradspace::QualityMetricInfo& info : gradspace::all_quality_metrics()) {
    const std::string name(info.name);
    const auto metric = gradspace::make_quality_metric(name);
    try {
      const double score = metric->prepare(reference)->score(distorted);
      std::printf("%-12s %10.6f  (%s is better)\n", name.c_str(), score,
                  info.larger_is_better ? "larger" : "smaller");
    } catch (const gradspace::InvalidArgument& error) {
      std::printf("%-12s          -  (%s)\n", name.c_str(), error.what());
    }
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: image_quality REFERENCE DISTORTED\n");
    return 2;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "image_quality: %s\n", error.what());
    return 1;
  }
}
