#include "data/file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "core/random.h"
#include "gradspace/error.h"
#include "sources/source_files.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;
using testing::write_picture;
using testing::write_text;

TEST(FolderSource, ListsRecursivelyInBytewiseOrderOfPaths) {
  const testing::TemporaryFolder folder;
  // '-' and '.' sort before the '/' of "a/", '0' after it.
  for (const char* name :
       {"b.ppm", "a/x.png", "a/b/y.BMP", "a.bmp", "a-b/z.jpg", "a0/w.bmp", "B.bmp"}) {
    write_picture(folder / name);
  }
  const auto source = open_source(folder.path());
  EXPECT_EQ(source->kind(), SourceKind::kFolder);
  EXPECT_THAT(testing::paths_of(*source), ElementsAre("B.bmp", "a-b/z.jpg", "a.bmp", "a/b/y.BMP",
                                                      "a/x.png", "a0/w.bmp", "b.ppm"));
  EXPECT_THAT(source->skipped(), IsEmpty());
}

TEST(FolderSource, OrderIsBytewiseOnRandomTrees) {
  const testing::TemporaryFolder folder;
  Random random(1);
  const std::string letters = "a-.0_~";
  for (int i = 0; i < 200; ++i) {
    std::string path;
    for (std::uint64_t depth = random.below(4); depth > 0; --depth) {
      path += "d";
      path += letters[random.below(letters.size())];
      path += "/";
    }
    for (int letter = 0; letter < 3; ++letter) {
      path += letters[random.below(letters.size())];
    }
    write_text(folder / (path + "f.bmp"), "");
  }
  const std::vector<std::string> paths =
      testing::paths_of(*open_source(folder.path(), SourceKind::kAuto, {.hidden = true}));
  EXPECT_GT(paths.size(), 100U);
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
}

TEST(FolderSource, LoadsAndKnowsLittle) {
  const testing::TemporaryFolder folder;
  write_picture(folder / "val/cats/1.bmp", 17);
  write_picture(folder / "2.bmp", 18);
  const auto source = open_source(folder.path());
  EXPECT_EQ(source->load(0).pixels()[0], 18);
  EXPECT_EQ(source->load(1).pixels()[0], 17);
  EXPECT_EQ(source->info(0).set, "");
  EXPECT_EQ(source->info(1).set, "val");
  EXPECT_EQ(source->info(1).challenge, 0);
  EXPECT_EQ(source->info(1).object_class, -1);
}

TEST(FolderSource, PassesOverHiddenFilesAndFoldersUnlessTheyAreWanted) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"a.png", "._a.png", ".ipynb_checkpoints/a.png", "sub/.hidden.bmp"}) {
    write_picture(folder / name);
  }
  write_text(folder / "Thumbs.db", "no image");
  write_text(folder / ".gradspace.tmp-0123456789abcdef", "a file of ours that is being written");
  const auto source = open_source(folder.path());
  EXPECT_THAT(testing::paths_of(*source), ElementsAre("a.png"));
  EXPECT_THAT(source->skipped(), ::testing::UnorderedElementsAre(
                                     "._a.png: hidden", ".ipynb_checkpoints/: hidden",
                                     "sub/.hidden.bmp: hidden", "Thumbs.db: not an image"));
  EXPECT_THAT(passed_over(*source, "photos"),
              HasSubstr("photos: 4 of 5 files passed over, the first: "));
  const auto all = open_source(folder.path(), SourceKind::kAuto, {.hidden = true});
  EXPECT_THAT(testing::paths_of(*all),
              ElementsAre("._a.png", ".ipynb_checkpoints/a.png", "a.png", "sub/.hidden.bmp"));
  EXPECT_EQ(passed_over(*open_source(folder / "a.png"), "a.png"), "");
}

