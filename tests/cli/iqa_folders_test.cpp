// `gradspace iqa` with several folders, as people and programs use it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "core/file.h"
#include "gradspace/image.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Two references, as JPEG at three qualities, and a folder of exact copies.
class IqaFolders : public ::testing::Test {
 protected:
  IqaFolders() {
    for (const char* name : {"one", "two"}) {
      const Image image = read_image(
          testing::data_file(fmt::format("quality/pair{}_ref.png", *name == 'o' ? 1 : 2)));
      put(fmt::format("ref/{}.png", name), image);
      put(fmt::format("copies/{}.png", name), image);
      for (const int quality : {20, 50, 80}) {
        put(fmt::format("jpeg-q{}/{}.jpg", quality, name), image, quality);
      }
    }
  }

  void put(const std::string& name, const Image& image, int quality = 95) const {
    fs::create_directories((folder_ / name).parent_path());
    write_image(folder_ / name, image, {quality});
  }

  /// Runs it in the folder; `status_` is what it exits with.
  std::string iqa(const std::string& arguments) {
    const auto output =
        testing::run_shell(fmt::format("cd {} && {} iqa --quiet {} 2>stderr",
                                       folder_.path().string(), GRADSPACE_COMMAND, arguments));
    status_ = output.status >> 8;
    return output.text;
  }
  std::string errors() const { return read_text_file(folder_ / "stderr"); }
  std::string text_of(const std::string& name) const { return read_text_file(folder_ / name); }

  static std::size_t lines_in(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

  static constexpr const char* kFolders = "ref jpeg-q20 jpeg-q50 jpeg-q80 --metric psnr,gmsd ";
  testing::TemporaryFolder folder_;
  int status_ = -1;
};

TEST_F(IqaFolders, SumsUpForPeople) {
  const std::string table = iqa(kFolders);
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(errors(), "");
  EXPECT_THAT(table,
              AllOf(HasSubstr("psnr (larger is better)"), HasSubstr("gmsd (smaller is better)"),
                    HasSubstr("jpeg-q50"), HasSubstr("worst image")));
  EXPECT_THAT(table, Not(HasSubstr("BD-rate"))) << "there is one codec";
  const std::string with_copies = iqa("ref jpeg-q20 copies --metric psnr");
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(with_copies, HasSubstr("inf"));
}

TEST_F(IqaFolders, ARowAPairForPrograms) {
  const std::string csv = iqa(std::string(kFolders) + "--format csv");
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(lines_in(csv), 2U + 6U);
  EXPECT_THAT(csv, HasSubstr("\nfolder,reference,distorted,bytes,bpp,psnr,gmsd\n"));
  std::istringstream lines(iqa(std::string(kFolders) + "--format jsonl"));
  std::size_t rows = 0;
  for (std::string line; std::getline(lines, line); ++rows) {
    const auto row = nlohmann::json::parse(line);
    const auto file = folder_ / (row.at("folder").get<std::string>() + "/" +
                                 row.at("distorted").get<std::string>());
    EXPECT_EQ(row.at("bytes"), fs::file_size(file));
    EXPECT_GT(row.at("bpp"), 0);
    EXPECT_GT(row.at("psnr"), 10);
    EXPECT_EQ(row.at("reference"), rows < 3 ? "one.png" : "two.png");
  }
  EXPECT_EQ(rows, 6U);
}

TEST_F(IqaFolders, WritesItsResults) {
  const std::string table = iqa(std::string(kFolders) + "--out out");
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(table, HasSubstr("jpeg-q50"));
  EXPECT_EQ(lines_in(text_of("out/scores.csv")), 1U + 6U);
  const auto results = nlohmann::json::parse(text_of("out/results.json"));
  EXPECT_EQ(results.at("folders").size(), 3U);
  EXPECT_EQ(results.at("folders")[2].at("name"), "jpeg-q80");
  const auto described = testing::run_shell(fmt::format(
      "{} info {} --format json", GRADSPACE_COMMAND, (folder_ / "out/results.json").string()));
  EXPECT_THAT(described.text, HasSubstr("folder-comparison"));
  // A file for build servers may lie there, too.
  iqa(std::string(kFolders) + "--out new/ --junit ./new/junit.xml");
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(text_of("new/junit.xml"), HasSubstr("tests=\"6\""));
  // Of one folder, too, whose rows are else its only output.
  const std::string one = iqa("ref jpeg-q20 --metric psnr --out one");
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(lines_in(text_of("one/scores.csv")), 1U + 2U);
  iqa("ref jpeg-q20 --out jpeg-q20");
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(errors(), HasSubstr("the output is the input"));
}

TEST_F(IqaFolders, GatesOfSeveralMetrics) {
  iqa(std::string(kFolders) + "--fail-below 10,gmsd=0.5");
  EXPECT_EQ(status_, 0);
  iqa(std::string(kFolders) + "--fail-below psnr=10,gmsd=0.000001 --junit out.xml");
  EXPECT_EQ(status_, 3);
  EXPECT_THAT(errors(), HasSubstr("jpeg-q20/one.jpg: gmsd is 0."));
  EXPECT_THAT(errors(), HasSubstr(", more than 1e-06"));
  EXPECT_THAT(
      text_of("out.xml"),
      HasSubstr("<testsuites name=\"gradspace iqa\" tests=\"6\" failures=\"6\" errors=\"0\">"));
  EXPECT_THAT(text_of("out.xml"), HasSubstr("<testcase classname=\"jpeg-q20\" name=\"one.jpg\">"));
  iqa(std::string(kFolders) + "--fail-below ssim=0.9");
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(errors(), HasSubstr("'ssim' is not one of the metrics that are scored"));
}

TEST_F(IqaFolders, WhatFailsIsAnErrorForBuildServers) {
  write_file(folder_ / "jpeg-q20/one.jpg", std::string_view());
  fs::remove(folder_ / "jpeg-q50/two.jpg");
  fs::create_directories(folder_ / "empty");
  iqa(std::string(kFolders) + "empty --fail-below 99 --junit out.xml");
  EXPECT_EQ(status_, 1) << "what could not be judged weighs more than a gate";
  EXPECT_THAT(errors(), AllOf(HasSubstr("jpeg-q20/one.jpg"),
                              HasSubstr("1 of 5 pairs could not be scored; "
                                        "2 images or folders have no partner")));
  const std::string xml = text_of("out.xml");
  EXPECT_THAT(xml, HasSubstr("tests=\"7\" failures=\"4\" errors=\"3\""));
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"empty\" tests=\"1\""));
}

