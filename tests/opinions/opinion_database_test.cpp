#include "gradspace/opinion_database.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/file.h"
#include "gradspace/error.h"
#include "matlab/matlab_file.h"
#include "opinions/database.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Files that are looked for, never opened.
void touch(const fs::path& root, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    fs::create_directories((root / file).parent_path());
    write_file(root / file, std::string_view());
  }
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Tid2013, FindsItsFilesInOddLetterCases) {
  const testing::TemporaryFolder root;
  touch(root.path(), {"reference_images/I01.BMP", "reference_images/i25.bmp",
                      "distorted_images/i01_01_1.bmp", "distorted_images/I25_24_5.BMP"});
  write_file(root / "MOS_with_names.TXT",
             std::string_view("5.51429 I01_01_1.bmp\r\n5.56757 i01_10_2.bmp\r\n"
                              "2.25000 I25_24_5.bmp\r\n\r\n"));
  write_file(root / "mos_std.txt", std::string_view("0.13013\n0.1\n0.2\n"));
  const OpinionDatabase database = open_opinion_database("tid2013", root.path());
  EXPECT_TRUE(database.larger_is_better);
  EXPECT_EQ(database.listed, 3U);
  EXPECT_THAT(database.missing, ElementsAre("distorted_images/i01_10_2.bmp"));
  ASSERT_EQ(database.pairs.size(), 2U);
  const OpinionPair& first = database.pairs[0];
  EXPECT_EQ(first.reference, "reference_images/I01.BMP");
  EXPECT_EQ(first.distorted, "distorted_images/i01_01_1.bmp");
  EXPECT_EQ(first.type, "additive Gaussian noise");
  EXPECT_EQ(first.opinion, 5.51429);
  EXPECT_EQ(first.deviation, 0.13013);
  EXPECT_EQ(database.pairs[1].reference, "reference_images/i25.bmp");
  EXPECT_EQ(database.pairs[1].distorted, "distorted_images/I25_24_5.BMP");
  EXPECT_EQ(database.pairs[1].type, "sparse sampling and reconstruction");
}

TEST(Tid2013, NamesTheLineThatIsWrong) {
  const auto parse = [](std::string_view opinions, std::optional<std::string_view> deviations) {
    return error_of([&] { databases::parse_tid2013(opinions, deviations, "list"); });
  };
  EXPECT_THAT(parse("5 I01_01_1.bmp\nI01_01_2.bmp 5\n", {}), HasSubstr("list: line 2"));
  EXPECT_THAT(parse("nan I01_01_1.bmp", {}), HasSubstr("line 1"));
  EXPECT_THAT(parse("5 ../I01_01_1.bmp", {}), HasSubstr("line 1"));
  EXPECT_THAT(parse("5 I01_01_1.bmp", ""), HasSubstr("fewer deviations"));
  EXPECT_THAT(parse("5 I01_01_1.bmp", "1 \n 2"), HasSubstr("more deviations"));
  EXPECT_THAT(parse("5 I01_01_1.bmp", "-1"), HasSubstr("negative"));
}

TEST(Kadid, ReadsItsList) {
  const testing::TemporaryFolder root;
  touch(root.path(), {"images/I01.png", "images/I01_01_01.PNG", "images/I01_25_05.png"});
  write_file(root / "dmos.csv", std::string_view("dist_img,ref_img,dmos,var\n"
                                                 "I01_01_01.png,I01.png,4.57,0.49\n"
                                                 "I01_25_05.png,I01.png,1.2,0.25\n"
                                                 "I02_25_05.png,I02.png,1.2,0.25\n"));
  const OpinionDatabase database = open_opinion_database("kadid", root.path());
  EXPECT_TRUE(database.larger_is_better);
  EXPECT_THAT(database.missing, ElementsAre("images/I02.png", "images/I02_25_05.png"));
  ASSERT_EQ(database.pairs.size(), 2U);
  EXPECT_EQ(database.pairs[0].distorted, "images/I01_01_01.PNG");
  EXPECT_EQ(database.pairs[0].type, "Gaussian blur");
  EXPECT_EQ(database.pairs[0].opinion, 4.57);
  EXPECT_DOUBLE_EQ(*database.pairs[0].deviation, 0.7);
  EXPECT_EQ(database.pairs[1].type, "contrast change");
  EXPECT_THAT(
      error_of([] { databases::parse_kadid("dist_img,ref_img,dmos,var\na,b,1,-1\n", "d"); }),
      HasSubstr("variance"));
  EXPECT_THAT(error_of([] { databases::parse_kadid("dist_img,dmos\na,1\n", "d"); }),
              HasSubstr("ref_img"));
}

