#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "gradspace/error.h"
#include "gradspace/source.h"
#include "sources/source_files.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ParseSourceKind, KnowsTheWordsAndListsThem) {
  EXPECT_EQ(parse_source_kind("auto"), SourceKind::kAuto);
  EXPECT_EQ(parse_source_kind("cure-tsr"), SourceKind::kCureTsr);
  EXPECT_EQ(parse_source_kind("folder"), SourceKind::kFolder);
  EXPECT_EQ(parse_source_kind("idx"), SourceKind::kIdx);
  EXPECT_EQ(parse_source_kind("cifar10"), SourceKind::kCifar10);
  EXPECT_THAT([] { parse_source_kind("mnist"); },
              ThrowsMessage<InvalidArgument>(
                  "source 'mnist' is not one of auto, cure-tsr, folder, idx, cifar10, tar, list, "
                  "video"));
}

TEST(OpenSource, SaysWhatIsNotThere) {
  EXPECT_THAT([] { open_source("/no/such/folder"); },
              ThrowsMessage<IoError>("/no/such/folder: can't open: No such file or directory"));
}

TEST(OpenSource, SaysWhatHoldsNoImage) {
  const testing::TemporaryFolder folder;
  EXPECT_THAT([&] { open_source(folder.path()); },
              ThrowsMessage<FormatError>(HasSubstr("no image found (it is empty)")));
  testing::write_text(folder / "notes.txt", "hello");
  EXPECT_THAT([&] { open_source(folder.path()); },
              ThrowsMessage<FormatError>(HasSubstr("the first: notes.txt: not an image")));
  EXPECT_THAT([&] { open_source(folder / "notes.txt"); },
              ThrowsMessage<FormatError>(HasSubstr("notes.txt: neither an image nor")));
}

TEST(OpenSource, DoesNotWaitForAPipe) {
  const testing::TemporaryFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe.bmp").c_str(), 0600), 0);
  const auto source = open_source(folder / "pipe.bmp");
  EXPECT_THAT([&] { source->load(0); },
              ThrowsMessage<IoError>(HasSubstr("nothing comes through this pipe")));
  EXPECT_THAT([&] { open_source(folder / "pipe.bmp", SourceKind::kIdx); },
              ThrowsMessage<IoError>(HasSubstr("is a pipe, not a regular file")));
}

TEST(OpenSource, TakesASingleImageByExtensionOrContent) {
  const testing::TemporaryFolder folder;
  testing::write_picture(folder / "train/a.bmp", 5);
  std::filesystem::copy_file(folder / "train/a.bmp", folder / "picture");
  const auto by_name = open_source(folder / "train/a.bmp");
  EXPECT_EQ(by_name->kind(), SourceKind::kFolder);
  EXPECT_THAT(testing::paths_of(*by_name), ElementsAre("a.bmp"));
  EXPECT_EQ(by_name->info(0).set, "train");
  EXPECT_EQ(open_source(folder / "picture")->load(0).pixels()[0], 5);
}

TEST(OpenSource, LooksThroughGzipOfOtherThings) {
  const testing::TemporaryFolder folder;
  write_file(folder / "a.gz", testing::gzip(testing::counting_bytes(100)));
  EXPECT_THAT([&] { open_source(folder / "a.gz"); },
              ThrowsMessage<FormatError>(HasSubstr("neither an image nor")));
}

TEST(OpenSource, IgnoresAFolderCalledLikeAnIdxFile) {
  const testing::TemporaryFolder folder;
  testing::write_picture(folder / "train-images-idx3-ubyte/a.bmp");
  EXPECT_EQ(open_source(folder.path())->kind(), SourceKind::kFolder);
}

TEST(Select, TakesPositionsInTheirOrder) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"a.bmp", "b.bmp", "c.bmp"}) {
    testing::write_picture(folder / name, static_cast<std::uint8_t>(name[0]));
  }
  const std::shared_ptr<const Source> all = open_source(folder.path());
  const auto some = select(all, {2, 0, 2});
  EXPECT_EQ(some->kind(), SourceKind::kFolder);
  EXPECT_THAT(testing::paths_of(*some), ElementsAre("c.bmp", "a.bmp", "c.bmp"));
  EXPECT_EQ(some->load(1).pixels()[0], 'a');
}

TEST(Select, RefusesNothingAndPositionsOutside) {
  const testing::TemporaryFolder folder;
  testing::write_picture(folder / "a.bmp");
  const std::shared_ptr<const Source> all = open_source(folder.path());
  EXPECT_THROW(select(all, {}), InvalidArgument);
  EXPECT_THAT(
      [&] {
        select(all, {0, 1});
      },
      ThrowsMessage<InvalidArgument>("select: image 1, but the source has 1"));
}

}  // namespace
}  // namespace gradspace
