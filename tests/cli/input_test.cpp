// What is given to the command in place of what it wants, or in unusual ways.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "gradspace/image.h"
#include "gradspace/utf8_text.h"
#include "support/python.h"
#include "support/test_files.h"
#include "train/fakes.h"

namespace gradspace::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Input : public ::testing::Test {
 protected:
  Input() {
    for (const char* folder : {"references", "distorted"}) {
      fs::create_directory(folder_ / folder);
      write_image(folder_ / folder / "a.png", Image(32, 32, 3));
    }
  }

  struct Outcome {
    int status;
    std::string text;  ///< of both streams
  };

  /// A line of bash, in which "gradspace" is the command; ended after some seconds.
  Outcome run(const std::string& line) const {
    write_file(folder_ / "line", line);
    const auto output = testing::run_shell(
        fmt::format("cd {} && PATH={}:$PATH timeout 20 bash ./line 2>&1", folder_.path().string(),
                    fs::path(GRADSPACE_COMMAND).parent_path().string()));
    return {WIFEXITED(output.status) ? WEXITSTATUS(output.status) : -1, output.text};
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Input, ThatIsAnotherKindOfFileIsCalledByItsName) {
  write_file(folder_ / "pointer",
             std::string_view("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\n"));
  write_file(folder_ / "new.mat",
             "MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  1 00:00:00 2024 HDF5 "
             "schema 1.00 ." +
                 std::string(400, ' '));
  for (const auto& [line, words] : {
           std::pair{"info pointer", "is a Git LFS pointer, not the file itself: run git lfs pull"},
           {"score --model pointer --detector pointer references", "is a Git LFS pointer"},
           {"import pointer --out x", "is a Git LFS pointer"},
           {"iqa pointer references/a.png --metric psnr", "is a Git LFS pointer"},
           {"iqa references distorted --decoder pointer", "is a Git LFS pointer"},
           {"iqa references distorted --decoder new.mat",
            "is a MATLAB 7.3 (HDF5) file: save it with -v7"},
           {"import new.mat --out x", "is a MATLAB 7.3 (HDF5) file: save it with -v7"},
           {"info new.mat", "is a MATLAB 7.3 (HDF5) file: save it with -v7"},
       }) {
    const Outcome outcome = run(std::string("gradspace ") + line);
    EXPECT_EQ(outcome.status, 1) << line;
    EXPECT_THAT(outcome.text, HasSubstr(words)) << line;
  }
}

TEST_F(Input, ComesThroughPipesToo) {
  const std::string metric = " --metric psnr --format csv | tail -n +3";
  EXPECT_THAT(run("gradspace iqa <(cat references/a.png) distorted/a.png" + metric).text,
              HasSubstr("distorted/a.png,inf"));
  EXPECT_THAT(run("cat references/a.png | gradspace iqa /dev/stdin distorted/a.png" + metric).text,
              HasSubstr("/dev/stdin,distorted/a.png,inf"));
  EXPECT_THAT(run("gradspace iqa --pairs <(echo reference,distorted; "
                  "echo references/a.png,distorted/a.png)" +
                  metric)
                  .text,
              HasSubstr("references/a.png,distorted/a.png,inf"));
}

TEST_F(Input, ThatIsAPipeWithoutAWriterIsRefusedAtOnce) {
  for (const char* line :
       {"iqa references/a.png f.png --metric psnr", "iqa --pairs f.png", "info f.png",
        "import f.png --out x", "score --model f.png --detector f.png references",
        "challenge --in f.png --out x.png --types rain --levels 1"}) {
    const Outcome outcome = run(std::string("rm -f f.png; mkfifo f.png; gradspace ") + line);
    EXPECT_EQ(outcome.status, 1) << line << ": " << outcome.text;
    EXPECT_THAT(outcome.text, HasSubstr("pipe")) << line;
  }
}

TEST_F(Input, FoldersAreSaidToHoldFilesThatArePassedOver) {
  write_file(folder_ / "distorted/.DS_Store", std::string_view("of a desktop"));
  write_file(folder_ / "distorted/list.txt", std::string_view("a text"));
  const Outcome outcome = run("gradspace iqa references distorted --metric psnr");
  EXPECT_EQ(outcome.status, 0) << outcome.text;
  EXPECT_THAT(outcome.text,
              HasSubstr("gradspace: distorted: 2 of 3 files passed over, the first: "));
  EXPECT_EQ(run("mkdir e1 e2; gradspace iqa e1 e2").status, 1);
}

/// Latin-1 for "pluie d'ete", with accents.
constexpr const char* kRain = "pluie-\xe9t\xe9";

TEST_F(Input, MayHaveANameThatIsNoUtf8) {
  write_file(folder_ / "name", fmt::format("{}\n", kRain));
  const auto done = [&](const std::string& line) {
    const Outcome outcome = run("read -r rain <name; " + line);
    EXPECT_EQ(outcome.status, 0) << line << ": " << outcome.text;
    return outcome.text;
  };
  done("mkdir clean $rain; cp references/a.png $rain/$rain.png");
  for (std::uint64_t i = 0; i < 40; ++i) {
    write_image(folder_ / "clean" / (std::to_string(i) + ".png"),
                testing::random_image(32, 32, 3, i));
  }
  done("gradspace train --data clean --val clean --epochs 1 --out $rain.model --quiet");
  done(
      "gradspace fit --method image-statistics --model $rain.model --data clean --val clean "
      "--false-alarms 0.2 --out $rain.detector --quiet");
  const std::string names = "--model $rain.model --detector $rain.detector ";
  done("gradspace evaluate " + names + "--inliers clean --outliers $rain --out results");
  const auto results = nlohmann::json::parse(read_text_file(folder_ / "results/results.json"));
  EXPECT_EQ(from_utf8(results.at("options").at("outliers").at(0).get<std::string>()), kRain);

  const std::string scored = done("gradspace score --format jsonl " + names + "$rain | tail -n 1");
  EXPECT_EQ(from_utf8(nlohmann::json::parse(scored).at("path").get<std::string>()),
            fmt::format("{}/{}.png", kRain, kRain));
  EXPECT_THAT(done("gradspace info $rain.detector"), HasSubstr("pluie-\\xe9t\\xe9.detector"));
  const std::string facts = done("gradspace info --format json $rain.detector");
  EXPECT_TRUE(nlohmann::json::accept(facts)) << facts;
  done("gradspace extract --model $rain.model --data $rain --out $rain.set --quiet");
  EXPECT_THAT(done("gradspace extract --model $rain.model --data $rain --out $rain.set2 --quiet"),
              HasSubstr("pluie-\\xe9t\\xe9.set2: 1 rows"));
  done("gradspace iqa --metric psnr --format jsonl $rain/$rain.png references/a.png");
}

}  // namespace
}  // namespace gradspace::cli
