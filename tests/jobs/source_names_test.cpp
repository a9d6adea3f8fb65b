#include "jobs/source_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::vector<std::string> names(std::vector<std::string> paths) {
  return names_of_sources(paths);
}

TEST(SourceNames, AreThoseOfTheFolders) {
  EXPECT_THAT(names({"faults/rain", "faults/fog/", "./snow", "/"}),
              ElementsAre("rain", "fog", "snow", "/"));
  EXPECT_THAT(names({"-"}), ElementsAre("standard input"));
}

TEST(SourceNames, HaveAsManyFoldersAroundThemAsTellThemApart) {
  EXPECT_THAT(names({"/a/night/rain", "/a/day/rain", "/a/day/fog"}),
              ElementsAre("night/rain", "day/rain", "fog"));
  EXPECT_THAT(names({"/x/rain", "/rain", "/x/y/rain"}), ElementsAre("x/rain", "rain", "y/rain"));
}

TEST(SourceNames, OfFilesAreThoseOfTheirFolders) {
  const testing::TemporaryFolder folder;
  for (const char* file : {"rain/1.png", "rain/2.png", "fog/1.png"}) {
    std::filesystem::create_directories((folder / file).parent_path());
    write_file(folder / file, std::string_view("x"));
  }
  const auto at = [&](const char* path) { return (folder / path).string(); };
  EXPECT_THAT(names({at("rain/1.png"), at("rain/2.png"), at("fog/1.png"), at("fog")}),
              ElementsAre("rain", "rain", "fog", "fog"));
  const std::vector<std::string> matrices{at("rain/1.png"), at("fog/1.png"), at("fog")};
  EXPECT_THAT(names_of_sources(matrices, /*files_apart=*/true),
              ElementsAre("rain/1.png", "fog/1.png", "fog"));
}

TEST(SourceNames, RefuseAPathGivenTwice) {
  EXPECT_THAT(
      [] {
        names({"rain", "fog", "./fog/../rain/"});
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("is given twice")));
}

}  // namespace
}  // namespace gradspace
