// From clean images to a detector, verdicts and drift, as people call them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/detector.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/one_class.h"
#include "gradspace/results.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class OneClassCommand : public ::testing::Test {
 protected:
  OneClassCommand() {
    write_model(model_, initialise(AutoencoderSpec{}, 1));
    write_pictures("clean", 150, 1, 3);
    write_pictures("stream", 60, 2, 3);
    write_pictures("noisy", 60, 3, 25);
  }

  void write_pictures(const std::string& name, int count, std::uint64_t seed, double noise) const {
    fs::create_directories(folder_ / name);
    Random random(seed);
    for (int i = 0; i < count; ++i) {
      Image image(28, 28, 3);
      const double level = random.uniform(80, 160);
      const double slope = random.uniform(-2, 2);
      for (std::size_t k = 0; k < image.pixels().size(); ++k) {
        const double value = level + slope * static_cast<double>(k / 84) + noise * random.normal();
        image.pixels()[k] = static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
      }
      write_image(folder_ / name / fmt::format("{:03}.bmp", i), image);
    }
  }

  testing::ScriptOutput run(const std::string& arguments) const {
    return testing::run_shell(
        fmt::format("{} {} 2>{}", GRADSPACE_COMMAND, arguments, (folder_ / "stderr").string()));
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string errors() const { return read_text_file(folder_ / "stderr"); }

  void fit(const std::string& method) const {
    ASSERT_EQ(run(fmt::format("fit --method {} --model {} --data {} --false-alarms 0.1 --out {}",
                              method, model_.string(), path("clean"), path("d.safetensors")))
                  .status,
              0)
        << errors();
  }

  std::string drift(const std::string& options) const {
    return fmt::format("drift --model {} --detector {} {}", model_.string(), path("d.safetensors"),
                       options);
  }

  testing::TemporaryFolder folder_;
  fs::path model_ = folder_ / "m.safetensors";
};

