#include "results/text_table.h"

#include <gtest/gtest.h>

namespace gradspace {
namespace {

TEST(TextTable, AlignsTheFirstColumnLeftAndTheRestRight) {
  TextTable table({"name", "value"});
  table.add_row({"a", "1.5"});
  table.add_row({"longer"});
  EXPECT_EQ(table.text(),
            "name    value\n"
            "------  -----\n"
            "a         1.5\n"
            "longer\n");
}

TEST(TextTable, CountsCharactersNotBytes) {
  EXPECT_EQ(character_count("±1"), 2U);
  TextTable table({"", "v"});
  table.add_row({"x", "1 ±2"});
  table.add_row({"y", "1234"});
  EXPECT_EQ(table.text(), "      v\n-  ----\nx  1 ±2\ny  1234\n");
}

}  // namespace
}  // namespace gradspace
