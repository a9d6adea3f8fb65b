#include <hwy/highway.h>

#include "core/dispatch.h"

#include <gtest/gtest.h>

namespace gradspace {
namespace {

/// Highway's own library as the oracle.
TEST(Dispatch, FindsTheInstructionSetsThatHighwayFinds) {
  EXPECT_EQ(processor_targets() & HWY_TARGETS, hwy::SupportedTargets() & HWY_TARGETS);
  hwy::ChosenTarget expected;
  expected.Update(hwy::SupportedTargets());
  EXPECT_EQ(chosen_target().GetIndex(), expected.GetIndex());
}

}  // namespace
}  // namespace gradspace
