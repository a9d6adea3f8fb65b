#include "gradspace/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gradspace/error.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ElementCount, IsTheProductOfTheExtents) {
  EXPECT_EQ(element_count({12, 9, 4, 4}), 1728U);
  EXPECT_EQ(element_count({}), 1U);
  EXPECT_EQ(element_count({5, 0, 7}), 0U);
}

TEST(ElementCount, RefusesNegativeExtentsAndOverflow) {
  const std::int64_t huge = std::int64_t{1} << 40;
  EXPECT_THAT(
      [] {
        element_count({3, -1});
      },
      ThrowsMessage<InvalidArgument>("shape [3, -1] has a negative extent"));
  EXPECT_THAT(
      [=] {
        element_count({huge, huge});
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("has too many values")));
  // 2^64 wraps to 0 in plain arithmetic.
  EXPECT_THROW(element_count({std::int64_t{1} << 32, std::int64_t{1} << 32}), InvalidArgument);
  EXPECT_THROW(element_count({INT64_MAX}), InvalidArgument) << "its bytes don't fit a size";
  EXPECT_THROW(element_count({0, huge, huge}), InvalidArgument) << "whatever the order";
}

TEST(ShapeText, ReadsAsPythonPrintsIt) {
  EXPECT_EQ(shape_text({12, 9, 4, 4}), "[12, 9, 4, 4]");
  EXPECT_EQ(shape_text({}), "[]");
}

}  // namespace
}  // namespace gradspace