TEST(FolderSource, TakesImagesByTheirContentWhereTheNameTellsNothing) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"a.png", "b.jpg", "c.bmp", "d.ppm"}) {
    write_picture(folder / name);
  }
  fs::rename(folder / "b.jpg", folder / "b.jfif");
  fs::rename(folder / "c.bmp", folder / "c");
  fs::rename(folder / "d.ppm", folder / "d.image");
  write_text(folder / "BMW.txt", "BMW is two letters and a W: no bitmap");
  write_text(folder / "P5.txt", "P5 is a name of a format");
  write_text(folder / "g.gif", "GIF89a");
  write_text(folder / "raw.nef", std::string("MM\0*\0\0\0\x08", 8));
  write_text(folder / "lfs.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n");
  const auto source = open_source(folder.path());
  EXPECT_THAT(testing::paths_of(*source), ElementsAre("a.png", "b.jfif", "c", "d.image"));
  for (std::size_t i = 0; i < source->size(); ++i) {
    EXPECT_EQ(source->load(i).width(), 3);
  }
  EXPECT_THAT(source->skipped(),
              ::testing::UnorderedElementsAre(
                  "BMW.txt: not an image", "P5.txt: not an image",
                  "g.gif: is a GIF image, which is not read",
                  "raw.nef: is a TIFF file or a raw photograph: an image where it is called .tif "
                  "or .tiff",
                  "lfs.bin: is a Git LFS pointer, not the file itself: run git lfs pull"));
}

TEST(FolderSource, PassesOverWhatIsNoImageAndSaysSo) {
  const testing::TemporaryFolder folder;
  write_picture(folder / "a.bmp");
  write_text(folder / "sub/notes.txt", "hello");
  fs::create_symlink("nowhere", folder / "dangling.bmp");
  write_text(folder / "bell\a\x1B[31m.txt", "");
  const auto source = open_source(folder.path());
  EXPECT_EQ(source->size(), 1U);
  EXPECT_THAT(source->skipped(), ::testing::UnorderedElementsAre("sub/notes.txt: not an image",
                                                                 "dangling.bmp: not a file",
                                                                 "bell??[31m.txt: not an image"));
}

TEST(FolderSource, RemarksAreBounded) {
  Remarks remarks;
  for (int i = 0; i < 5000; ++i) {
    remarks.add("x", "why");
  }
  const auto lines = std::move(remarks).take();
  EXPECT_EQ(lines.size(), 1001U);
  EXPECT_EQ(lines.back(), "and 4000 more");
}

TEST(FolderSource, SymbolicLinkLoopsEnd) {
  const testing::TemporaryFolder folder;
  write_picture(folder / "a/1.bmp");
  write_picture(folder / "b/2.bmp");
  fs::create_directory_symlink("..", folder / "a/up");
  fs::create_directory_symlink(".", folder / "self");
  fs::create_directory_symlink("../b", folder / "a/to_b");
  fs::create_directory_symlink("../a", folder / "b/to_a");
  fs::create_symlink("1.bmp", folder / "a/linked.bmp");
  const auto source = open_source(folder.path());
  EXPECT_THAT(testing::paths_of(*source), ElementsAre("a/1.bmp", "a/linked.bmp", "a/to_b/2.bmp"));
  EXPECT_THAT(source->skipped(), ::testing::IsSupersetOf({"a/up/: the same folder as ./",
                                                          "self/: the same folder as ./",
                                                          "b/: the same folder as a/to_b/"}));
}

/// Gives up root's right to read everything, for as long as it lives.
class AsNobody {
 public:
  AsNobody() {
    if (geteuid() == 0) {
      changed_ = seteuid(65534) == 0;
    }
  }
  ~AsNobody() {
    if (changed_) {
      EXPECT_EQ(seteuid(0), 0);
    }
  }

 private:
  bool changed_ = false;
};

TEST(FolderSource, AnUnreadableSubfolderIsReportedAnUnreadableRootIsAnError) {
  const testing::TemporaryFolder folder;
  write_picture(folder / "1.bmp");
  write_picture(folder / "locked/2.bmp");
  fs::permissions(folder.path(), fs::perms(0755));
  fs::permissions(folder / "locked", fs::perms::none);
  {
    const AsNobody nobody;
    const auto source = open_source(folder.path());
    EXPECT_THAT(testing::paths_of(*source), ElementsAre("1.bmp"));
    EXPECT_THAT(source->skipped(), ElementsAre("locked/: can't open: Permission denied"));
    EXPECT_THAT([&] { open_source(folder / "locked"); },
                ThrowsMessage<IoError>(HasSubstr("locked: can't open: Permission denied")));
  }
  fs::permissions(folder / "locked", fs::perms(0755));
}

TEST(FolderSource, ABrokenFileLeavesTheOthersReadable) {
  const testing::TemporaryFolder folder;
  write_text(folder / "1.bmp", "no picture");
  write_picture(folder / "2.bmp");
  const auto source = open_source(folder.path());
  EXPECT_THAT([&] { source->load(0); }, ThrowsMessage<FormatError>(HasSubstr("1.bmp")));
  EXPECT_NO_THROW(source->load(1));
}

