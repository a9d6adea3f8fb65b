// `gradspace iqa-train` and `gradspace iqa-benchmark` as processes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <filesystem>
#include <string>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/image.h"
#include "gradspace/linear_decoder.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

class IqaCommands : public ::testing::Test {
 protected:
  /// Standard output and messages in one text.
  testing::ScriptOutput gradspace(const std::string& arguments) const {
    testing::ScriptOutput output = testing::run_shell(fmt::format(
        "cd '{}' && '{}' {} 2>&1", folder_.path().string(), GRADSPACE_COMMAND, arguments));
    output.status = WIFEXITED(output.status) ? WEXITSTATUS(output.status) : -1;
    return output;
  }

  void write_noise(const std::string& name, std::uint64_t seed) const {
    Random random(seed);
    Image image(64, 64, 3);
    for (std::uint8_t& sample : image.pixels()) {
      sample = static_cast<std::uint8_t>(random.below(256));
    }
    write_image(folder_ / name, image);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(IqaCommands, TrainsADecoderThatCanBeBenchmarked) {
  std::filesystem::create_directory(folder_ / "photos");
  write_noise("photos/a.png", 1);
  write_noise("photos/b.png", 2);
  write_file(folder_ / "photos/notes.txt", std::string_view("no photograph"));
  const auto trained = gradspace(
      "iqa-train --photos photos --out d.safetensors --patches 1000 --iterations 2 --quiet");
  EXPECT_EQ(trained.status, 0) << trained.text;
  EXPECT_THAT(trained.text, HasSubstr("2 photographs, 2 iterations, loss "));
  EXPECT_NO_THROW(load_decoder(folder_ / "d.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "d.safetensors.checkpoint"));

  write_file(folder_ / "list.csv", std::string_view("reference,distorted,score\n"
                                                    "photos/a.png,photos/b.png,2\n"
                                                    "photos/a.png,photos/a.png,5\n"
                                                    "photos/a.png,photos/c.png,3\n"));
  const auto judged = gradspace(
      "iqa-benchmark --database csv list.csv --out out --metric gradient,ssim --decoder "
      "d.safetensors");
  EXPECT_EQ(judged.status, 1) << judged.text;
  EXPECT_THAT(judged.text, HasSubstr("missing: photos/c.png"));
  EXPECT_THAT(judged.text, HasSubstr("1 of 3 pairs could not be scored"));
  EXPECT_THAT(judged.text, HasSubstr("gradient"));
  EXPECT_THAT(read_text_file(folder_ / "out/scores.csv"),
              HasSubstr("photos/a.png,photos/a.png,,5,1,1"));
}

TEST_F(IqaCommands, SayWhatIsWrong) {
  EXPECT_EQ(gradspace("iqa-train --photos nowhere --out d.safetensors").status, 1);
  std::filesystem::create_directory(folder_ / "photos");
  write_noise("photos/a.png", 1);
  const auto no_folder = gradspace("iqa-train --photos photos --out none/d.safetensors");
  EXPECT_EQ(no_folder.status, 1);
  EXPECT_THAT(no_folder.text, HasSubstr("there is no folder none"));
  EXPECT_EQ(gradspace("iqa-train --photos photos").status, 2);
  const auto unknown = gradspace("iqa-benchmark --database nothing x --out out");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.text, HasSubstr("'nothing' is none of tid2013, live"));
}

}  // namespace
}  // namespace gradspace