TEST(CsvList, KnowsTypesAndDeviationsWhereTheyAre) {
  const testing::TemporaryFolder root;
  touch(root.path(), {"ref/a.png", "dist/A, blurred.png", "a2.png"});
  write_file(root / "list.csv", std::string_view("reference,distorted,score,type,std\n"
                                                 "ref/a.png,\"dist/a, BLURRED.png\",3.5,blur,0.5\n"
                                                 "./ref/../ref/a.png,a2.png,1e0,\"\",0\n"));
  const OpinionDatabase database = open_opinion_database("csv", root / "list.csv");
  ASSERT_EQ(database.pairs.size(), 2U);
  EXPECT_EQ(database.root, root.path());
  EXPECT_EQ(database.pairs[0].distorted, "dist/A, blurred.png");
  EXPECT_EQ(database.pairs[0].type, "blur");
  EXPECT_EQ(database.pairs[0].deviation, 0.5);
  EXPECT_EQ(database.pairs[1].reference, "ref/a.png");
  EXPECT_EQ(database.pairs[1].opinion, 1);
  const auto plain = databases::parse_csv_list("score,distorted,reference\n2,b,a\n", "list");
  ASSERT_EQ(plain.size(), 1U);
  EXPECT_EQ(plain[0].reference, "a");
  EXPECT_FALSE(plain[0].deviation);
}

TEST(Live, TakesRealignedScoresAndPassesOverOriginals) {
  const testing::TemporaryFolder root;
  fs::copy(testing::data_file("quality/live"), root.path(), fs::copy_options::recursive);
  touch(root.path(), {"refimgs/Buildings.bmp", "refimgs/sailing1.bmp", "jp2k/IMG2.bmp",
                      "jp2k/img1.bmp", "fastfading/img174.bmp"});
  const OpinionDatabase database = open_opinion_database("live", root.path());
  EXPECT_FALSE(database.larger_is_better);
  // Of 982 images numbered from 0 every fifth is an original.
  EXPECT_EQ(database.listed, 982U - 197U);
  ASSERT_EQ(database.pairs.size(), 2U);  // jp2k/img1.bmp is an original
  const OpinionPair& first = database.pairs[0];
  EXPECT_EQ(first.distorted, "jp2k/IMG2.bmp");
  EXPECT_EQ(first.reference, "refimgs/sailing1.bmp");
  EXPECT_EQ(first.type, "jp2k");
  EXPECT_DOUBLE_EQ(first.opinion, 0.05);
  EXPECT_DOUBLE_EQ(*first.deviation, 1.01);
  const OpinionPair& last = database.pairs[1];
  EXPECT_EQ(last.distorted, "fastfading/img174.bmp");
  EXPECT_EQ(last.type, "fastfading");
  EXPECT_DOUBLE_EQ(last.opinion, 981 * 0.05);
}

TEST(Live, MakesDoWithOlderScoresAndInfoFiles) {
  const testing::TemporaryFolder root;
  fs::copy(testing::data_file("quality/live/dmos.mat"), root.path());
  touch(root.path(), {"refimgs/house.bmp", "wn/img3.bmp"});
  const auto info = [](int images) {
    std::string text;
    for (int i = images; i >= 1; --i) {  // in no order
      text += fmt::format("house.bmp img{}.bmp {}\n", i, 0.5 * i);
    }
    return text;
  };
  for (const auto& [folder, images] : std::vector<std::pair<std::string, int>>{
           {"jp2k", 227}, {"jpeg", 233}, {"wn", 174}, {"gblur", 174}, {"fastfading", 174}}) {
    fs::create_directories(root / folder);
    write_file(root / folder / "Info.txt", info(images));
  }
  const OpinionDatabase database = open_opinion_database("live", root.path());
  ASSERT_EQ(database.pairs.size(), 1U);
  EXPECT_EQ(database.pairs[0].reference, "refimgs/house.bmp");
  EXPECT_DOUBLE_EQ(database.pairs[0].opinion, (227 + 233 + 2) * 0.1);
  EXPECT_FALSE(database.pairs[0].deviation);
  write_file(root / "wn/Info.txt", info(2));
  EXPECT_THAT(error_of([&] { open_opinion_database("live", root.path()); }),
              HasSubstr("wn/img3.bmp"));
}

