#include "train/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "gradspace/error.h"

namespace gradspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// A listing without pixels.
class Listing : public Source {
 public:
  explicit Listing(std::vector<ImageInfo> infos) : infos_(std::move(infos)) {}
  SourceKind kind() const override { return SourceKind::kCureTsr; }
  std::size_t size() const override { return infos_.size(); }
  ImageInfo info(std::size_t i) const override { return infos_[i]; }
  Image load(std::size_t) const override { throw IoError("no pixels"); }
  std::span<const std::string> skipped() const override { return {}; }

 private:
  std::vector<ImageInfo> infos_;
};

ImageInfo image(std::string set, int challenge, std::string path = "x") {
  ImageInfo info;
  info.set = std::move(set);
  info.challenge = challenge;
  info.path = std::move(path);
  return info;
}

Listing unnamed_set(std::size_t count) {
  std::vector<ImageInfo> infos;
  for (std::size_t i = 0; i < count; ++i) {
    infos.push_back(image("", 0, "image" + std::to_string(i)));
  }
  return Listing(std::move(infos));
}

TEST(SplitForTraining, TakesTheCleanSetsOfATree) {
  const Listing tree({image("train", 0), image("test", 0), image("val", 0), image("train", 9),
                      image("val", 9), image("train", 0)});
  const TrainingSplit split = split_for_training(tree, 1);
  EXPECT_THAT(split.train, ElementsAre(0, 5));
  EXPECT_THAT(split.validation, ElementsAre(2));
  EXPECT_EQ(split.rule, "challenge-free train and val sets");
}

TEST(SplitForTraining, HoldsATenthOutAtRandom) {
  const Listing folder = unnamed_set(105);
  const TrainingSplit split = split_for_training(folder, 1, HoldOut::kRandom);
  EXPECT_EQ(split.validation.size(), 10U);
  EXPECT_EQ(split.train.size(), 95U);
  EXPECT_TRUE(std::ranges::is_sorted(split.train));
  EXPECT_TRUE(std::ranges::is_sorted(split.validation));
  std::set<std::uint32_t> all(split.train.begin(), split.train.end());
  all.insert(split.validation.begin(), split.validation.end());
  EXPECT_EQ(all.size(), 105U);
  EXPECT_EQ(split.validation, split_for_training(folder, 1, HoldOut::kRandom).validation);
  EXPECT_NE(split.validation, split_for_training(folder, 2, HoldOut::kRandom).validation);
}

TEST(SplitForTraining, HoldsABlockOutOfMoreThanFifty) {
  const Listing folder = unnamed_set(105);
  std::set<std::uint32_t> begins;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const TrainingSplit split = split_for_training(folder, seed);
    ASSERT_THAT(split.validation.size(), ::testing::AnyOf(10, 11));
    EXPECT_EQ(split.train.size() + split.validation.size(), 105U);
    EXPECT_EQ(split.validation.back() - split.validation.front() + 1, split.validation.size());
    EXPECT_FALSE(std::ranges::binary_search(split.train, split.validation.front()));
    begins.insert(split.validation.front());
  }
  EXPECT_GT(begins.size(), 3U) << "the seed draws the block";
  EXPECT_THROW(split_for_training(folder, 0, HoldOut::kFolders), InvalidArgument)
      << "all are in one folder";
}

TEST(SplitForTraining, HoldsOutOfTheSetThatIsThere) {
  // A single set, whichever: training and validation never share an image.
  for (const std::string set : {"train", "val"}) {
    const TrainingSplit split = split_for_training(
        Listing({image(set, 0, "a"), image(set, 0, "b"), image(set, 9, "c")}), 1);
    EXPECT_EQ(split.validation.size(), 1U);
    EXPECT_FALSE(std::ranges::binary_search(split.train, split.validation[0])) << set;
  }
  const TrainingSplit of_train =
      split_for_training(Listing({image("train", 0, "a"), image("train", 0, "b"),
                                  image("test", 0, "c"), image("train", 9, "d")}),
                         1);
  EXPECT_EQ(of_train.train.size() + of_train.validation.size(), 2U);
}

TEST(SplitForTraining, NeedsTwoImages) {
  EXPECT_EQ(split_for_training(unnamed_set(2), 1).train.size(), 1U);
  EXPECT_THAT([] { split_for_training(unnamed_set(1), 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("one image is too few")));
}

TEST(ImagesOfSet, AreItsCleanOnesElseAllCleanOnesElseAll) {
  const Listing tree({image("val", 0), image("val", 3), image("train", 0)});
  EXPECT_THAT(images_of_set(tree, "val"), ElementsAre(0));
  EXPECT_THAT(images_of_set(tree, "other"), ElementsAre(0, 2));
  EXPECT_THAT(images_of_set(Listing({image("", 0), image("", 9), image("", 0)}), "train"),
              ElementsAre(0, 2));
  EXPECT_THAT(images_of_set(Listing({image("train", 7), image("train", 7)}), "train"),
              ElementsAre(0, 1));
}

}  // namespace
}  // namespace gradspace
