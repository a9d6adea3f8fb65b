#include "jobs/score_journal.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/checksum.h"
#include "core/text.h"

namespace gradspace {
namespace {

ScoredBy ten_pairs_by_two_metrics() {
  return {{{"run", 1}}, 10, 2, [](std::size_t pair) { return fmt::format("state {}", pair); }};
}

/// As it stands in a journal, of a pair in its state.
std::string journal_line(const std::string& text, int pair) {
  return fmt::format("{} {}\n", text,
                     checksum_text(checksum_of(bytes_of(fmt::format("{}state {}", text, pair)))));
}

ScoreJournal::Scores scores_of(const std::string& text) {
  std::size_t left_out = 0;
  return parse_score_journal(text, ten_pairs_by_two_metrics(), left_out);
}

TEST(ScoreJournal, TakesWhatIsWholeAndOfTheSameRun) {
  const std::string head = "{\"run\":1}\n";
  EXPECT_TRUE(scores_of("").empty());
  EXPECT_TRUE(scores_of("{\"run\":2}\n" + journal_line("[0,1,2]", 0)).empty());
  const auto scores =
      scores_of(head + journal_line("[3,0.25,null]", 3) + journal_line("[0,1,2]", 0) + "[1,1");
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores.at(3)[0], 0.25);
  EXPECT_TRUE(std::isinf(scores.at(3)[1]));
  for (const char* line : {"[10,1,2]", "[0,1]", "[0,1,2,3]", "[-1,1,2]", "[0.5,1,2]", "[0,\"a\",2]",
                           "{}", "[", "null"}) {
    EXPECT_EQ(scores_of(head + journal_line("[5,1,2]", 5) + journal_line(line, 0) +
                        journal_line("[6,1,2]", 6))
                  .size(),
              1U)
        << line;
  }
}

TEST(ScoreJournal, TakesNoLineThatIsDamaged) {
  const std::string head = "{\"run\":1}\n";
  const std::string whole = head + journal_line("[5,0.25,2]", 5) + journal_line("[6,1,2]", 6);
  const auto scores = scores_of(whole);
  ASSERT_EQ(scores.size(), 2U);
  for (std::size_t i = head.size(); i < whole.size(); ++i) {
    for (const int mask : {0x01, 0x02, 0x10, 0xFF}) {
      std::string text = whole;
      text[i] = static_cast<char>(text[i] ^ mask);
      for (const auto& [pair, values] : scores_of(text)) {
        EXPECT_EQ(values, scores.at(pair)) << text;
      }
    }
  }
}

TEST(ScoreJournal, LeavesOutPairsWhoseImagesHaveChanged) {
  ScoredBy by = ten_pairs_by_two_metrics();
  std::string text = "{\"run\":1}\n";
  for (std::size_t pair = 0; pair < 4; ++pair) {
    text += score_journal_line(pair, {0.5, 1}, by);
  }
  by.state_of_pair = [](std::size_t pair) { return fmt::format("state {}", pair == 1 ? 9 : pair); };
  std::size_t left_out = 0;
  const auto scores = parse_score_journal(text, by, left_out);
  EXPECT_EQ(left_out, 1U);
  EXPECT_EQ(scores.size(), 3U);
  EXPECT_FALSE(scores.contains(1));
}

}  // namespace
}  // namespace gradspace
