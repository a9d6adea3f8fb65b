#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "gradspace/error.h"
#include "gradspace/video.h"
#include "support/test_files.h"
#include "video/test_videos.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(IsVideo, GoesByContentThenByName) {
  const testing::TemporaryFolder folder;
  write_file(folder / "no-extension", testing::y4m_file("W4 H4", {}));
  write_file(folder / "matroska", std::string_view("\x1A\x45\xDF\xA3\x01\x00"));
  write_file(folder / "avi", std::string_view("RIFF\x10\0\0\0AVI LIST", 16));
  write_file(folder / "iso", std::string_view("\0\0\0\x18"
                                              "ftypisom\0\0\0\0",
                                              16));
  write_file(folder / "stream.ts", std::string_view("no mark at the begin"));
  for (const char* name : {"no-extension", "matroska", "avi", "iso", "stream.ts"}) {
    EXPECT_TRUE(is_video(folder / name)) << name;
  }
  write_file(folder / "picture.mp4", std::string_view("\x89PNG\r\n\x1A\n and more"));
  write_file(folder / "webp", std::string_view("RIFF\x10\0\0\0WEBPVP8L", 16));
  write_file(folder / "avif", std::string_view("\0\0\0\x18"
                                               "ftypavif\0\0\0\0mif1miaf",
                                               24));
  write_file(folder / "heic", std::string_view("\0\0\0\x18"
                                               "ftypheic\0\0\0\0mif1heic",
                                               24));
  write_file(folder / "text.txt", std::string_view("words"));
  for (const char* name : {"picture.mp4", "webp", "avif", "heic", "text.txt", "missing.mp4", "."}) {
    EXPECT_FALSE(is_video(folder / name)) << name;
  }
}

// Runs in a process of its own, as all tests do.
TEST(OpenVideo, SaysWhichModuleIsMissing) {
  const testing::TemporaryFolder folder;
  write_file(folder / "a.mkv", std::string_view("\x1A\x45\xDF\xA3\x01"));
  setenv("GRADSPACE_MEDIA_MODULE", "/no/such/module.so", 1);
  EXPECT_THAT([&] { open_video(folder / "a.mkv"); },
              ThrowsMessage<FormatError>(AllOf(
                  HasSubstr("a.mkv: not a YUV4MPEG2 video, which is all that this build reads"),
                  HasSubstr("/no/such/module.so is not there"),
                  HasSubstr("the package gradspace-media"), HasSubstr("GRADSPACE_MEDIA=ON"))));
}

TEST(OpenVideo, SaysWhatIsMissing) {
  EXPECT_THAT([] { open_video("/no/such/video.y4m"); },
              ThrowsMessage<IoError>(HasSubstr("/no/such/video.y4m: can't open")));
}

}  // namespace
}  // namespace gradspace
