#include "data/feature_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "core/random.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string row_text(const FeatureRow& row, std::uint64_t number = 0) {
  CsvWriter csv;
  add_index_row(csv, number, row);
  return std::string(csv.text());
}

FeatureRow read_row(const std::string& text, std::uint64_t number = 0) {
  CsvReader reader(text, std::size_t{0}, "index.csv");
  FeatureRow row;
  reader.read_index_row(number, false, row);
  EXPECT_TRUE(reader.at_end());
  return row;
}

TEST(FeatureIndex, HasTheColumnsOfTheDesign) {
  const FeatureRow row{{"a/b.bmp", "val", 9, 2, 14}, 0, 0.1F, 12.5F};
  EXPECT_EQ(row_text(row, 41), "41,a/b.bmp,val,9,2,14,0,0.1,12.5\n");
  EXPECT_EQ(kIndexHeader, "row,path,set,challenge,level,class,label,bce,kld\n");
}

TEST(FeatureIndex, HostileNamesComeBack) {
  for (const std::string name :
       {"plain.bmp", "a,b", "\"", "\"\"", "say \"hi\", twice", "line\nbreak", "cr\r\n", "",
        "\xFF\xFE", " spaces ", "a\",\"b", ",", "\n"}) {
    FeatureRow row;
    row.image.path = name;
    row.image.set = name;
    const FeatureRow back = read_row(row_text(row));
    EXPECT_EQ(back.image.path, name);
    EXPECT_EQ(back.image.set, name);
    EXPECT_EQ(back.image.object_class, -1);
  }
}

TEST(FeatureIndex, QuotesAsOthersDo) {
  FeatureRow row;
  row.image.path = "say \"hi\", twice";
  EXPECT_THAT(row_text(row), HasSubstr("0,\"say \"\"hi\"\", twice\",,0,0,-1,1,0,0\n"));
}

TEST(FeatureIndex, EveryFloatComesBack) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
    if (std::isnan(value)) {
      continue;
    }
    FeatureRow row;
    row.bce = value;
    row.kld = -value;
    const FeatureRow back = read_row(row_text(row));
    EXPECT_EQ(back.bce, value);
    EXPECT_EQ(back.kld, -value);
  }
  FeatureRow row;
  row.bce = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(read_row(row_text(row)).bce));
}

TEST(FeatureIndex, EveryTruncationOfARowIsRefused) {
  FeatureRow row;
  row.image.path = "a \"b\", c";
  const std::string text = row_text(row);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_THROW(read_row(text.substr(0, size)), FormatError) << text.substr(0, size);
  }
}

class BadIndexRow : public ::testing::TestWithParam<const char*> {};

TEST_P(BadIndexRow, IsRefused) {
  EXPECT_THROW(read_row(GetParam()), FormatError) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Rows, BadIndexRow,
                         ::testing::Values("\n", "0,a,train,0,0,1,1,0\n", "0,a,,0,0,1,1,0,0,0\n",
                                           "1,a,,0,0,1,1,0,0\n",   // another row's number
                                           "-1,a,,0,0,1,1,0,0\n",  // no number of a row
                                           "0,a,,x,0,1,1,0,0\n", "0,a,,,0,1,1,0,0\n",
                                           "0,a,,0,0,1,1,0,1e\n", "0,a,,0,0,1,1,0,1 \n",
                                           "0,a,,0,0,99999999999,1,0,0\n",
                                           "0,\"a,,0,0,1,1,0,0\n",  // open quote
                                           "0,\"a\"b,,0,0,1,1,0,0\n", "0,a\"b\",,0,0,1,1,0,0\n",
                                           "0,a,,0,0,1,1,0,0\r\n"));

TEST(CsvReader, SaysWhichLineOfWhichFile) {
  const std::string text = std::string(kIndexHeader) + "0,a,,0,0,1,1,0,0\n1,b,,0,0,1,1,zero,0\n";
  CsvReader reader(text, kIndexHeader, "set/index.csv");
  FeatureRow row;
  reader.read_index_row(0, false, row);
  EXPECT_THAT(
      [&] { reader.read_index_row(1, false, row); },
      ThrowsMessage<FormatError>("set/index.csv: line 3: a field that should be a number is not"));
  EXPECT_THAT([] { CsvReader("path,reason\n", kIndexHeader, "f"); },
              ThrowsMessage<FormatError>(HasSubstr("does not start with the line row,path")));
}

TEST(Failures, ComeBack) {
  const FailedImage failure{"a,b.bmp", "a,b.bmp: \"truncated\"\nreally"};
  CsvWriter csv;
  add_failure(csv, failure);
  CsvReader reader(csv.text(), std::size_t{0}, "failures.csv");
  FailedImage back;
  reader.read_failure(back);
  EXPECT_EQ(back, failure);
  EXPECT_TRUE(reader.at_end());
}

}  // namespace
}  // namespace gradspace
