#include "jobs/folder_comparison/folder_names.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "gradspace/compare_folders.h"

namespace gradspace {
namespace {

using Names = std::vector<std::string>;

Names names_of_folders(const Names& folders) {
  std::vector<std::filesystem::path> paths;
  for (const std::string& folder : folders) {
    paths.push_back(tidy_folder(folder));
  }
  return folder_names(paths);
}

TEST(FolderNames, AreAsShortAsTheyCanBe) {
  EXPECT_EQ(names_of_folders({"out/jpeg-q30", "out/webp"}), Names({"jpeg-q30", "webp"}));
  EXPECT_EQ(names_of_folders({"out/webp/30/", "./out/webp/50"}), Names({"webp/30", "webp/50"}));
  EXPECT_EQ(names_of_folders({"a/x/best", "b/x/best", "c"}), Names({"a/x/best", "b/x/best", "c"}));
  EXPECT_EQ(names_of_folders({"x", "y/x"}), Names({"x", "y/x"}));
  EXPECT_EQ(names_of_folders({"/x", "x"}), Names({"/x", "x"}));
  EXPECT_EQ(names_of_folders({"30", "/"}), Names({"30", "/"}));
  EXPECT_EQ(names_of_folders({"..", "."}), Names({"..", "."}));
}

TEST(FolderNames, OneFolderHasOnePath) {
  for (const char* same : {"a/b", "a/b/", "./a/b", "a//b", "a/c/../b", "a/b/."}) {
    EXPECT_EQ(tidy_folder(same), "a/b") << same;
  }
  EXPECT_EQ(tidy_folder("/"), "/");
}

TEST(FolderNames, SayWhichCurveAFolderIsOf) {
  const std::vector<std::pair<std::string, std::string>> curves{
      {"jpeg-q30", "jpeg"},
      {"webp/30", "webp"},
      {"jxl_d1.5", "jxl"},
      {"avif-s6-crf40", "avif-s6"},
      {"jpeg 80", "jpeg"},
      {"q=80", "q"},
      {"jpeg444-q10", "jpeg444"},
      // No separator, no number, or nothing before them.
      {"jpeg2000", "jpeg2000"},
      {"jpeg-xl", "jpeg-xl"},
      {"30", "30"},
      {"-30", "-30"},
      {"q30", "q30"},
      {"jpeg-", "jpeg-"},
      {"jpeg-30.", "jpeg-30."},
      {"jpeg-.5", "jpeg-.5"},
      {"", ""}};
  for (const auto& [name, curve] : curves) {
    EXPECT_EQ(curve_of_folder(name), curve) << name;
  }
}

}  // namespace
}  // namespace gradspace
