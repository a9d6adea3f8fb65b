// The processors that control groups allow, in folders laid out as the kernel does.
#include "core/cpu_quota.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string_view>

#include "core/file.h"
#include "gradspace/threads.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

class CpuQuota : public ::testing::Test {
 protected:
  void put(const std::filesystem::path& file, std::string_view line) {
    std::filesystem::create_directories((mount_ / file).parent_path());
    write_file(mount_ / file, line);
  }

  testing::TemporaryFolder mount_;
};

TEST_F(CpuQuota, OfTheSecondVersionIsTheLeastOnTheWayUp) {
  put("cpu.max", "max 100000\n");
  put("pods/cpu.max", "150000 100000\n");
  put("pods/camera/cpu.max", "400000 100000\n");
  EXPECT_EQ(cpu_quota("0::/pods/camera\n", mount_.path()), 1.5);
  put("pods/camera/cpu.max", "50000 100000\n");
  EXPECT_EQ(cpu_quota("0::/pods/camera\n", mount_.path()), 0.5);
}

TEST_F(CpuQuota, OfTheFirstVersionLiesUnderItsControllers) {
  put("cpu,cpuacct/docker/cpu.cfs_quota_us", "300000\n");
  put("cpu,cpuacct/docker/cpu.cfs_period_us", "100000\n");
  const std::string_view groups = "9:name=systemd:/\n5:cpuset:/docker\n4:cpu,cpuacct:/docker\n";
  EXPECT_EQ(cpu_quota(groups, mount_.path()), 3.0);
  put("cpu,cpuacct/docker/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(cpu_quota(groups, mount_.path()), std::nullopt);
}

TEST_F(CpuQuota, IsFoundAtTheRootThatAContainerSees) {
  put("cpu.max", "200000 100000\n");
  EXPECT_EQ(cpu_quota("0::/\n", mount_.path()), 2.0);
  EXPECT_EQ(cpu_quota("0::/../elsewhere\n", mount_.path()), 2.0);
}

TEST_F(CpuQuota, IsNoneWhereNothingSaysSo) {
  EXPECT_EQ(cpu_quota("", mount_.path()), std::nullopt);
  EXPECT_EQ(cpu_quota("0::/none\n", mount_.path()), std::nullopt);
  put("cpu.max", "0 0\n");
  EXPECT_EQ(cpu_quota("0::/\nno colons\n", mount_.path()), std::nullopt);
}

TEST(UsableThreads, AreOneAtLeast) {
  EXPECT_GE(usable_threads(), 1);
}

}  // namespace
}  // namespace gradspace
