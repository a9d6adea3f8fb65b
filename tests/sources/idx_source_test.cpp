#include "data/idx_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "gradspace/error.h"
#include "sources/source_files.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

constexpr char kTrainImages[] = "train-images-idx3-ubyte";
constexpr char kTrainLabels[] = "train-labels-idx1-ubyte";

Bytes three_images() {
  return testing::idx_bytes({3, 2, 4}, testing::counting_bytes(24));
}
Bytes three_labels() {
  return testing::idx_bytes({3}, {7, 0, 255});
}

class IdxSourceTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const Bytes& bytes) { write_file(folder_ / name, bytes); }
  std::unique_ptr<Source> open(const std::string& name = "") { return open_source(folder_ / name); }

  testing::TemporaryFolder folder_;
};

void expect_three_images(const Source& source, const std::string& file) {
  EXPECT_EQ(source.kind(), SourceKind::kIdx);
  ASSERT_EQ(source.size(), 3U);
  EXPECT_THAT(source.skipped(), IsEmpty());
  const std::vector<int> classes = {7, 0, 255};
  for (std::size_t i = 0; i < 3; ++i) {
    const ImageInfo info = source.info(i);
    EXPECT_EQ(info.path, file + "#" + std::to_string(i));
    EXPECT_EQ(info.set, "train");
    EXPECT_EQ(info.object_class, classes[i]);
    EXPECT_EQ(info.challenge, 0);
    const Bytes all = testing::counting_bytes(24);
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(8 * i);
    EXPECT_EQ(source.load(i), Image(4, 2, 1, Bytes(begin, begin + 8)));
  }
  testing::expect_fitted_as_loaded(source);
}

TEST_F(IdxSourceTest, ReadsAPlainPair) {
  write(kTrainImages, three_images());
  write(kTrainLabels, three_labels());
  expect_three_images(*open(), kTrainImages);
  expect_three_images(*open(kTrainImages), kTrainImages);
}

TEST_F(IdxSourceTest, ReadsAGzipPairAndMixedPairs) {
  const std::string packed = std::string(kTrainImages) + ".gz";
  write(packed, testing::gzip(three_images()));
  write(std::string(kTrainLabels) + ".gz", testing::gzip(three_labels()));
  expect_three_images(*open(), packed);
  expect_three_images(*open(packed), packed);
  std::filesystem::remove(folder_ / (std::string(kTrainLabels) + ".gz"));
  write(kTrainLabels, three_labels());
  expect_three_images(*open(packed), packed);
}

TEST_F(IdxSourceTest, IsFoundOneFolderDown) {
  std::filesystem::create_directories(folder_ / "MNIST/raw");
  write(std::string("MNIST/raw/") + kTrainImages, three_images());
  write(std::string("MNIST/raw/") + kTrainLabels, three_labels());
  expect_three_images(*open("MNIST"), kTrainImages);
  expect_three_images(*open_source(folder_ / "MNIST", SourceKind::kIdx), kTrainImages);
  std::filesystem::create_directories(folder_ / "MNIST/other");
  write(std::string("MNIST/other/") + kTrainImages, three_images());
  EXPECT_THAT([&] { open("MNIST"); }, ThrowsMessage<FormatError>(HasSubstr("no image found")));
}

TEST_F(IdxSourceTest, SaysWhatAFileIsInstead) {
  const std::string page = "\n<!DOCTYPE html><html><body>403 Forbidden</body></html>";
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\n";
  const std::string packed_name = std::string(kTrainImages) + ".gz";
  for (const auto& [content, words] : {std::pair(page, "is an HTML page"),
                                       std::pair(pointer, "is a Git LFS pointer, not the file")}) {
    testing::write_text(folder_ / packed_name, content);
    EXPECT_THAT([&] { open(); }, ThrowsMessage<FormatError>(HasSubstr(words)));
    EXPECT_THAT([&] { open(packed_name); }, ThrowsMessage<FormatError>(HasSubstr(words)));
    EXPECT_THAT([&] { open_source(folder_ / packed_name, SourceKind::kIdx); },
                ThrowsMessage<FormatError>(HasSubstr(words)));
  }
}

TEST_F(IdxSourceTest, ReadsTheFormOfNameWithDots) {
  write("train-images.idx3-ubyte", three_images());
  write("train-labels.idx1-ubyte", three_labels());
  expect_three_images(*open(), "train-images.idx3-ubyte");
}

TEST_F(IdxSourceTest, TakesEveryPairOfAFolderInOrderOfNames) {
  write(kTrainImages, three_images());
  write(kTrainLabels, three_labels());
  write("t10k-images-idx3-ubyte", testing::idx_bytes({1, 1, 1}, {9}));
  write("t10k-labels-idx1-ubyte", testing::idx_bytes({1}, {4}));
  const auto source = open();
  EXPECT_THAT(testing::paths_of(*source),
              ElementsAre("t10k-images-idx3-ubyte#0", "train-images-idx3-ubyte#0",
                          "train-images-idx3-ubyte#1", "train-images-idx3-ubyte#2"));
  EXPECT_EQ(source->info(0).set, "test");
  EXPECT_EQ(source->info(0).object_class, 4);
  EXPECT_EQ(source->load(0).pixels()[0], 9);
  EXPECT_EQ(source->info(1).set, "train");
  EXPECT_EQ(source->load(3).pixels()[0], 16);
}

