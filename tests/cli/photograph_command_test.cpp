// Photographs at their own size, from training on tiles to maps, as people call it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "gradspace/feature_set.h"
#include "gradspace/image.h"
#include "gradspace/model.h"
#include "gradspace/results.h"
#include "support/python.h"
#include "support/scenes.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class PhotographCommand : public ::testing::Test {
 protected:
  PhotographCommand() {
    for (int scene = 0; scene < 12; ++scene) {
      for (int view = 0; view < 5; ++view) {
        write("clean", scene, view, 1);
      }
    }
    for (int scene = 50; scene < 60; ++scene) {
      write("stream", scene, 0, 1);
      write("dark", scene, 0, 0.3);
    }
  }

  void write(const std::string& folder, int scene, int view, double light) const {
    fs::create_directories(folder_ / folder);
    Image image = testing::photograph_of_scene(96, 80, static_cast<std::uint64_t>(scene), 6 * view);
    for (std::uint8_t& sample : image.pixels()) {
      sample = static_cast<std::uint8_t>(sample * light);
    }
    write_image(folder_ / folder / fmt::format("scene{:02}_{}.png", scene, view), image);
  }

  int run(const std::string& arguments) const {
    const testing::ScriptOutput ended = testing::run_shell(fmt::format(
        "cd {} && {} {} >out 2>err", folder_.path().string(), GRADSPACE_COMMAND, arguments));
    return WEXITSTATUS(ended.status);
  }
  std::string output() const { return read_text_file(folder_ / "out"); }
  std::string errors() const { return read_text_file(folder_ / "err"); }

  testing::TemporaryFolder folder_;
};

TEST_F(PhotographCommand, GoesFromTilesToMaps) {
  ASSERT_EQ(
      run("train --data clean --tiles 16x16 --tiles-per-image 8 --epochs 1 --out m.safetensors"), 0)
      << errors();
  const Model model = read_model(folder_ / "m.safetensors");
  EXPECT_EQ(model.spec.input, (Extent{3, 16, 16}));
  EXPECT_EQ(model.metadata.at("tiles"), R"({"per_image":8,"size":[16,16],"stride":null})");
  EXPECT_THAT(errors(), Not(HasSubstr("shrunk")));

  ASSERT_EQ(
      run("fit --data clean --model m.safetensors --tiles 16x16 --stride 8x16 --false-alarms 0.1 "
          "--out d.safetensors"),
      0)
      << errors();
  EXPECT_THAT(errors(), HasSubstr("d.safetensors: threshold"));

  ASSERT_EQ(run("score --model m.safetensors --detector d.safetensors --format jsonl --map maps "
                "stream dark"),
            0)
      << errors();
  EXPECT_THAT(output(), HasSubstr("\"verdict\":\"out\""));
  const auto record =
      nlohmann::json::parse(read_text_file(folder_ / "maps/dark/scene50_0.png.json"));
  EXPECT_EQ(record["columns"], 11);
  EXPECT_EQ(record["rows"], 5);
  EXPECT_TRUE(fs::exists(folder_ / "maps/stream/scene50_0.png.png"));
  EXPECT_EQ(run("score --model m.safetensors --detector d.safetensors --map maps stream"), 1);
  EXPECT_THAT(errors(), HasSubstr("maps: exists and is not an empty folder"));

  ASSERT_EQ(run("evaluate --model m.safetensors --detector d.safetensors --inliers stream "
                "--outliers dark "
                "--out results"),
            0)
      << errors();
  EXPECT_GT(read_results(folder_ / "results/results.json").rows.at(0).metrics.auroc, 0.8);
  const auto frames =
      nlohmann::json::parse(read_text_file(folder_ / "results/frames/frames.json"))["rows"];
  ASSERT_EQ(frames.size(), 6U) << "three of each set";
  EXPECT_EQ(frames[0]["set"], "inliers");
  EXPECT_EQ(frames[1]["name"], "dark");
  EXPECT_GE(frames[1]["score"], frames[3]["score"]);
  const Image strip = read_image(folder_ / "results/frames/01.jpg");
  EXPECT_EQ(strip.width(), 2 * 96);
  EXPECT_EQ(strip.height(), 80);
  EXPECT_EQ(run("drift --model m.safetensors --detector d.safetensors --window 5 stream"), 0)
      << errors();
}

TEST_F(PhotographCommand, NeedsNoModelForThePictureAlone) {
  ASSERT_EQ(run("fit --method photograph-image --data clean --tiles 16x16 --false-alarms 0.1 --out "
                "d.safetensors"),
            0)
      << errors();
  ASSERT_EQ(run("score --detector d.safetensors --format csv stream"), 0) << errors();
  EXPECT_THAT(output(), HasSubstr("stream/scene50_0.png,"));
  EXPECT_EQ(run("evaluate --detector d.safetensors --inliers stream --outliers dark --out results"),
            0)
      << errors();
}

