#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gradspace/challenge_files.h"
#include "gradspace/error.h"

namespace gradspace::challenge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ParseTypes, TakesNamesNumbersAndAll) {
  EXPECT_THAT(parse_types("rain,noise"), ElementsAre(Type::kNoise, Type::kRain));
  EXPECT_THAT(parse_types("09,8,rain"), ElementsAre(Type::kNoise, Type::kRain));
  EXPECT_EQ(parse_types("all").size(), 12U);
  EXPECT_EQ(parse_types("all,rain").size(), 12U);
}

TEST(ParseTypes, ListsTheValidOnes) {
  for (const char* text : {"", "rian", "0", "13", "9x", "-1", "rain,", "99999999999999999999"}) {
    EXPECT_THAT([&] { parse_types(text); },
                ThrowsMessage<InvalidArgument>(HasSubstr("09 rain, 10 shadow")))
        << text;
  }
}

TEST(ParseLevels, TakesNumbersAndRanges) {
  EXPECT_THAT(parse_levels("1-5"), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(parse_levels("3,1"), ElementsAre(1, 3));
  EXPECT_THAT(parse_levels("2-3,3-4,5"), ElementsAre(2, 3, 4, 5));
}

TEST(ParseLevels, RefusesOthers) {
  for (const char* text : {"", "0", "6", "1-6", "5-1", "-", "1-", "-2", "a", "1,,2", "1.5"}) {
    EXPECT_THAT([&] { parse_levels(text); },
                ThrowsMessage<InvalidArgument>(HasSubstr("within 1 to 5")))
        << text;
  }
}

TEST(ParseFormat, TakesThree) {
  EXPECT_EQ(parse_format("bmp"), ImageFormat::kBmp);
  EXPECT_EQ(parse_format("png"), ImageFormat::kPng);
  EXPECT_EQ(parse_format("jpg"), ImageFormat::kJpeg);
  EXPECT_THROW(parse_format("gif"), InvalidArgument);
}

TEST(ParseSplit, TakesCountsAndPercent) {
  EXPECT_THAT(parse_split("train=4000,val=1000,test=20%"),
              ElementsAre(SetShare{"train", 4000, false}, SetShare{"val", 1000, false},
                          SetShare{"test", 20, true}));
}

TEST(ParseSplit, RefusesOthers) {
  for (const char* text : {"", "train", "train=", "train=0", "train=-1", "train=101%", "dev=3",
                           "train=1,train=2", "train=1,", "train=1.5", "train=%"}) {
    EXPECT_THROW(parse_split(text), InvalidArgument) << text;
  }
}

}  // namespace
}  // namespace gradspace::challenge
