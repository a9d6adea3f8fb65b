// Scores of a set that a run that continues takes up.
#include "experiment/set_scores.h"

#include <gtest/gtest.h>

#include "support/test_files.h"

namespace gradspace {
namespace {

TEST(SetScores, ComeBackWithTheNamesOfTheirImages) {
  const testing::TemporaryFolder folder;
  const nlohmann::json ingredients = {{"stage", "score"}};
  SetScores set;
  set.paths = {"a.png", "pluie-\xe9t\xe9.png"};
  write_set_scores(folder / "scores.json", set, ingredients);
  std::string why;
  const auto read = read_set_scores(folder / "scores.json", ingredients, why);
  ASSERT_TRUE(read) << why;
  EXPECT_EQ(read->paths, set.paths);
}

}  // namespace
}  // namespace gradspace
