#include "gradspace/extract.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <numeric>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/version.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr Extent kInput{3, 4, 5};
constexpr std::size_t kDimension = 3;
const std::vector<FeatureBlock> kBlocks = {{"up.6", Loss::kBce, 0, 2}, {"mu", std::nullopt, 2, 3}};

bool is_broken(std::size_t i) {
  return i % 11 == 5;
}

/// Images in memory, of sizes of their own; every eleventh can't be read.
class FakeSource final : public Source {
 public:
  explicit FakeSource(std::size_t size) : size_(size) {}

  SourceKind kind() const override { return SourceKind::kFolder; }
  std::size_t size() const override { return size_; }
  ImageInfo info(std::size_t i) const override {
    return {"images/" + std::to_string(i), "train", static_cast<int>(i % 3), 1, 4};
  }
  Image load(std::size_t i) const override {
    if (is_broken(i)) {
      throw FormatError("images/" + std::to_string(i) + ": truncated");
    }
    Random random(i);
    Image image(1 + static_cast<int>(i % 9), 1 + static_cast<int>(i % 7), i % 4 == 0 ? 1 : 3);
    for (std::uint8_t& sample : image.pixels()) {
      sample = static_cast<std::uint8_t>(random.below(256));
    }
    return image;
  }
  std::span<const std::string> skipped() const override { return {}; }

 private:
  std::size_t size_;
};

/// Features that are simple functions of the pixels. Counts how many run at a time.
class FakeBackend final : public GradientBackend {
 public:
  std::span<const FeatureBlock> blocks() const override { return kBlocks; }
  void run(const ImageBatch& batch, const GradientOutputs& outputs) override {
    EXPECT_EQ(outputs.features.size(), batch.count() * kDimension);
    for (std::size_t i = 0; i < batch.count(); ++i) {
      const auto pixels = batch.u8_nhwc().subspan(i * kInput.size(), kInput.size());
      const auto sum = static_cast<float>(std::accumulate(pixels.begin(), pixels.end(), 0));
      outputs.features[i * kDimension] = sum;
      outputs.features[i * kDimension + 1] = static_cast<float>(pixels.front());
      outputs.features[i * kDimension + 2] = static_cast<float>(pixels.back());
      outputs.bce[i] = sum / 3;
      outputs.kld[i] = sum / 7;
    }
  }
};

std::map<std::string, std::vector<std::uint8_t>> content_of(const fs::path& folder) {
  std::map<std::string, std::vector<std::uint8_t>> content;
  for (const auto& entry : fs::directory_iterator(folder)) {
    content[entry.path().filename().string()] = read_file(entry.path());
  }
  return content;
}

class ExtractTest : public ::testing::Test {
 protected:
  ExtractResult extract(const std::string& name, const Source& source,
                        const ExtractOptions& options = {}, const JobObserver& observer = {}) {
    FeatureSetWriter writer(folder_ / name,
                            describe_extraction(source, "fake", kBlocks, "c0ffee", "{}"));
    return extract_features(
        source, kInput, [] { return std::make_unique<FakeBackend>(); }, writer, options, observer);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ExtractTest, WritesOneRowForEachReadableImageInOrder) {
  const FakeSource source(100);
  std::vector<std::uint64_t> reports;
  JobObserver observer;
  observer.on_progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 100U);
    reports.push_back(done);
  };
  const ExtractResult result = extract("set", source, {.batch = 30, .threads = 2}, observer);
  EXPECT_FALSE(result.stopped);
  EXPECT_EQ(result.images_done, 100U);
  EXPECT_EQ(result.rows, 91U);
  EXPECT_THAT(reports, ElementsAre(30, 60, 90, 100));

  const FeatureSet set(folder_ / "set");
  ASSERT_EQ(set.size(), 91U);
  EXPECT_EQ(set.meta().version, kVersion);
  EXPECT_EQ(set.meta().source_digest, list_digest(source));
  std::size_t row = 0;
  std::vector<std::uint8_t> pixels(kInput.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (is_broken(i)) {
      continue;
    }
    const FeatureRow& index = set.index()[row];
    EXPECT_EQ(index.image.path, "images/" + std::to_string(i));
    EXPECT_EQ(index.image.challenge, static_cast<int>(i % 3));
    EXPECT_EQ(index.label, i % 3 == 0 ? 1 : 0);
    const Image fitted = resize_bilinear(to_rgb(source.load(i)), kInput.width, kInput.height);
    const auto sum =
        static_cast<float>(std::accumulate(fitted.pixels().begin(), fitted.pixels().end(), 0));
    EXPECT_EQ(set.row(row)[0], sum);
    EXPECT_EQ(set.row(row)[2], fitted.pixels().back());
    EXPECT_EQ(index.bce, sum / 3);
    EXPECT_EQ(index.kld, sum / 7);
    ++row;
  }
  ASSERT_EQ(set.failures().size(), 9U);
  EXPECT_EQ(set.failures()[1], (FailedImage{"images/16", "images/16: truncated"}));
}

