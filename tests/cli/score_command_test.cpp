// `gradspace score` as people and programs use it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/file.h"
#include "core/hash.h"
#include "core/random.h"
#include "gradspace/detector.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ScoreCommand : public ::testing::Test {
 protected:
  ScoreCommand() {
    const Model model = initialise(AutoencoderSpec{}, 1);
    write_model(model_, model);
    Detector detector;
    detector.columns = parse_features(proposed_features(model.spec), model.spec);
    detector.weights = random_weights(dimension(detector.columns));
    detector.model_sha256 = sha256_hex_of_file(model_);
    detector.calibration = Calibration(std::vector<double>(99, 0.4));
    write_detector(detector_, detector);
    fs::create_directories(photos_);
    for (int i = 0; i < 5; ++i) {
      write_image(photos_ / (std::to_string(i) + ".bmp"), noise(static_cast<std::uint64_t>(i)));
    }
  }

  static Tensor random_tensor(std::vector<std::int64_t> shape, Random& random) {
    Tensor tensor{std::move(shape), {}};
    for (std::size_t i = 0; i < element_count(tensor.shape); ++i) {
      tensor.values.push_back(static_cast<float>(0.1 * random.normal()));
    }
    return tensor;
  }

  static TensorMap random_weights(std::size_t columns) {
    Random random(2);
    TensorMap weights;
    weights["0.weight"] = random_tensor({40, static_cast<std::int64_t>(columns)}, random);
    weights["0.bias"] = random_tensor({40}, random);
    weights["2.weight"] = random_tensor({20, 40}, random);
    weights["2.bias"] = random_tensor({20}, random);
    weights["4.weight"] = random_tensor({1, 20}, random);
    weights["4.bias"] = random_tensor({1}, random);
    return weights;
  }

  static Image noise(std::uint64_t seed) {
    Random random(seed);
    Image image(35, 30, 3);
    for (std::uint8_t& value : image.pixels()) {
      value = static_cast<std::uint8_t>(random.below(256));
    }
    return image;
  }

  testing::ScriptOutput score(const std::string& arguments, const std::string& before = "") const {
    return testing::run_shell(fmt::format("{} {} score --model {} --detector {} {} 2>{}", before,
                                          GRADSPACE_COMMAND, model_.string(), detector_.string(),
                                          arguments, (folder_ / "stderr").string()));
  }

  std::string errors() const { return read_text_file(folder_ / "stderr"); }

  testing::TemporaryFolder folder_;
  fs::path model_ = folder_ / "m.safetensors";
  fs::path detector_ = folder_ / "d.safetensors";
  fs::path photos_ = folder_ / "photos";
};

TEST_F(ScoreCommand, ScoresAFolderInOrder) {
  const auto output = score("--format csv " + photos_.string());
  EXPECT_EQ(output.status, 0);
  EXPECT_EQ(std::count(output.text.begin(), output.text.end(), '\n'), 2 + 5);
  EXPECT_LT(output.text.find("photos/0.bmp"), output.text.find("photos/4.bmp"));
}

TEST_F(ScoreCommand, GivesOneImageTheScoreItHasInABatch) {
  const auto all = score("--format jsonl " + photos_.string());
  const auto one = score("--format jsonl " + (photos_ / "3.bmp").string());
  const std::string line = one.text.substr(one.text.find('\n') + 1);
  EXPECT_THAT(line, HasSubstr("\"score\""));
  EXPECT_THAT(all.text, HasSubstr(line));
}

TEST_F(ScoreCommand, ReadsPathsFromStandardInput) {
  const auto output = score("--format csv -", fmt::format("ls {}/*.bmp |", photos_.string()));
  EXPECT_EQ(output.status, 0);
  EXPECT_EQ(std::count(output.text.begin(), output.text.end(), '\n'), 2 + 5);
}