TEST_F(PhotographCommand, JudgesTilesByAOneClassMethod) {
  write_model(folder_ / "m.safetensors", initialise(autoencoder_for(16, 16), 1));
  ASSERT_EQ(run("fit --method spectral-fisher --data clean --model m.safetensors --tiles 16x16 "
                "--stride 8x16 --false-alarms 0.1 --out d.safetensors"),
            0)
      << errors();
  ASSERT_EQ(
      run("score --model m.safetensors --detector d.safetensors --format csv --map maps dark"), 0)
      << errors();
  EXPECT_TRUE(fs::exists(folder_ / "maps/dark/scene50_0.png.png"));
  EXPECT_EQ(run("drift --model m.safetensors --detector d.safetensors --window 5 stream"), 0)
      << errors();
  ASSERT_EQ(run("evaluate --model m.safetensors --detector d.safetensors --inliers stream "
                "--outliers dark --out results"),
            0)
      << errors();
  EXPECT_GT(read_results(folder_ / "results/results.json").rows.at(0).metrics.auroc, 0.8);
  EXPECT_TRUE(fs::exists(folder_ / "results/frames/frames.json"));
  EXPECT_EQ(run("score --detector d.safetensors dark"), 1);
  EXPECT_THAT(errors(), HasSubstr("give it with --model"));
  EXPECT_EQ(run("fit --method elbo --data clean --tiles 16x16 --out x.safetensors"), 1);
  EXPECT_THAT(errors(), HasSubstr("elbo wants a model"));
  EXPECT_EQ(run("fit --method elbo --data clean --val stream --tiles 16x16 --out x.safetensors"),
            2);
  EXPECT_THAT(errors(), HasSubstr("--val does not go with tiles"));
}

TEST_F(PhotographCommand, ExtractsTilesWithTheirPlaces) {
  write_model(folder_ / "m.safetensors", initialise(autoencoder_for(16, 16), 1));
  ASSERT_EQ(run("extract --model m.safetensors --data stream --tiles 16x16 --tiles-per-image 3 "
                "--out set"),
            0)
      << errors();
  const FeatureSet set(folder_ / "set");
  ASSERT_EQ(set.size(), 30U);
  for (std::size_t i = 0; i < set.size(); ++i) {
    const FeatureRow& row = set.index()[i];
    ASSERT_TRUE(row.tile);
    EXPECT_LE(row.tile->x, 80);
    EXPECT_LE(row.tile->y, 64);
  }
  EXPECT_THAT(read_text_file(folder_ / "set/index.csv"), HasSubstr("kld,tile_x,tile_y\n"));
  EXPECT_EQ(run("extract --model m.safetensors --data stream --tiles 28x28 --out other"), 1);
  EXPECT_THAT(errors(), HasSubstr("tiles of 28x28 are not of the model's size, 16x16"));
}

TEST_F(PhotographCommand, SaysWhatShrinkingLoses) {
  fs::create_directories(folder_ / "large");
  for (int scene = 0; scene < 3; ++scene) {
    write_image(folder_ / "large" / fmt::format("{}.png", scene),
                testing::photograph_of_scene(160, 120, static_cast<std::uint64_t>(scene)));
  }
  ASSERT_EQ(run("train --data large --epochs 1 --out m.safetensors"), 0) << errors();
  EXPECT_THAT(errors(), HasSubstr("0.png: 160x120 pixels are shrunk to 28x28"));
  ASSERT_EQ(run("train --data large --size 64x64 --epochs 1 --out l.safetensors"), 0) << errors();
  EXPECT_THAT(errors(), Not(HasSubstr("shrunk")));
  EXPECT_EQ(read_model(folder_ / "l.safetensors").spec.input, (Extent{3, 64, 64}));
  ASSERT_EQ(run("info --spec 64x64"), 0);
  EXPECT_EQ(parse_autoencoder_spec(output(), "out"), autoencoder_for(64, 64));
  EXPECT_EQ(run("train --data large --size 30x28 --epochs 1 --out x.safetensors"), 1);
  EXPECT_EQ(run("train --data large --size 64 --epochs 1 --out x.safetensors"), 2);
  EXPECT_EQ(run("fit --method elbo --stride 28x28 --data large --model m.safetensors --out x"), 2);
  EXPECT_THAT(errors(), HasSubstr("give --tiles, too"));
  EXPECT_FALSE(fs::exists(folder_ / "x.safetensors"));
}

}  // namespace
}  // namespace gradspace