TEST_F(ExtractTest, BytesDependNeitherOnThreadsNorOnBatch) {
  const FakeSource source(300);
  extract("reference", source, {.batch = 300, .threads = 1});
  const auto reference = content_of(folder_ / "reference");
  for (const int threads : {1, 2, 4}) {
    for (const int batch : {1, 7, 64}) {
      extract("set", source, {.batch = batch, .threads = threads});
      EXPECT_EQ(content_of(folder_ / "set"), reference) << threads << " threads, batch " << batch;
    }
  }
}

TEST_F(ExtractTest, StoppedAndContinuedIsTheSameAsInOneGo) {
  const FakeSource source(200);
  extract("reference", source);
  JobObserver observer;
  std::uint64_t done = 0;
  int batches = 0;  // written by the run that is under way
  observer.stop_requested = [&] { return batches >= 2; };
  observer.on_progress = [&](std::uint64_t now, std::uint64_t) {
    EXPECT_GT(now, done) << "work was done twice";
    done = now;
    ++batches;
  };
  int runs = 0;
  while (extract("set", source, {.batch = 10, .threads = 2}, observer).stopped) {
    EXPECT_FALSE(fs::exists(folder_ / "set"));
    ASSERT_LT(++runs, 20);
    batches = 0;
  }
  EXPECT_GE(runs, 2);  // of twenty batches four may be written after the two
  EXPECT_EQ(content_of(folder_ / "set"), content_of(folder_ / "reference"));
}

TEST_F(ExtractTest, StopsWithinABatch) {
  const FakeSource source(1000);
  JobObserver observer;
  int asked = 0;
  observer.stop_requested = [&] { return ++asked > 20; };
  observer.on_progress = [](std::uint64_t, std::uint64_t) { ADD_FAILURE() << "a batch was done"; };
  const ExtractResult result = extract("set", source, {.batch = 1000, .threads = 2}, observer);
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.images_done, 0U);
  EXPECT_LE(asked, 25);
  EXPECT_FALSE(extract("set", source).stopped);
  extract("reference", source);
  EXPECT_EQ(content_of(folder_ / "set"), content_of(folder_ / "reference"));
}

TEST_F(ExtractTest, BatchesWithoutAReadableImageCostNothingElse) {
  const FakeSource source(100);  // of which one in eleven is broken, and a batch of its own
  EXPECT_EQ(extract("set", source, {.batch = 1, .threads = 2}).rows, 91U);
}

TEST_F(ExtractTest, BeginsAnewWhereAnImageIsAnotherOneNow) {
  const fs::path images = folder_ / "images";
  fs::create_directory(images);
  for (std::size_t i = 0; i < 60; ++i) {
    Image image(5, 4, 1);
    image.row(0)[0] = static_cast<std::uint8_t>(i);
    write_image(images / fmt::format("{:02}.pgm", i), image);
  }
  const auto extract_files = [&](const std::string& name, const JobObserver& observer = {}) {
    const auto source = open_source(images);
    FeatureSetWriter writer(folder_ / name,
                            describe_extraction(*source, "images", kBlocks, "c0ffee", "{}"));
    extract_features(
        *source, kInput, [] { return std::make_unique<FakeBackend>(); }, writer, {.batch = 10},
        observer);
    return writer.begun_anew();
  };
  JobObserver observer;
  int asked = 0;
  observer.stop_requested = [&] { return ++asked > 3; };
  EXPECT_EQ(extract_files("set", observer), "");
  ASSERT_TRUE(fs::exists(folder_ / "set.partial"));
  // Another picture of the same size, said to be as old as the first.
  const auto time = fs::last_write_time(images / "01.pgm");
  Image other = read_image(images / "01.pgm");
  other.row(0)[0] ^= 0x80;
  write_image(images / "01.pgm", other);
  fs::last_write_time(images / "01.pgm", time);
  EXPECT_EQ(extract_files("set"), "files of its images have changed");
  EXPECT_EQ(extract_files("fresh"), "");
  EXPECT_EQ(content_of(folder_ / "set"), content_of(folder_ / "fresh"));
}

