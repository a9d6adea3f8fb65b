#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gradspace::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProgressLine, ShowsShareRateAndTimeLeft) {
  const std::string line = progress_line("extract", "images", 250, 1000, 50, "note", 200);
  EXPECT_THAT(line, HasSubstr("[======                  ]  25 %  250/1000 images"));
  EXPECT_THAT(line, HasSubstr("50/s  15 s left  note"));
}

TEST(ProgressLine, HasNoTimeLeftWhenDoneOrWithoutRate) {
  EXPECT_THAT(progress_line("x", "y", 10, 10, 5, "", 200), Not(HasSubstr("left")));
  EXPECT_THAT(progress_line("x", "y", 0, 10, 0, "", 200), Not(HasSubstr("left")));
  EXPECT_THAT(progress_line("x", "y", 0, 0, 0, "", 200), HasSubstr("  0 %"));
}

TEST(ProgressLine, FitsTheTerminal) {
  EXPECT_EQ(progress_line("extract", "images", 1, 1000, 50, "a long note", 40).size(), 40U);
}

TEST(DurationText, PicksTheUnit) {
  EXPECT_EQ(duration_text(12.4), "12 s");
  EXPECT_EQ(duration_text(200), "3 min 20 s");
  EXPECT_EQ(duration_text(7500), "2 h 05 min");
}

}  // namespace
}  // namespace gradspace::cli