TEST_F(IqaFolders, NothingAtAllIsAFileForBuildServersToo) {
  fs::create_directories(folder_ / "empty");
  const std::string table = iqa("ref empty --metric psnr --out out --junit out.xml");
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(table, HasSubstr("empty"));
  EXPECT_THAT(text_of("out.xml"), HasSubstr("tests=\"1\" failures=\"0\" errors=\"1\""));
  EXPECT_FALSE(fs::exists(folder_ / "out/results.json"));
}

TEST_F(IqaFolders, JUnitOfPairsAndOfTwoFolders) {
  iqa("ref/one.png jpeg-q20/one.jpg --metric psnr --fail-below 99 --junit pair.xml");
  EXPECT_EQ(status_, 3);
  EXPECT_THAT(text_of("pair.xml"), HasSubstr("name=\"jpeg-q20/one.jpg\">"));
  fs::remove(folder_ / "jpeg-q20/two.jpg");
  iqa("ref jpeg-q20 --metric psnr --junit folders.xml");
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(text_of("folders.xml"),
              AllOf(HasSubstr("<testcase classname=\"jpeg-q20\" name=\"one.jpg\"/>"),
                    HasSubstr("errors=\"1\""), HasSubstr("ref/two.png: no image of that name")));
  write_file(folder_ / "pairs.csv",
             std::string_view("reference,distorted\nref/one.png,copies/one.png\n"));
  iqa("--pairs pairs.csv --metric psnr --junit pairs.xml");
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(text_of("pairs.xml"),
              HasSubstr("<testsuite name=\"pairs.csv\" tests=\"1\" failures=\"0\" errors=\"0\">"));
  iqa("ref jpeg-q20 --junit missing/x.xml");
  EXPECT_EQ(status_, 1);
  iqa("ref copies --junit copies/one.png");
  EXPECT_EQ(status_, 2);
}

TEST_F(IqaFolders, CurvesAndAnchor) {
  const std::string table = iqa(
      "ref --curve good=jpeg-q50,jpeg-q80 --curve bad=jpeg-q20,copies --anchor bad --metric gmsd");
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(table, AllOf(HasSubstr("than bad (pchip)"), HasSubstr("good       gmsd")));
  iqa("ref jpeg-q20 jpeg-q50 --anchor webp --metric psnr");
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(errors(), HasSubstr("anchor 'webp' is not one of the curves jpeg"));
}

TEST_F(IqaFolders, RefusesWhatItDoesNotUnderstand) {
  for (const char* wrong :
       {"ref", "ref jpeg-q20 jpeg-q50 --curve x", "ref jpeg-q20 --anchor x",
        "ref jpeg-q20 jpeg-q50 --interpolation linear", "ref jpeg-q20 copies --map x.png",
        "--pairs x.csv --out y", "ref jpeg-q20 copies --fail-below x"}) {
    iqa(wrong);
    EXPECT_EQ(status_, 2) << wrong;
  }
  iqa("ref jpeg-q20 ./jpeg-q20/");
  EXPECT_EQ(status_, 2);
  EXPECT_THAT(errors(), HasSubstr("stands twice among the folders"));
  iqa("ref jpeg-q20 nowhere");
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(errors(), HasSubstr("nowhere: there is no such folder"));
}

}  // namespace
}  // namespace gradspace
