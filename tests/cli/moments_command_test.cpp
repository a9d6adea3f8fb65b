// From feature sets to a detector by way of moments, as people call it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/detector.h"
#include "gradspace/moments.h"
#include "gradspace/npy.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

class MomentsCommand : public ::testing::Test {
 protected:
  MomentsCommand() {
    write("clean.npy", 600, 1);
    write("more.npy", 300, 2);
    write("validation.npy", 200, 3);
  }

  void write(const std::string& name, std::int64_t rows, std::uint64_t seed) const {
    constexpr std::int64_t kColumns = 6;
    Random random(seed);
    Tensor tensor{{rows, kColumns}, {}};
    for (std::int64_t i = 0; i < rows * kColumns; ++i) {
      tensor.values.push_back(static_cast<float>(random.normal()));
    }
    write_npy(folder_ / name, tensor);
  }

  /// The exit status; what was said on stderr is in `said_`.
  int run(const std::string& arguments) {
    const auto output = testing::run_shell(fmt::format(
        "cd {} && {} {} 2>stderr", folder_.path().string(), GRADSPACE_COMMAND, arguments));
    said_ = read_text_file(folder_ / "stderr");
    printed_ = output.text;
    return WEXITSTATUS(output.status);
  }

  testing::TemporaryFolder folder_;
  std::string said_;
  std::string printed_;
};

TEST_F(MomentsCommand, MakesWhatFitTakes) {
  EXPECT_EQ(run("moments clean.npy more.npy --out m.safetensors"), 0) << said_;
  EXPECT_EQ(printed_, "m.safetensors: fourth moments of 900 rows of 6 columns\n");
  EXPECT_EQ(read_moments(folder_ / "m.safetensors").moments.rows, 900U);
  EXPECT_EQ(run("moments m.safetensors --kind diagonal --out d.safetensors --threads 1"), 0)
      << said_;
  EXPECT_EQ(run("fit --inliers m.safetensors --val-inliers validation.npy --method mahalanobis "
                "--false-alarms 0.05 --out of-moments.safetensors"),
            0)
      << said_;
  EXPECT_EQ(run("fit --inliers d.safetensors --val-inliers validation.npy --method "
                "independent-gaussian --out of-diagonal.safetensors"),
            0)
      << said_;
  // Six standard normal columns: a Mahalanobis distance of chi-square's 95 % with six degrees of freedom, 12.6.
  EXPECT_NEAR(read_detector(folder_ / "of-moments.safetensors").threshold, 12.6, 3);
  EXPECT_EQ(run("info m.safetensors"), 0);
  EXPECT_THAT(printed_, HasSubstr("quantiles"));
}

TEST_F(MomentsCommand, SaysWhatIsWrong) {
  ASSERT_EQ(run("moments clean.npy --out m.safetensors"), 0) << said_;
  const std::string fit = "fit --inliers m.safetensors --out x.safetensors ";
  EXPECT_EQ(run(fit + "--method mahalanobis"), 2);
  EXPECT_THAT(said_, HasSubstr("no rows that could set a threshold"));
  EXPECT_EQ(run(fit + "--method mahalanobis --val-inliers m.safetensors"), 2);
  EXPECT_THAT(said_, HasSubstr("no rows that could set a threshold"));
  EXPECT_EQ(run(fit + "--method nearest-neighbour --val-inliers validation.npy"), 1);
  EXPECT_THAT(said_, HasSubstr("learns from rows"));
  EXPECT_EQ(run(fit + "--outliers more.npy"), 1);
  EXPECT_THAT(said_, HasSubstr("classifier learns from rows"));
  EXPECT_EQ(run("moments clean.npy --kind third --out y.safetensors"), 2);
  EXPECT_THAT(said_, HasSubstr("diagonal, covariance or fourth"));
  EXPECT_EQ(run("moments m.safetensors --out m.safetensors"), 2);
  EXPECT_EQ(run("moments absent --out y.safetensors"), 1);
  EXPECT_THAT(said_, HasSubstr("absent"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "y.safetensors"));
}

}  // namespace
}  // namespace gradspace
