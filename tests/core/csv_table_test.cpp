#include "core/csv_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/csv.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(CsvTable, ReadsFieldsByTheirColumnsNames) {
  CsvTable table("path,score\na.png,0.5\nb.png,-2e3\n", "t.csv");
  const std::size_t score = table.column("score");
  ASSERT_TRUE(table.next());
  EXPECT_EQ(table.text(table.column("path")), "a.png");
  EXPECT_EQ(table.number(score), 0.5);
  ASSERT_TRUE(table.next());
  EXPECT_EQ(table.number(score), -2000);
  EXPECT_FALSE(table.next());
  EXPECT_EQ(table.find_column("bce"), std::nullopt);
}

TEST(CsvTable, TakesQuotesLineBreaksWindowsLineEndsAndAMissingLastLineEnd) {
  CsvTable table("\xEF\xBB\xBFname,n\r\n\"a, \"\"b\"\"\nc\",1\r\n\"d\",2", "t.csv");
  ASSERT_TRUE(table.next());
  EXPECT_EQ(table.text(0), "a, \"b\"\nc");
  EXPECT_EQ(table.integer(1, 0, 9), 1);
  ASSERT_TRUE(table.next());
  EXPECT_EQ(table.text(0), "d");
  EXPECT_EQ(table.integer(1, 0, 9), 2);
  EXPECT_FALSE(table.next());
}

/// Two columns called "a" and "b", as "A|B" a row.
std::string rows_of(std::string_view text) {
  CsvTable table(text, "t.csv");
  std::string rows;
  while (table.next()) {
    rows += std::string(table.text(table.column("a"))) + "|";
    rows += std::string(table.text(table.column("b"))) + "\n";
  }
  return rows;
}

TEST(CsvTable, ReadsWhatSpreadsheetsAndPeopleMakeOfTheFormat) {
  const std::string wanted = "x|1\ny|2\n";
  EXPECT_EQ(rows_of("a,b\nx,1\n\n  \ny,2\n\n"), wanted) << "blank lines";
  EXPECT_EQ(rows_of("\n\na,b\r\n\r\nx,1\r\ny,2\r\n\r\n"), wanted) << "of Windows";
  EXPECT_EQ(rows_of("a,b,,\nx,1,,\ny,2,,\n,,,\n"), wanted) << "empty columns";
  EXPECT_EQ(rows_of("a,b\nx,1,,\ny,2\n"), wanted) << "empty fields";
  EXPECT_EQ(rows_of("a;b\nx;1\ny;2\n"), wanted) << "semicolons";
  EXPECT_EQ(rows_of("a\tb\nx\t1\ny\t2\n"), wanted) << "tabs";
  EXPECT_EQ(rows_of("a, b\nx, 1 \n y ,\t2\n"), wanted) << "blanks";
  EXPECT_EQ(rows_of("a, \"b\"\n\"x\" ,1\n\"y\", \"2\"\n"), wanted) << "blanks about quotes";
  EXPECT_EQ(rows_of("# {\"options\":1}\na,b\nx,1\ny,2\n"), wanted) << "our own comment";
  EXPECT_EQ(rows_of("a,b\n#x,1\n"), "#x|1\n") << "a name";
  EXPECT_EQ(rows_of("a,b\n\" x\",\"\"\n"), " x|\n") << "what is in quotes stays";
}

TEST(CsvTable, TakesDecimalCommasBetweenSemicolons) {
  CsvTable table("a;b\n0,5;-1,25\n0.5;3\n", "t.csv");
  ASSERT_TRUE(table.next());
  EXPECT_EQ(table.number(0), 0.5);
  EXPECT_EQ(table.number(1), -1.25);
  ASSERT_TRUE(table.next());
  EXPECT_EQ(table.number(0), 0.5);
}

TEST(CsvTable, NamesTheSeparatorThatItSaw) {
  EXPECT_THAT([] { rows_of("a;x\n1;2\n"); },
              ThrowsMessage<FormatError>(
                  HasSubstr("t.csv: has no column 'b'; parted by semicolons it has: a, x")));
  EXPECT_THAT([] { rows_of("a,b\n1;2\n"); },
              ThrowsMessage<FormatError>(
                  HasSubstr("line 2: 1 fields where the header has 2, parted by commas")));
}

