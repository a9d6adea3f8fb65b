#include <gtest/gtest.h>

#include <string>

#include "gradspace/source.h"

namespace gradspace {
namespace {

TEST(CureTsrName, ReadsTheSevenFields) {
  const auto name = CureTsrName::parse("01_14_09_03_02_05_0003.bmp");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->sequence, 1);
  EXPECT_EQ(name->sign, 14);
  EXPECT_EQ(name->challenge, 9);
  EXPECT_EQ(name->level, 3);
  EXPECT_EQ(name->index, "02_05_0003");
}

TEST(CureTsrName, ReadsTheFiveFieldsOfTheDataSetAsDistributed) {
  const auto name = CureTsrName::parse("Real_Test/Rain-3/01_05_09_03_0007.bmp");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->sequence, 1);
  EXPECT_EQ(name->sign, 5);
  EXPECT_EQ(name->challenge, 9);
  EXPECT_EQ(name->level, 3);
  EXPECT_EQ(name->index, "0007");
  EXPECT_EQ(name->text(), "01_05_09_03_0007");
}

TEST(CureTsrName, TakesFoldersAndNoExtensionToo) {
  for (const char* text :
       {"01_01_00_00_00_05_0003", "RealChallengeFree/train/01_01_00_00_00_05_0003.bmp",
        "/a.b/01_01_00_00_00_05_0003", "01_01_00_00_00_05_0003.png"}) {
    const auto name = CureTsrName::parse(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(name->text(), "01_01_00_00_00_05_0003");
  }
}

TEST(CureTsrName, TextOfEveryChallengeAndLevelParsesBack) {
  for (int challenge = 0; challenge <= 12; ++challenge) {
    for (int level = 0; level <= 5; ++level) {
      const CureTsrName name{2, 7, challenge, level, "00_01_12345"};
      const auto parsed = CureTsrName::parse(name.text() + ".bmp");
      ASSERT_TRUE(parsed) << name.text();
      EXPECT_EQ(parsed->challenge, challenge);
      EXPECT_EQ(parsed->level, level);
      EXPECT_EQ(parsed->text(), name.text());
    }
  }
}

class NotACureTsrName : public ::testing::TestWithParam<std::string> {};

TEST_P(NotACureTsrName, IsRefused) {
  EXPECT_FALSE(CureTsrName::parse(GetParam())) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Names, NotACureTsrName,
    ::testing::Values("", "/", ".", "_", "______", "______.bmp", "photo.bmp",
                      "01_01_00_00_00_05",                              // six fields
                      "01_01_00_00", "01_01_00_00_", "01_01_00_00_12",  // four; no index; a time
                      "01_01_00_00_x001", "01_01_13_00_0001", "01_01_00_06_0001",
                      "01_01_00_00_0000000001",        // more digits than an index has
                      "01_01_00_00_00_05_0003_1",      // eight
                      "01_01_00_00_00_05_0003.bmp.x",  // two extensions
                      "01_01_00_00_00_05_0003/",       // a folder
                      "00_01_00_00_00_05_0003", "03_01_00_00_00_05_0003",  // sequence
                      "01_00_00_00_00_05_0003", "01_15_00_00_00_05_0003",  // sign
                      "01_01_13_00_00_05_0003", "01_01_99_00_00_05_0003",  // challenge
                      "01_01_00_06_00_05_0003",                            // level
                      "1_01_00_00_00_05_0003", "001_01_00_00_00_05_0003",  // widths
                      "01_01_00_-1_00_05_0003", "01_01_ 0_00_00_05_0003", "01_01_+1_00_00_05_0003",
                      "01_01_00_00_00_05_", "01_01_00_00__05_0003", "01_01_00_00_00_05_00x3",
                      "01_01_00_00_00_05_99999999999999999999",
                      std::string("01_01_00_00_00_05_0003\0", 23), "01_01_00_00_00_05_0003\n.bmp",
                      "\xEF\xBC\x90\x31_01_00_00_00_05_0003"));

}  // namespace
}  // namespace gradspace
