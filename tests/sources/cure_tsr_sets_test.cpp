#include "data/cure_tsr_sets.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "sources/source_files.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;
using testing::write_picture;

/// The images of one condition, called as in the data set as it is distributed; two signs take turns.
void write_condition(const fs::path& folder, int challenge, int level, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string name =
        fmt::format("01_{:02}_{:02}_{:02}_{:04}.bmp", 3 + i % 2, challenge, level, i / 2 + 1);
    write_picture(folder / name);
  }
}

void write_distributed(const fs::path& root, int training_images) {
  write_condition(root / "Real_Train/ChallengeFree", 0, 0, training_images);
  write_condition(root / "Real_Train/GaussianBlur-1", 7, 1, training_images);
  write_condition(root / "Real_Test/ChallengeFree", 0, 0, 6);
  write_condition(root / "Real_Test/Rain-5", 9, 5, 6);
}

/// Names without challenge and level of the images of a set under a challenge.
std::vector<std::string> pictures(const Source& source, const std::string& set, int challenge) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const ImageInfo info = source.info(i);
    if (info.set == set && info.challenge == challenge) {
      auto name = *CureTsrName::parse(info.path);
      name.challenge = name.level = 0;
      names.push_back(name.text());
    }
  }
  std::ranges::sort(names);
  return names;
}

TEST(CureTsrAsDistributed, IsKnownByItsNamesAndHasSets) {
  const TemporaryFolder folder;
  write_distributed(folder / "data", 50);
  const auto source = open_source(folder / "data");
  EXPECT_EQ(source->kind(), SourceKind::kCureTsr);
  EXPECT_EQ(pictures(*source, "test", 0).size(), 6U);
  EXPECT_EQ(pictures(*source, "test", 9).size(), 6U);
  EXPECT_EQ(pictures(*source, "train", 0).size(), 40U);
  EXPECT_EQ(pictures(*source, "val", 0).size(), 10U);
  EXPECT_EQ(source->info(0).path, "Real_Test/ChallengeFree/01_03_00_00_0001.bmp");
  EXPECT_EQ(source->info(0).object_class, 3);
  const ImageInfo rain = source->info(6);
  EXPECT_EQ(rain.path, "Real_Test/Rain-5/01_03_09_05_0001.bmp");
  EXPECT_EQ(rain.challenge, 9);
  EXPECT_EQ(rain.level, 5);
}

TEST(CureTsrAsDistributed, HoldsEveryFifthBlockOfNamesOutForValidation) {
  const TemporaryFolder folder;
  write_distributed(folder / "data", 50);
  const auto source = open_source(folder / "data");
  // Fifty names make twenty-five blocks of two; the fifth, tenth, ... are held out.
  std::vector<std::string> expected;
  for (const int first : {9, 19, 29, 39, 49}) {
    for (int i = first; i < first + 2; ++i) {
      expected.push_back(fmt::format("01_{:02}_00_00_{:04}", i > 25 ? 4 : 3, (i - 1) % 25 + 1));
    }
  }
  EXPECT_EQ(pictures(*source, "val", 0), expected);
  EXPECT_EQ(pictures(*source, "val", 7), expected) << "an image and its blurred copy go together";
  EXPECT_EQ(pictures(*source, "train", 7), pictures(*source, "train", 0));
}

TEST(CureTsrAsDistributed, MakesBlocksOfTwentyOfManyNames) {
  FileList files;
  const std::uint32_t here = files.add_folder("Real_Train/ChallengeFree/");
  for (int i = 1; i <= 1000; ++i) {
    files.list(here, files.add_name(fmt::format("01_05_00_00_{:04}.bmp", i)));
  }
  const CureTsrSets sets("/data", files);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto name = CureTsrName::parse(files.name(i));
    EXPECT_EQ(sets.set(files, i, &*name), i / 20 % 5 == 4 ? "val" : "train") << i;
  }
}

TEST(CureTsrAsDistributed, GoesByNamesWhateverTheFoldersAreCalled) {
  const TemporaryFolder folder;
  write_condition(folder / "data/my TRAINING images/a", 0, 0, 10);
  write_condition(folder / "data/my TRAINING images/b", 12, 3, 10);
  write_condition(folder / "data/testing", 0, 0, 10);
  write_condition(folder / "data/others", 0, 0, 10);
  write_condition(folder / "data/train_test", 0, 0, 10);
  const auto source = open_source(folder / "data");
  EXPECT_EQ(pictures(*source, "train", 0).size(), 8U);
  EXPECT_EQ(pictures(*source, "val", 12).size(), 2U);
  EXPECT_EQ(pictures(*source, "test", 0).size(), 10U);
  EXPECT_EQ(pictures(*source, "", 0).size(), 20U) << "these folders tell nothing";
}

TEST(CureTsrAsDistributed, OneFolderAloneIsOfTheSameSets) {
  const TemporaryFolder folder;
  write_distributed(folder / "data", 50);
  const auto whole = open_source(folder / "data");
  for (const char* part :
       {"data/Real_Train", "data/Real_Train/ChallengeFree", "data/Real_Train/ChallengeFree/"}) {
    const auto source = open_source(folder / part);
    EXPECT_EQ(pictures(*source, "val", 0), pictures(*whole, "val", 0)) << part;
    EXPECT_EQ(pictures(*source, "train", 0), pictures(*whole, "train", 0)) << part;
  }
  EXPECT_EQ(pictures(*open_source(folder / "data/Real_Test/Rain-5"), "test", 9).size(), 6U);
}

TEST(CureTsrAsDistributed, SetsThatFoldersAreCalledAfterStay) {
  const TemporaryFolder folder;
  for (const char* set : {"train", "val", "test"}) {
    write_condition(folder / "tree/RealChallengeFree" / set, 0, 0, 10);
  }
  const auto source = open_source(folder / "tree");
  for (const char* set : {"train", "val", "test"}) {
    EXPECT_EQ(pictures(*source, set, 0).size(), 10U);
    const auto alone = open_source(folder / "tree/RealChallengeFree" / set);
    EXPECT_EQ(pictures(*alone, set, 0).size(), 10U);
  }
  // A validation set of one's own beside the distribution's folders.
  write_distributed(folder / "data", 50);
  write_condition(folder / "data/val", 0, 0, 10);
  EXPECT_EQ(pictures(*open_source(folder / "data"), "train", 0).size(), 50U);
}

}  // namespace
}  // namespace gradspace