TEST_F(IdxSourceTest, PrefersThePlainFileAndSaysSo) {
  write(kTrainImages, three_images());
  write(kTrainLabels, three_labels());
  write(std::string(kTrainImages) + ".gz", testing::gzip(three_images()));
  const auto source = open();
  EXPECT_EQ(source->size(), 3U);
  EXPECT_THAT(source->skipped(), ElementsAre(HasSubstr("the file without .gz is used")));
}

TEST_F(IdxSourceTest, WithoutLabelsClassesAreUnknown) {
  write(kTrainImages, three_images());
  const auto source = open();
  EXPECT_EQ(source->info(0).object_class, -1);
  EXPECT_THAT(source->skipped(), ElementsAre(HasSubstr("no labels file")));
}

TEST_F(IdxSourceTest, RefusesLabelsOfAnotherCount) {
  write(kTrainImages, three_images());
  write(kTrainLabels, testing::idx_bytes({2}, {1, 2}));
  EXPECT_THAT([&] { open(); },
              ThrowsMessage<FormatError>(HasSubstr("2 labels, but there are 3 images")));
}

TEST_F(IdxSourceTest, RefusesALabelsFileGivenForImages) {
  write(kTrainLabels, three_labels());
  EXPECT_THAT([&] { open(kTrainLabels); }, ThrowsMessage<FormatError>(HasSubstr("1 axes")));
}

TEST_F(IdxSourceTest, RefusesEveryTruncation) {
  const Bytes whole = three_images();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    write(kTrainImages, cut);
    EXPECT_THROW(open_source(folder_ / kTrainImages, SourceKind::kIdx), FormatError) << size;
    write("x-images-idx3-ubyte.gz", testing::gzip(cut));
    EXPECT_THROW(open_source(folder_ / "x-images-idx3-ubyte.gz", SourceKind::kIdx), FormatError)
        << size;
  }
}

TEST_F(IdxSourceTest, RefusesMoreThanTheHeaderPromises) {
  Bytes longer = three_images();
  longer.push_back(1);
  write(kTrainImages, longer);
  EXPECT_THAT([&] { open(kTrainImages); }, ThrowsMessage<FormatError>(HasSubstr("promises 40")));
  write("x-images-idx3-ubyte.gz", testing::gzip(longer));
  EXPECT_THAT([&] { open("x-images-idx3-ubyte.gz"); },
              ThrowsMessage<FormatError>(HasSubstr("more than the 24 values")));
}

TEST_F(IdxSourceTest, RefusesHugeHeadersBeforeAllocating) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  for (const auto& shape : std::vector<std::vector<std::uint32_t>>{
           {kMost, kMost, kMost}, {kMost, 28, 28}, {1, kMost, 1}, {65536, 65536, 65536}}) {
    const Bytes file = testing::idx_bytes(shape, testing::counting_bytes(100));
    write(kTrainImages, file);
    EXPECT_THROW(open(kTrainImages), FormatError);
    write("x-images-idx3-ubyte.gz", testing::gzip(file));
    EXPECT_THROW(open("x-images-idx3-ubyte.gz"), FormatError);
  }
}

TEST_F(IdxSourceTest, RefusesNoImagesAndEmptyImages) {
  for (const auto& shape :
       std::vector<std::vector<std::uint32_t>>{{0, 2, 2}, {2, 0, 2}, {2, 2, 0}}) {
    write(kTrainImages, testing::idx_bytes(shape, {}));
    EXPECT_THAT([&] { open(kTrainImages); },
                ThrowsMessage<FormatError>(HasSubstr("axis of 0 elements")));
  }
}

TEST_F(IdxSourceTest, RefusesOtherElementTypes) {
  Bytes file = three_images();
  file[2] = 0x0D;  // float32
  write(kTrainImages, file);
  EXPECT_THAT([&] { open_source(folder_ / kTrainImages, SourceKind::kIdx); },
              ThrowsMessage<FormatError>(HasSubstr("type 0x0d")));
}

TEST_F(IdxSourceTest, AFolderWithoutImagesFilesIsAnError) {
  EXPECT_THAT([&] { open_source(folder_.path(), SourceKind::kIdx); },
              ThrowsMessage<FormatError>(HasSubstr("no IDX images file")));
}

TEST(IdxSource, ReadsFashionMnist) {
  const std::filesystem::path folder = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "the package dataset-fashion-mnist is not installed";
  }
  const auto source = open_source(folder / "t10k-images-idx3-ubyte.gz");
  ASSERT_EQ(source->size(), 10'000U);
  EXPECT_EQ(source->info(0).set, "test");
  std::vector<int> images_of_class(10);
  for (std::size_t i = 0; i < source->size(); ++i) {
    ++images_of_class.at(static_cast<std::size_t>(source->info(i).object_class));
  }
  EXPECT_EQ(images_of_class, std::vector<int>(10, 1000));  // the data set's own description
  EXPECT_EQ(source->load(9999).width(), 28);
}

}  // namespace
}  // namespace gradspace
