#include "gradspace/detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "detect/perceptron.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "support/damage.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Detector some_detector() {
  Detector detector;
  detector.weights = Perceptron(1872, 1).tensors();
  detector.columns = {{"down.6", Loss::kKld, 0, 1728}, {"up.6", Loss::kBce, 1728, 1872}};
  detector.model_sha256 = "00ff";
  detector.threshold = 0.1 + 0.2;
  detector.metadata["options"] = R"({"seed":1})";
  return detector;
}

TEST(Detector, ComesBackFromItsFileUnchanged) {
  const testing::TemporaryFolder folder;
  const Detector written = some_detector();
  write_detector(folder / "d.safetensors", written);
  const Detector read = read_detector(folder / "d.safetensors");
  EXPECT_EQ(read.method, written.method);
  EXPECT_EQ(read.weights, written.weights);
  EXPECT_EQ(read.columns, written.columns);
  EXPECT_EQ(read.model_sha256, written.model_sha256);
  EXPECT_EQ(read.threshold, written.threshold);
  EXPECT_EQ(read.metadata.at("options"), written.metadata.at("options"));
}

TEST(Detector, RefusesOtherFilesByName) {
  const testing::TemporaryFolder folder;
  SafeTensors file;
  write_safetensors(folder / "other.safetensors", "autoencoder", file);
  EXPECT_THAT([&] { read_detector(folder / "other.safetensors"); },
              ThrowsMessage<FormatError>(HasSubstr("other.safetensors")));
  write_safetensors(folder / "bare.safetensors", "detector", file);
  EXPECT_THAT([&] { read_detector(folder / "bare.safetensors"); },
              ThrowsMessage<FormatError>(HasSubstr("bare.safetensors")));
  file.metadata = {{"method", "classifier"},
                   {"columns", "[{\"layer\": 1}]"},
                   {"model_sha256", ""},
                   {"threshold", "0.5"}};
  write_safetensors(folder / "wrong.safetensors", "detector", file);
  EXPECT_THAT([&] { read_detector(folder / "wrong.safetensors"); },
              ThrowsMessage<FormatError>(HasSubstr("wrong.safetensors")));
}

TEST(Detector, RefusesMembersThatDoNotAgree) {
  const testing::TemporaryFolder folder;
  const auto refuses = [&](const std::string& why, const auto& change) {
    Detector detector = some_detector();
    EXPECT_NO_THROW(detector.validate());
    change(detector);
    EXPECT_THAT([&] { detector.validate(); }, ThrowsMessage<InvalidArgument>(HasSubstr(why)));
    EXPECT_THROW(write_detector(folder / "bad.safetensors", detector), InvalidArgument);
  };
  refuses("method is empty", [](Detector& d) { d.method.clear(); });
  refuses("SHA-256 is empty", [](Detector& d) { d.model_sha256.clear(); });
  refuses("threshold is NaN", [](Detector& d) { d.threshold = std::nan(""); });
  refuses("'0.bias' of shape [40] holds 39",
          [](Detector& d) { d.weights.at("0.bias").values.pop_back(); });
  refuses("tensor '0.bias' holds NaN",
          [](Detector& d) { d.weights.at("0.bias").values[3] = std::nanf(""); });
  refuses("columns 1 to 1728 of down.6:kld; wanted from 0",
          [](Detector& d) { d.columns[0].begin = 1; });
  refuses("columns 1729 to 1872 of up.6:bce; wanted from 1728",
          [](Detector& d) { d.columns[1].begin = 1729; });
  refuses("columns 1728 to 1728", [](Detector& d) { d.columns[1].end = 1728; });
  // A file that says so is refused by name.
  SafeTensors file;
  file.metadata = {
      {"method", "classifier"}, {"columns", "[]"}, {"model_sha256", ""}, {"threshold", "0.5"}};
  write_safetensors(folder / "empty.safetensors", "detector", file);
  EXPECT_THAT([&] { read_detector(folder / "empty.safetensors"); },
              ThrowsMessage<FormatError>(HasSubstr("empty.safetensors: detector: its model's")));
}

TEST(FindColumns, FindsBlocksThatLieSideBySide) {
  const std::vector<FeatureBlock> set{{"mu", std::nullopt, 0, 20},
                                      {"down.6", Loss::kKld, 20, 1748},
                                      {"up.6", Loss::kBce, 1748, 1892}};
  const std::vector<FeatureBlock> proposed = some_detector().columns;
  EXPECT_EQ(find_columns(set, proposed, "s"), 20U);
  EXPECT_EQ(find_columns(set, {{"mu", std::nullopt, 0, 20}}, "s"), 0U);
  const std::vector<FeatureBlock> apart{{"mu", std::nullopt, 0, 20}, {"up.6", Loss::kBce, 20, 164}};
  EXPECT_THAT([&] { find_columns(set, apart, "s"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("--features mu,up.6:bce")));
  EXPECT_THROW(find_columns(set, {{"up.6", Loss::kKld, 0, 144}}, "s"), InvalidArgument);
}

TEST(Detector, IsRefusedWithAByteThatChanged) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "d.safetensors";
  write_detector(path, some_detector());
  testing::expect_damage_noticed(path, [&] { read_detector(path); });
}

TEST(Detector, OfAnOlderVersionIsRead) {
  const auto folder = testing::data_file("formats-0.1.0");
  EXPECT_EQ(read_detector(folder / "detector.safetensors").method, "image-statistics");
}

}  // namespace
}  // namespace gradspace