class CureTsrSource : public ::testing::Test {
 protected:
  CureTsrSource() {
    for (const char* set : {"train", "val", "test"}) {
      write_picture(folder_ /
                    (std::string("RealChallengeFree/") + set + "/01_01_00_00_00_05_0003.bmp"));
      write_picture(folder_ /
                    (std::string("RealChallenge/09_02/") + set + "/01_14_09_02_00_05_0003.bmp"));
    }
    write_picture(folder_ / "RealChallengeFree/train/photo.bmp");
    write_text(folder_ / "SOURCE.txt", "");
  }

  testing::TemporaryFolder folder_;
};

TEST_F(CureTsrSource, KnowsSetChallengeLevelAndClass) {
  const auto source = open_source(folder_.path());
  EXPECT_EQ(source->kind(), SourceKind::kCureTsr);
  ASSERT_EQ(source->size(), 6U);
  const ImageInfo rain = source->info(2);
  EXPECT_EQ(rain.path, "RealChallenge/09_02/val/01_14_09_02_00_05_0003.bmp");
  EXPECT_EQ(rain.set, "val");
  EXPECT_EQ(rain.challenge, 9);
  EXPECT_EQ(rain.level, 2);
  EXPECT_EQ(rain.object_class, 14);
  const ImageInfo clean = source->info(4);
  EXPECT_EQ(clean.set, "train");
  EXPECT_EQ(clean.challenge, 0);
  EXPECT_EQ(clean.object_class, 1);
  EXPECT_THAT(source->skipped(),
              ::testing::UnorderedElementsAre(
                  "SOURCE.txt: not an image",
                  "RealChallengeFree/train/photo.bmp: not a CURE-TSR file name"));
}

TEST_F(CureTsrSource, TakesAnyFolderInTheTree) {
  const auto set = open_source(folder_ / "RealChallenge/09_02/train/");
  EXPECT_EQ(set->kind(), SourceKind::kCureTsr);
  EXPECT_EQ(set->info(0).path, "01_14_09_02_00_05_0003.bmp");
  EXPECT_EQ(set->info(0).set, "train");
  EXPECT_EQ(set->info(0).level, 2);
  const auto type = open_source(folder_ / "RealChallenge/09_02");
  EXPECT_EQ(type->size(), 3U);
  EXPECT_EQ(type->info(0).set, "test");
}

TEST_F(CureTsrSource, TheFolderSourceTakesNamesThatDoNotParse) {
  const auto source = open_source(folder_.path(), SourceKind::kFolder);
  EXPECT_EQ(source->kind(), SourceKind::kFolder);
  EXPECT_EQ(source->size(), 7U);
  EXPECT_EQ(source->info(0).challenge, 9);
}

TEST_F(CureTsrSource, MostlyOtherNamesMakeAFolder) {
  for (int i = 0; i < 6; ++i) {
    write_picture(folder_ / ("RealChallengeFree/train/photo" + std::to_string(i) + ".bmp"));
  }
  EXPECT_EQ(open_source(folder_ / "RealChallengeFree/train")->kind(), SourceKind::kFolder);
  EXPECT_EQ(open_source(folder_.path())->kind(), SourceKind::kCureTsr);  // by the tree's folders
}

TEST_F(CureTsrSource, NoFittingNameIsAnError) {
  write_picture(folder_ / "other/a.bmp");
  EXPECT_THAT([&] { open_source(folder_ / "other", SourceKind::kCureTsr); },
              ThrowsMessage<FormatError>(HasSubstr(
                  "no image found (1 passed over, the first: a.bmp: not a CURE-TSR file name)")));
}

TEST(CureTsrSourceOnRealData, ReadsTheSigns) {
  const auto shared = testing::shared_data();
  if (!shared) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  const auto source = open_source(*shared / "data/signs");
  EXPECT_EQ(source->kind(), SourceKind::kCureTsr);
  EXPECT_EQ(source->size(), 3400U);
  EXPECT_THAT(source->skipped(), ElementsAre("SOURCE.txt: not an image"));
  for (const std::size_t i : {0UL, 1700UL, 3399UL}) {
    EXPECT_EQ(source->load(i).channels(), 3) << source->info(i).path;
  }
}

}  // namespace
}  // namespace gradspace