TEST_F(ScoreCommand, ReadsListsOfWindowsAndListsThatZeroBytesPart) {
  write_file(folder_ / "crlf", photos_.string() + "/0.bmp\r\n" + photos_.string() + "/1.bmp\r\n");
  const auto windows =
      score("--format csv -", fmt::format("cat {} |", (folder_ / "crlf").string()));
  EXPECT_EQ(windows.status, 0) << errors();
  EXPECT_EQ(std::count(windows.text.begin(), windows.text.end(), '\n'), 2 + 2);
  EXPECT_EQ(windows.text.find('\r'), std::string::npos);

  const std::string find = fmt::format("find {} -name '*.bmp' -print0 |", photos_.string());
  for (const char* option : {"-0", "--null"}) {
    const auto output = score(fmt::format("--format csv {} -", option), find);
    EXPECT_EQ(output.status, 0) << errors();
    EXPECT_EQ(std::count(output.text.begin(), output.text.end(), '\n'), 2 + 5);
  }
  EXPECT_NE(score("--format csv -", find).status, 0);
  EXPECT_THAT(errors(), HasSubstr("are read with --null"));
}

TEST_F(ScoreCommand, FailsWhereNothingIsToBeScored) {
  EXPECT_NE(score("--format csv -", "true |").status, 0);
  EXPECT_THAT(errors(), HasSubstr("no image was given: nothing is scored"));
}

TEST_F(ScoreCommand, KeepsACarriageReturnThatBelongsToTheName) {
  fs::rename(photos_ / "0.bmp", photos_ / "0.bmp\r");
  write_file(folder_ / "list", photos_.string() + "/0.bmp\r\n");
  EXPECT_EQ(score("--format csv -", fmt::format("cat {} |", (folder_ / "list").string())).status, 0)
      << errors();
}

TEST_F(ScoreCommand, ReadsAnImageThroughAPipe) {
  const auto piped =
      score("--format jsonl /dev/stdin", fmt::format("cat {} |", (photos_ / "3.bmp").string()));
  EXPECT_EQ(piped.status, 0) << errors();
  const auto file = score("--format jsonl " + (photos_ / "3.bmp").string());
  EXPECT_EQ(piped.text.substr(piped.text.rfind("\"score\"")),
            file.text.substr(file.text.rfind("\"score\"")));
}

TEST_F(ScoreCommand, SaysWhatItPassesOver) {
  fs::rename(photos_ / "0.bmp", photos_ / ".0.bmp");
  write_file(photos_ / "z.gif", std::string_view("GIF89a"));
  const auto output = score("--format csv " + photos_.string());
  EXPECT_EQ(output.status, 0);
  EXPECT_EQ(std::count(output.text.begin(), output.text.end(), '\n'), 2 + 4);
  EXPECT_THAT(errors(), HasSubstr(photos_.string() + ": 2 of 6 files passed over, the first: "));
  const auto all = score("--hidden --format csv " + photos_.string());
  EXPECT_EQ(std::count(all.text.begin(), all.text.end(), '\n'), 2 + 5);
  EXPECT_THAT(errors(), HasSubstr("1 of 6 files passed over, the first: z.gif: is a GIF image"));
}

TEST_F(ScoreCommand, ListsWhatFailedAndScoresTheRest) {
  write_file(photos_ / "2.bmp", std::string_view("BM but no picture"));
  const auto output = score("--format csv " + photos_.string() + " /no/such.png");
  EXPECT_NE(output.status, 0);
  EXPECT_EQ(std::count(output.text.begin(), output.text.end(), '\n'), 2 + 4);
  EXPECT_THAT(errors(), HasSubstr("2.bmp"));
  EXPECT_THAT(errors(), HasSubstr("/no/such.png"));
  EXPECT_THAT(errors(), HasSubstr("2 images could not be scored"));
}

TEST_F(ScoreCommand, TakesItsThresholdFromTheCommandLine) {
  EXPECT_THAT(score("--threshold 1 " + photos_.string()).text, ::testing::Not(HasSubstr("  out ")));
  EXPECT_THAT(score("--threshold -1 " + photos_.string()).text, ::testing::Not(HasSubstr("  in ")));
  EXPECT_EQ(score("--false-alarms 0.01 " + photos_.string()).status, 0);
  EXPECT_NE(score("--false-alarms 0.001 " + photos_.string()).status, 0);
  EXPECT_THAT(errors(), HasSubstr("at least 999 clean images, there are 99"));
}

TEST_F(ScoreCommand, RefusesADetectorOfAnotherModel) {
  write_model(model_, initialise(AutoencoderSpec{}, 2));
  EXPECT_NE(score(photos_.string()).status, 0);
  EXPECT_THAT(errors(), HasSubstr("made for another model"));
}

}  // namespace
}  // namespace gradspace
