// A second process that would write what another is writing is refused at once, whatever the command.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <filesystem>
#include <string>

#include "core/file.h"
#include "gradspace/image.h"
#include "gradspace/output_lock.h"
#include "support/python.h"
#include "support/test_files.h"
#include "train/fakes.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

class OneWriter : public ::testing::Test {
 protected:
  OneWriter() {
    fs::create_directory(folder_ / "images");
    for (std::uint64_t i = 0; i < 12; ++i) {
      write_image(folder_ / "images" / fmt::format("{}.pgm", i), testing::random_image(8, 8, 1, i));
    }
    for (const char* split : {"train", "val", "test"}) {
      const fs::path set = folder_ / "tree/RealChallengeFree" / split;
      fs::create_directories(set);
      write_image(set / "01_01_00_00_00_05_0003.bmp", testing::random_image(30, 30, 3, 1));
    }
    for (const char* digits : {"digits", "digits/0", "digits/1"}) {
      fs::create_directory(folder_ / digits);
    }
    write_file(folder_ / "opinions.csv",
               std::string_view("reference,distorted,score\nimages/0.pgm,images/1.pgm,1\n"));
    write_file(folder_ / "spec.json",
               std::string_view(R"({"input": [1, 8, 8], "down": [{"out_channels": 2}],
                                    "latent": 2, "up": [{"out_channels": 1}]})"));
  }

  /// What the command says; its exit status must be 1.
  std::string failure(const std::string& arguments) const {
    const auto output = testing::run_shell(fmt::format(
        "cd '{}' && {} {} 2>&1", folder_.path().string(), GRADSPACE_COMMAND, arguments));
    EXPECT_TRUE(WIFEXITED(output.status) && WEXITSTATUS(output.status) == 1)
        << arguments << ": " << output.text;
    return output.text;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(OneWriter, IsAllowedByEveryCommandThatWritesOneFile) {
  const std::string model = testing::data_file("formats-0.1.0/model.safetensors").string();
  const std::string checkpoint = testing::data_file("ood/vae.pth.tar").string();
  const OutputLock held = OutputLock::of_file(folder_ / "out");
  for (const std::string& line : {
           std::string("train --data images --spec spec.json --epochs 1 --out out"),
           std::string("iqa-train --photos images --out out"),
           std::string("fit-causes --detector none --photos images --out out"),
           fmt::format("extract --model {} --data images --out out", model),
           fmt::format("import {} --out out", checkpoint),
       }) {
    EXPECT_EQ(failure(line),
              "gradspace: out: another process is writing it, or another job of this one\n")
        << line;
    EXPECT_FALSE(fs::exists(folder_ / "out")) << line;
  }
}

TEST_F(OneWriter, IsAllowedByEveryCommandThatWritesAFolder) {
  const std::string detector = testing::data_file("formats-0.1.0/detector.safetensors").string();
  const std::string model = testing::data_file("formats-0.1.0/model.safetensors").string();
  const OutputLock held = OutputLock::of_folder(folder_ / "out");
  for (const std::string& line : {
           std::string("experiment ood --data tree --epochs 1 --out out"),
           std::string(
               "experiment one-class --data tree --epochs 1 --methods elbo --false-alarms 0.5 "
               "--out out"),
           std::string("iqa-benchmark --database csv opinions.csv --metric psnr --out out"),
           std::string("challenge --in images --out out --types rain --levels 1"),
           std::string("challenge --in images --out out --types rain --levels 1 --force"),
           fmt::format("evaluate --detector {} --model {} --inliers images --outliers images "
                       "--out out",
                       detector, model),
       }) {
    EXPECT_THAT(failure(line),
                ::testing::HasSubstr("gradspace: out: another process is writing it"))
        << line;
    EXPECT_TRUE(fs::is_empty(folder_ / "out")) << line;
  }
}

}  // namespace
}  // namespace gradspace