TEST(CsvTable, KeepsACarriageReturnInQuotes) {
  CsvTable table("a,b\n1,\"2\r\"\n", "t.csv");
  ASSERT_TRUE(table.next());
  EXPECT_EQ(table.text(1), "2\r");
}

TEST(CsvTable, ReadsWhatCsvWriterWrites) {
  for (const std::string text :
       {"", "plain", " blank", "blank\t", "a,b", "\"", "x\ny", "<img onerror=\"x\">.png"}) {
    for (const double number : {0.1, -1.0 / 3, 1e300, 5e-324, 123456789.0}) {
      CsvWriter csv;
      csv.row("v", "w", "x");
      csv.add(text).add(number);
      csv.row(static_cast<float>(1.0 / 3));
      CsvTable table(csv.text(), "t.csv");
      ASSERT_TRUE(table.next());
      EXPECT_EQ(table.text(0), text);
      EXPECT_EQ(table.number(1), number);
      EXPECT_EQ(static_cast<float>(table.number(2)), static_cast<float>(1.0 / 3));
      EXPECT_FALSE(table.next());
    }
  }
}

TEST(CsvWriter, QuotesWhereItMustAndWritesTheFewestDigits) {
  CsvWriter csv;
  csv.row("name", std::string("a,b"), "say \"hi\"");
  csv.row(0.1, 0.1F, -7, std::size_t{12}, 2.0, "");
  csv.end_row();
  EXPECT_EQ(csv.text(), "name,\"a,b\",\"say \"\"hi\"\"\"\n0.1,0.1,-7,12,2,\n\n");
  csv.clear();
  csv.row("next");
  EXPECT_EQ(csv.text(), "next\n");
}

TEST(CsvTable, NamesFileLineAndColumnOfWhatIsWrong) {
  const auto read_all = [](std::string_view text) {
    CsvTable table(text, "t.csv");
    while (table.next()) {
      table.number(table.column("n"));
    }
  };
  EXPECT_THAT([&] { read_all(""); }, ThrowsMessage<FormatError>(HasSubstr("t.csv")));
  EXPECT_THAT([&] { read_all("a,a\n"); }, ThrowsMessage<FormatError>(HasSubstr("one name")));
  EXPECT_THAT([&] { read_all("a,b\n1,2\n"); },
              ThrowsMessage<FormatError>(HasSubstr("no column 'n'")));
  EXPECT_THAT([&] { read_all("a,n\nx,1\nx\n"); },
              ThrowsMessage<FormatError>(HasSubstr("t.csv: line 3: 1 fields")));
  EXPECT_THAT([&] { read_all("a,n\n\"x\ny\",1\n\"open,2\n"); },
              ThrowsMessage<FormatError>(HasSubstr("line 4: a quote is not closed")));
  EXPECT_THAT([&] { read_all("a,n\n\"x\"y,1\n"); },
              ThrowsMessage<FormatError>(HasSubstr("follows a closing quote")));
  for (const char* number : {"", "nan", "inf", "1.5x", "0x10", "1e999"}) {
    EXPECT_THAT([&] { read_all(std::string("a,n\nx,") + number + "\n"); },
                ThrowsMessage<FormatError>(HasSubstr("line 2: n is")))
        << number;
  }
}

TEST(CsvTable, RefusesWholeNumbersOutsideTheirBounds) {
  for (const char* number : {"-1", "10", "1.0", "99999999999999999999"}) {
    const std::string text = std::string("n\n") + number + "\n";
    CsvTable table(text, "t.csv");
    ASSERT_TRUE(table.next());
    EXPECT_THAT([&] { table.integer(0, 0, 9); },
                ThrowsMessage<FormatError>(HasSubstr("whole number from 0 to 9")));
  }
}

}  // namespace
}  // namespace gradspace