TEST(LiveMultiplyDistorted, HasTwoParts) {
  const testing::TemporaryFolder root;
  fs::copy(testing::data_file("quality/live_md"), root.path(), fs::copy_options::recursive);
  touch(root.path(), {"Part 1/blurjpeg/bikes.bmp", "Part 1/blurjpeg/bikes_002.bmp",
                      "Part 2/BlurNoise/iceroad.bmp", "Part 2/BlurNoise/iceroad_002.bmp"});
  const OpinionDatabase database = open_opinion_database("live-md", root.path());
  EXPECT_FALSE(database.larger_is_better);
  EXPECT_EQ(database.listed, 8U);  // five a part, of which one is a reference image
  ASSERT_EQ(database.pairs.size(), 2U);
  EXPECT_EQ(database.pairs[0].distorted, "Part 1/blurjpeg/bikes_002.bmp");
  EXPECT_EQ(database.pairs[0].reference, "Part 1/blurjpeg/bikes.bmp");
  EXPECT_EQ(database.pairs[0].opinion, 31);
  EXPECT_EQ(database.pairs[0].type, "blur and JPEG");
  EXPECT_EQ(database.pairs[1].distorted, "Part 2/BlurNoise/iceroad_002.bmp");
  EXPECT_EQ(database.pairs[1].opinion, 52.25);
  EXPECT_EQ(database.pairs[1].type, "blur and noise");
}

TEST(OpinionDatabase, SaysWhatIsNotThere) {
  const testing::TemporaryFolder root;
  EXPECT_THAT(error_of([&] { open_opinion_database("tid", root.path()); }),
              HasSubstr("tid2013, live, live-md, kadid, csv"));
  for (const OpinionDatabaseInfo& info : all_opinion_databases()) {
    EXPECT_THROW(open_opinion_database(info.name, root / "none"), IoError) << info.name;
  }
  EXPECT_THAT(error_of([&] { open_opinion_database("tid2013", root.path()); }),
              HasSubstr("mos_with_names.txt"));
  write_file(root / "dmos.csv", std::string_view("dist_img,ref_img,dmos,var\na.png,b.png,1,1\n"));
  EXPECT_THAT(error_of([&] { open_opinion_database("kadid", root.path()); }),
              HasSubstr("none has both its files"));
}

TEST(MatlabFile, ReadsNumbersAndTextsAndRefusesOthers) {
  const MatlabFile file(testing::data_file("quality/texts_and_numbers.mat"));
  EXPECT_TRUE(file.has("half"));
  EXPECT_FALSE(file.has("nothing"));
  EXPECT_THAT(file.numbers("half", 2), ElementsAre(0.5, 1.5));
  EXPECT_THAT(file.numbers("whole", 4), ElementsAre(-3, 5, 4, 6));
  EXPECT_THAT(file.texts("accented"), ElementsAre("caf?"));
  EXPECT_THROW(file.numbers("half", 3), FormatError);
  EXPECT_THROW(file.numbers("nothing", 1), FormatError);
  EXPECT_THROW(file.numbers("complex", 2), FormatError);
  EXPECT_THROW(file.numbers("infinite", 2), FormatError);
  EXPECT_THROW(file.numbers("accented", 1), FormatError);
  EXPECT_THROW(file.texts("half"), FormatError);
  EXPECT_THROW(file.texts("text"), FormatError);
  EXPECT_THROW(file.texts("mixed"), FormatError);
  EXPECT_THROW(file.texts("long"), FormatError);
  EXPECT_THROW(file.texts("accented", 2), FormatError);
}

TEST(MatlabFile, RefusesDamagedFiles) {
  const testing::TemporaryFolder folder;
  const auto bytes = read_file(testing::data_file("quality/live/refnames_all.mat"));
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, bytes.size() / 2}) {
    write_file(folder / "cut.mat", std::span(bytes).first(size));
    EXPECT_THROW(MatlabFile(folder / "cut.mat").texts("refnames_all"), FormatError) << size;
  }
  EXPECT_THROW(MatlabFile(folder / "none.mat"), IoError);
}

}  // namespace
}  // namespace gradspace
