#include "gradspace/version.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gradspace {
namespace {

TEST(Version, IsTheSameForPreprocessorCompilerAndLinker) {
  EXPECT_EQ(version(), kVersion);
  EXPECT_EQ(version(), fmt::format("{}.{}.{}", GRADSPACE_VERSION_MAJOR, GRADSPACE_VERSION_MINOR,
                                   GRADSPACE_VERSION_PATCH));
}

}  // namespace
}  // namespace gradspace