TEST_F(OneClassCommand, NeedsNoModelForThePixelsAlone) {
  ASSERT_EQ(
      run(fmt::format("fit --method image-neighbour --data {} --size 24x20 --false-alarms 0.1 "
                      "--out {}",
                      path("clean"), path("d.safetensors")))
          .status,
      0)
      << errors();
  const Detector detector = read_detector(folder_ / "d.safetensors");
  EXPECT_EQ(input_of(detector), (Extent{3, 20, 24}));
  const std::string of_it = fmt::format("--detector {}", path("d.safetensors"));
  const testing::ScriptOutput scored =
      run(fmt::format("score {} --format csv {}", of_it, path("noisy/000.bmp")));
  EXPECT_EQ(scored.status, 0) << errors();
  EXPECT_THAT(scored.text, HasSubstr(",,,out")) << "no losses without a model";
  EXPECT_EQ(run(fmt::format("drift {} --window 30 {}", of_it, path("stream"))).status, 0)
      << errors();
  EXPECT_EQ(run(fmt::format("evaluate {} --inliers {} --outliers {} --out {}", of_it,
                            path("stream"), path("noisy"), path("results")))
                .status,
            0)
      << errors();
  EXPECT_GT(read_results(folder_ / "results/results.json").rows.at(0).metrics.auroc, 0.9);

  const auto refused = [&](const std::string& options) {
    const int status =
        run(fmt::format("fit {} --data {} --out {}", options, path("clean"), path("x"))).status;
    EXPECT_FALSE(fs::exists(folder_ / "x"));
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(run(fmt::format("fit --method image-statistics --data {} --false-alarms 0.1 --out {}",
                            path("clean"), path("usual.safetensors")))
                .status,
            0)
      << errors();
  EXPECT_EQ(input_of(read_detector(folder_ / "usual.safetensors")), AutoencoderSpec().input);
  EXPECT_EQ(refused("--method elbo"), 1);
  EXPECT_THAT(errors(), HasSubstr("give --model and --data"));
  EXPECT_EQ(refused("--method elbo --size 24x20"), 2);
  EXPECT_THAT(
      errors(),
      HasSubstr(
          "--size goes with methods that need no model and look at images whole, not with elbo"));
  EXPECT_EQ(refused("--method image-statistics --size 5000x20"), 1);
  EXPECT_THAT(errors(), HasSubstr("sides from 1 to 4096"));
  EXPECT_EQ(refused("--method image-statistics --size 24x20 --model " + model_.string()), 2);
}

TEST_F(OneClassCommand, IsJudgedByImages) {
  fit("image-statistics");
  const std::string evaluate = fmt::format(
      "evaluate --model {} --detector {} --inliers {} --outliers {} --out {}", model_.string(),
      path("d.safetensors"), path("stream"), path("noisy"), path("results"));
  EXPECT_EQ(run(evaluate).status, 0) << errors();
  const Results results = read_results(folder_ / "results/results.json");
  ASSERT_EQ(results.rows.size(), 1U);
  EXPECT_EQ(results.rows[0].method, "image-statistics");
  EXPECT_EQ(results.rows[0].metrics.n_in, 60U);
  EXPECT_GT(results.rows[0].metrics.auroc, 0.99);
  const std::string scores = read_text_file(folder_ / "results/image_scores.csv");
  EXPECT_EQ(std::count(scores.begin(), scores.end(), '\n'), 1 + 60 + 60);
  EXPECT_THAT(scores, AllOf(HasSubstr("000.bmp,inliers,0,0,image-statistics,0,"),
                            HasSubstr("000.bmp,outliers,0,0,image-statistics,0,")));
  write_file(folder_ / "noisy/broken.bmp", "no picture");
  EXPECT_NE(run(evaluate).status, 0);
  EXPECT_THAT(errors(), AllOf(HasSubstr("broken.bmp"), HasSubstr("1 images could not be scored")));
  EXPECT_EQ(read_results(folder_ / "results/results.json").rows[0].metrics.n_out, 60U);
  EXPECT_NE(run(evaluate + " --outliers " + path("nowhere")).status, 0);
}

TEST_F(OneClassCommand, LearnsFromCleanImagesAndScores) {
  fit("image-statistics");
  const std::string score = fmt::format("score --format jsonl --model {} --detector {} ",
                                        model_.string(), path("d.safetensors"));
  const auto outs = [&](const std::string& input) {
    const std::string text = run(score + input).text;
    std::size_t count = 0;
    for (std::size_t at = text.find("\"out\""); at != std::string::npos;
         at = text.find("\"out\"", at + 1)) {
      ++count;
    }
    return count;
  };
  EXPECT_LT(outs(path("stream")), 20U);
  EXPECT_GT(outs(path("noisy")), 55U);
  EXPECT_THAT(run(score + path("noisy")).text, HasSubstr("\"p_value\""));
  EXPECT_LE(outs("--false-alarms 0.04 " + path("stream")), outs(path("stream")));
  EXPECT_NE(run(score + "--false-alarms 0.01 " + path("noisy")).status, 0);
  EXPECT_THAT(errors(), HasSubstr("at least 99 clean images, there are 30"));
  EXPECT_NE(
      run(fmt::format("fit --method elbo --inliers x --outliers y --out {}", path("e"))).status, 0);
  EXPECT_THAT(errors(), HasSubstr("give --model and --data"));
}

TEST_F(OneClassCommand, ComparesAStreamWithTheCleanImages) {
  fit("image-statistics");
  const auto clean = run(drift("--window 30 " + path("stream")));
  EXPECT_EQ(clean.status, 0) << errors();
  EXPECT_EQ(std::count(clean.text.begin(), clean.text.end(), '\n'), 1 + 2);
  EXPECT_THAT(clean.text, ::testing::Not(HasSubstr("drift")));
  const auto noisy = run(drift("--window 25 --format jsonl " + path("noisy")));
  EXPECT_THAT(noisy.text, HasSubstr("\"verdict\":\"drift\""));
  EXPECT_THAT(errors(), HasSubstr("the last 10 images fill no window"));
  const auto piped = testing::run_shell(fmt::format(
      "ls {}/*.bmp | {} {} 2>/dev/null", path("noisy"), GRADSPACE_COMMAND, drift("--window 60 -")));
  EXPECT_THAT(piped.text, HasSubstr("drift"));
}

/// Paths that come slowly, so that each is all there is at hand.
TEST_F(OneClassCommand, AStreamGoesOnAfterWhatCantBeRead) {
  fit("image-statistics");
  write_file(folder_ / "bad.png", "no picture");
  const auto piped = [&](const std::string& command) {
    return testing::run_shell(fmt::format(
        "cd {0} && (echo stream/000.bmp; sleep .2; echo bad.png; sleep .2; echo stream/001.bmp) | "
        "{1} {2} 2>stderr",
        folder_.path().string(), GRADSPACE_COMMAND, command));
  };
  const auto scored = piped(fmt::format("score --model {} --detector {} --format csv -",
                                        model_.string(), path("d.safetensors")));
  EXPECT_NE(scored.status, 0);
  EXPECT_EQ(std::count(scored.text.begin(), scored.text.end(), '\n'), 2 + 2);
  EXPECT_THAT(scored.text, HasSubstr("stream/001.bmp"));
  EXPECT_THAT(errors(), AllOf(HasSubstr("bad.png"), HasSubstr("1 images could not be scored")));
  const auto drifted = piped(drift("--window 2 --format csv -"));
  EXPECT_EQ(std::count(drifted.text.begin(), drifted.text.end(), '\n'), 2 + 1);
  EXPECT_THAT(errors(), HasSubstr("bad.png"));
}

TEST_F(OneClassCommand, SaysThatAStreamIsTooShort) {
  fit("elbo");
  EXPECT_NE(run(drift("--window 61 " + path("stream"))).status, 0);
  EXPECT_THAT(errors(), HasSubstr("a stream of 60 images is shorter than its window of 61"));
}

TEST_F(OneClassCommand, RefusesAnotherModel) {
  fit("elbo");
  write_model(model_, initialise(AutoencoderSpec{}, 2));
  EXPECT_NE(run(drift(path("stream"))).status, 0);
  EXPECT_THAT(errors(), HasSubstr("made for another model"));
}

}  // namespace
}  // namespace gradspace
