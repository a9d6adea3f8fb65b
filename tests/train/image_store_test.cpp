#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>

#include "core/hash.h"
#include "gradspace/error.h"
#include "gradspace/train.h"
#include "support/test_files.h"
#include "train/fakes.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::vector<std::uint8_t> stored(const ImageStore& store, std::size_t i) {
  return {store.image(i).begin(), store.image(i).end()};
}

std::vector<std::uint8_t> pixels(const Image& image) {
  return {image.pixels().begin(), image.pixels().end()};
}

TEST(ImageStore, HoldsResizedImagesInTheSourcesOrder) {
  std::vector<std::optional<Image>> images;
  for (std::uint64_t i = 0; i < 300; ++i) {
    images.emplace_back(testing::random_image(9 + static_cast<int>(i % 3), 7, 3, i));
  }
  const ImageStore store(testing::FakeSource(images), {3, 5, 6});
  ASSERT_EQ(store.size(), 300U);
  for (std::size_t i = 0; i < store.size(); ++i) {
    EXPECT_EQ(stored(store, i), pixels(resize_bilinear(*images[i], 6, 5)));
  }
  EXPECT_EQ(store.images(7, 2).size(), 2U * 3 * 5 * 6);
  EXPECT_EQ(store.images(7, 2).data(), store.image(7).data());
  EXPECT_EQ(store.digest(), sha256_hex(store.images(0, 300)));
}

TEST(ImageStore, ConvertsColourAsTheModelWants) {
  const Image colour = testing::random_image(6, 5, 3, 1);
  const Image grey = testing::random_image(6, 5, 1, 2);
  const testing::FakeSource source({colour, grey});
  const ImageStore as_rgb(source, {3, 5, 6});
  EXPECT_EQ(stored(as_rgb, 0), pixels(colour));
  EXPECT_EQ(stored(as_rgb, 1), pixels(to_rgb(grey)));
  const ImageStore as_grey(source, {1, 5, 6});
  EXPECT_EQ(stored(as_grey, 0), pixels(to_grey(colour)));
  EXPECT_EQ(stored(as_grey, 1), pixels(grey));
}

TEST(ImageStore, LeavesOutWhatCannotBeRead) {
  std::vector<std::optional<Image>> images;
  std::vector<Image> readable;
  for (std::uint64_t i = 0; i < 100; ++i) {
    if (i % 33 == 0) {
      images.emplace_back();
    } else {
      readable.push_back(testing::random_image(4, 4, 1, i));
      images.emplace_back(readable.back());
    }
  }
  const ImageStore store(testing::FakeSource(images), {1, 4, 4});
  ASSERT_EQ(store.size(), 96U);
  for (std::size_t i = 0; i < readable.size(); ++i) {
    EXPECT_EQ(stored(store, i), pixels(readable[i]));
  }
  EXPECT_THAT(store.failures(), ElementsAre("image0: truncated", "image33: truncated",
                                            "image66: truncated", "image99: truncated"));
  EXPECT_THAT(
      [] {
        ImageStore({testing::FakeSource({{}, {}})}, {1, 4, 4});
      },
      ThrowsMessage<FormatError>(
          AllOf(HasSubstr("none of 2 images could be read"), HasSubstr("image0: truncated"))));
}

TEST(ImageStore, DigestHangsOnEveryPixelAndOnTheOrder) {
  const Image a = testing::random_image(4, 4, 1, 1);
  const Image b = testing::random_image(4, 4, 1, 2);
  Image c = b;
  c.pixels().back() ^= 1U;
  const auto digest = [](const Image& first, const Image& second) {
    return ImageStore(testing::FakeSource({first, second}), {1, 4, 4}).digest();
  };
  EXPECT_EQ(digest(a, b), digest(a, b));
  EXPECT_NE(digest(a, b), digest(b, a));
  EXPECT_NE(digest(a, b), digest(a, c));
}

TEST(ImageStore, ReportsProgressToTheEnd) {
  std::vector<std::size_t> seen;
  const ImageStore store(testing::FakeSource(200, {1, 4, 4}, 1), {1, 4, 4},
                         [&](std::size_t done, std::size_t total) {
                           EXPECT_EQ(total, 200U);
                           seen.push_back(done);
                         });
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back(), 200U);
}

TEST(ImageStore, LeavesNothingInTheTemporaryFolder) {
  const testing::TemporaryFolder folder;
  const char* before = getenv("TMPDIR");
  const std::string restore = before != nullptr ? before : "";
  setenv("TMPDIR", folder.path().c_str(), 1);
  {
    const ImageStore store(testing::FakeSource(3, {1, 4, 4}, 1), {1, 4, 4});
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  }
  setenv("TMPDIR", (folder / "missing").c_str(), 1);
  EXPECT_THROW(ImageStore(testing::FakeSource(3, {1, 4, 4}, 1), {1, 4, 4}), IoError);
  before != nullptr ? setenv("TMPDIR", restore.c_str(), 1) : unsetenv("TMPDIR");
}

TEST(ImageStore, RefusesExtentsItCannotHold) {
  const testing::FakeSource source(1, {1, 4, 4}, 1);
  EXPECT_THAT(
      [&] {
        ImageStore(source, {2, 4, 4});
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("images of 2 channels")));
  EXPECT_THROW(ImageStore(source, {1, 0, 4}), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
