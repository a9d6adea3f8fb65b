#include "core/named_entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gradspace/error.h"

namespace gradspace {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

struct Info {
  std::string_view name;
};

struct Entry {
  Info info;
  int value = 0;
};

constexpr std::array kEntries{Entry{{"one"}, 1}, Entry{{"two"}, 2}};

TEST(NamedEntries, AreFoundByTheNameInTheirInfoOrByAnother) {
  EXPECT_EQ(find_named(kEntries, "two", "number").value, 2);
  EXPECT_EQ(infos_of(kEntries)[0].name, "one");
  const std::vector<std::pair<std::string, int>> pairs = {{"three", 3}};
  EXPECT_EQ(find_named(pairs, "three", "number", &std::pair<std::string, int>::first).second, 3);
}

TEST(NamedEntries, RefuseOtherNamesWithTheListOfTheirs) {
  EXPECT_THAT([] { find_named(kEntries, "th\nree", "number"); },
              ThrowsMessage<InvalidArgument>(StrEq("number 'th?ree' is not one of one, two")));
}

}  // namespace
}  // namespace gradspace
