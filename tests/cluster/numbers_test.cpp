#include <gtest/gtest.h>

#include "core/random.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

TEST(Numbers, AreWrittenAsSlurmWritesThem) {
  EXPECT_EQ(numbers_text({}), "");
  EXPECT_EQ(numbers_text({3}), "3");
  EXPECT_EQ(numbers_text({0, 1}), "0,1");
  EXPECT_EQ(numbers_text({3, 17, 40, 41, 42, 43, 44}), "3,17,40-44");
}

TEST(Numbers, ComeBackFromTheirText) {
  Random random(1);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < 60; ++i) {
      if (random.below(3) > 0) {
        numbers.push_back(i);
      }
    }
    if (!numbers.empty()) {
      EXPECT_EQ(parse_numbers(numbers_text(numbers), 60), numbers);
    }
  }
  EXPECT_EQ(parse_numbers("7,2-4,3", 10), (std::vector<std::uint32_t>{2, 3, 4, 7}));
}

TEST(Numbers, ThatAreNoneAreRefused) {
  for (const char* text : {"", ",", "1,", "1,,2", "a", "1-", "-1", "4-2", "10", "3-10", "1 2",
                           "1;2", "99999999999999999999"}) {
    EXPECT_THROW(parse_numbers(text, 10), InvalidArgument) << text;
  }
}

}  // namespace
}  // namespace gradspace
