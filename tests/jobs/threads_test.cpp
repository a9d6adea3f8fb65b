// The jobs' `threads` options reach the work, whatever the caller's own arena.
#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <span>
#include <string>
#include <vector>

#include "gradspace/challenge_files.h"
#include "gradspace/error.h"
#include "gradspace/extract.h"
#include "gradspace/fit.h"
#include "gradspace/image.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

/// Grey images; notes how many threads may read them.
class WatchfulSource : public Source {
 public:
  SourceKind kind() const override { return SourceKind::kFolder; }
  std::size_t size() const override { return 64; }
  ImageInfo info(std::size_t i) const override {
    ImageInfo info;
    info.path = std::to_string(i);
    return info;
  }
  Image load(std::size_t i) const override {
    seen = tbb::this_task_arena::max_concurrency();
    return {28, 28, 3, std::vector<std::uint8_t>(28U * 28U * 3U, static_cast<std::uint8_t>(i * 3))};
  }
  std::span<const std::string> skipped() const override { return {}; }

  mutable std::atomic<int> seen{0};
};

TEST(Threads, OfExtractingAreTheOptions) {
  const testing::TemporaryFolder folder;
  const WatchfulSource source;
  const Model model = initialise(AutoencoderSpec{}, 1);
  const auto blocks = parse_features("mu", model.spec);
  for (const int threads : {1, 3}) {
    FeatureSetWriter writer(folder / std::to_string(threads),
                            describe_extraction(source, "source", blocks, "00", "{}"));
    ExtractOptions options;
    options.threads = threads;
    extract_features(
        source, model.spec.input, [&] { return make_native_backend(model, blocks); }, writer,
        options);
    EXPECT_EQ(source.seen, threads);
  }
}

TEST(Threads, OfFittingToImagesAreTheArguments) {
  const WatchfulSource source;
  const Model model = initialise(AutoencoderSpec{}, 1);
  OneClassOptions options;
  options.method = "elbo";
  options.false_alarms = 0.2;
  for (const int threads : {1, 3}) {
    fit_to_images(model, {source}, options, threads);
    EXPECT_EQ(source.seen, threads);
  }
  EXPECT_THROW(fit_to_images(model, {source}, options, -1), InvalidArgument);
}

TEST(Threads, OfChallengingAreTheOptions) {
  const testing::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "in");
  for (int i = 0; i < 8; ++i) {
    write_image(folder / "in" / (std::to_string(i) + ".png"), Image(32, 32, 3));
  }
  challenge::BatchOptions options;
  options.types = challenge::parse_types("noise");
  options.levels = {1};
  options.threads = 3;
  std::atomic<int> inside = 0;
  int seen = 0;
  JobObserver observer;
  observer.on_progress = [&](std::size_t, std::size_t) {
    EXPECT_EQ(inside++, 0) << "one call at a time";
    seen = tbb::this_task_arena::max_concurrency();
    --inside;
  };
  challenge::challenge_files(folder / "in", folder / "out", options, observer);
  EXPECT_EQ(seen, 3);
  options.threads = -1;
  EXPECT_THROW(challenge::challenge_files(folder / "in", folder / "other", options),
               InvalidArgument);
}

}  // namespace
}  // namespace gradspace