TEST_F(ExtractTest, AnExceptionOfTheBackendEndsItAndKeepsThePartialSet) {
  class Failing final : public GradientBackend {
   public:
    explicit Failing(std::atomic<int>& left) : left_(left) {}
    std::span<const FeatureBlock> blocks() const override { return kBlocks; }
    void run(const ImageBatch& batch, const GradientOutputs& outputs) override {
      if (--left_ < 0) {
        throw Error("the device is gone");
      }
      FakeBackend().run(batch, outputs);
    }

   private:
    std::atomic<int>& left_;
  };
  const FakeSource source(100);
  const FeatureSetMeta meta = describe_extraction(source, "fake", kBlocks, "c0ffee", "{}");
  std::atomic<int> left = 5;
  {
    FeatureSetWriter writer(folder_ / "set", meta);
    EXPECT_THAT(
        [&] {
          extract_features(source, kInput, [&] { return std::make_unique<Failing>(left); }, writer,
                           {.batch = 10, .threads = 1});
        },
        ThrowsMessage<Error>("the device is gone"));
  }
  EXPECT_EQ(FeatureSetWriter(folder_ / "set", meta).images_done(), 50U);
  extract("set", source);
  extract("reference", source);
  EXPECT_EQ(content_of(folder_ / "set"), content_of(folder_ / "reference"));
}

TEST_F(ExtractTest, NoReadableImageLeavesNothingBehind) {
  const FakeSource all(6);
  const auto broken = select(std::make_shared<FakeSource>(6), {5});
  EXPECT_THAT([&] { extract("set", *broken); },
              ThrowsMessage<FormatError>(
                  "none of the 1 images could be read; the first: images/5: truncated"));
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(ExtractTest, GreyModelsGetGreyImages) {
  const FakeSource source(3);
  FeatureSetWriter writer(folder_ / "set",
                          describe_extraction(source, "fake", kBlocks, "c0ffee", "{}"));
  class GreyBackend final : public GradientBackend {
   public:
    std::span<const FeatureBlock> blocks() const override { return kBlocks; }
    void run(const ImageBatch& batch, const GradientOutputs& outputs) override {
      for (std::size_t i = 0; i < batch.count(); ++i) {
        const FakeSource images(3);
        const Image wanted = resize_bilinear(to_grey(images.load(i)), 5, 4);
        EXPECT_TRUE(std::ranges::equal(wanted.pixels(), batch.u8_nhwc().subspan(i * 20, 20)));
      }
      std::ranges::fill(outputs.features, 0.0F);
    }
  };
  extract_features(
      source, {1, 4, 5}, [] { return std::make_unique<GreyBackend>(); }, writer);
  EXPECT_EQ(FeatureSet(folder_ / "set").size(), 3U);
}

TEST_F(ExtractTest, RefusesWhatDoesNotFit) {
  const FakeSource source(10);
  EXPECT_THROW(extract("set", source, {.batch = 0}), InvalidArgument);
  EXPECT_THROW(extract("set", source, {.threads = -1}), InvalidArgument);
  FeatureSetMeta meta = describe_extraction(source, "fake", {{"mu", std::nullopt, 0, 3}}, "", "{}");
  const BackendFactory make = [] { return std::make_unique<FakeBackend>(); };
  FeatureSetWriter other(folder_ / "other", meta);
  EXPECT_THAT([&] { extract_features(source, kInput, make, other); },
              ThrowsMessage<InvalidArgument>(HasSubstr("other features")));
  meta.source_images = 11;
  FeatureSetWriter count(folder_ / "count", meta);
  EXPECT_THAT([&] { extract_features(source, kInput, make, count); },
              ThrowsMessage<InvalidArgument>(HasSubstr("for 11 images, but the source has 10")));
}

TEST(ListDigest, TellsListsApart) {
  EXPECT_EQ(list_digest(FakeSource(10)), list_digest(FakeSource(10)));
  EXPECT_NE(list_digest(FakeSource(10)), list_digest(FakeSource(11)));
  const auto ten = std::make_shared<FakeSource>(10);
  EXPECT_NE(list_digest(*select(ten, {0, 1})), list_digest(*select(ten, {1, 0})));
}

}  // namespace
}  // namespace gradspace
