#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "moments/moments_file.h"
#include "moments/random_rows.h"
#include "moments/unfinished_moments.h"
#include "support/damage.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::meta_of;
using testing::moments_of_rows;
using testing::random_rows;
using ::testing::ThrowsMessage;

class MomentsFile : public ::testing::Test {
 protected:
  MomentsFile() { write_moments(path_, all_); }

  /// What is said of the file after a change of its content, in one line.
  template <typename Change>
  std::string said_after(const Change& change) {
    SafeTensors file = read_safetensors(path_, "moments");
    change(file);
    const std::filesystem::path changed = folder_ / "changed.safetensors";
    write_safetensors(changed, "moments", std::move(file));
    try {
      read_moments(changed);
    } catch (const FormatError& error) {
      const std::string line = error.what();
      EXPECT_THAT(line, HasSubstr(changed.filename().string()));
      EXPECT_EQ(line.find('\n'), std::string::npos) << line;
      return line;
    }
    return "not refused";
  }

  /// The same for one fact of the metadata, by JSON pointer.
  std::string said_with(const char* pointer, const json& value) {
    return said_after([&](SafeTensors& file) {
      json facts = json::parse(file.metadata.at("moments"));
      facts[json::json_pointer(pointer)] = value;
      file.metadata["moments"] = facts.dump();
    });
  }

  FeatureMoments all_ = moments_of_rows(random_rows(50, 4, 1), 4, MomentsKind::kFourth);
  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "m.safetensors";
};

TEST_F(MomentsFile, ComesBackAsItWas) {
  EXPECT_TRUE(holds_moments(path_));
  for (const MomentsKind kind :
       {MomentsKind::kDiagonal, MomentsKind::kCovariance, MomentsKind::kFourth}) {
    all_.moments = all_.moments.as(MomentsKind::kFourth).as(kind);
    write_moments(path_, all_);
    const FeatureMoments read = read_moments(path_);
    testing::expect_same_bits(read, all_);
    EXPECT_EQ(read.meta.columns, all_.meta.columns);
    EXPECT_EQ(read.meta.model_sha256, all_.meta.model_sha256);
    EXPECT_EQ(read.meta.source_images, 50U);
    all_ = moments_of_rows(random_rows(50, 4, 1), 4, MomentsKind::kFourth);
  }
}

TEST_F(MomentsFile, KeepsNamesOfSetsThatAreNoUtf8) {
  all_.quantiles["\xff\x01"]["bce"].add(1);
  write_moments(path_, all_);
  EXPECT_EQ(read_moments(path_).quantiles, all_.quantiles);
}

TEST_F(MomentsFile, DamageIsNoticed) {
  testing::expect_damage_noticed(
      path_, [&] { read_moments(path_); }, 150);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 8);
  EXPECT_THROW(read_moments(path_), FormatError);
}

TEST_F(MomentsFile, OtherFilesAreNone) {
  write_file(folder_ / "text", std::string_view("0123456789"));
  EXPECT_FALSE(holds_moments(folder_ / "text"));
  EXPECT_FALSE(holds_moments(folder_.path()));
  EXPECT_FALSE(holds_moments(folder_ / "absent"));
  write_safetensors(folder_ / "d.safetensors", "detector", {});
  EXPECT_THAT([&] { read_moments(folder_ / "d.safetensors"); },
              ::testing::ThrowsMessage<FormatError>(
                  HasSubstr("is of kind 'detector'; a file of kind 'moments' is wanted")));
}

TEST_F(MomentsFile, HostileFactsAreRefusedInALine) {
  EXPECT_THAT(said_with("/moments", "fifth"), HasSubstr("no kind of moments"));
  EXPECT_THAT(said_with("/moments", "diagonal"), HasSubstr("shape [10], wanted [4]"));
  EXPECT_THAT(said_with("/moments", "covariance"), HasSubstr("tensors that don't belong"));
  EXPECT_THAT(said_with("/rows", 0), HasSubstr("\"rows\""));
  EXPECT_THAT(said_with("/rows", -3), HasSubstr("\"rows\""));
  EXPECT_THAT(said_with("/rows", 51), HasSubstr("50 images are not 51 rows"));
  EXPECT_THAT(said_with("/rows", std::uint64_t{1} << 60), HasSubstr("\"rows\""));
  EXPECT_THAT(said_with("/failures", 1), HasSubstr("50 images are not 50 rows and 1 failures"));
  EXPECT_THAT(said_with("/quantiles", 3), HasSubstr("no list"));
  EXPECT_THAT(said_with("/quantiles", json::array()), HasSubstr("tensors that don't belong"));
  EXPECT_THAT(said_with("/quantiles/4", json::object()), HasSubstr("no tensor \"quantiles.4\""));
  EXPECT_THAT(said_with("/quantiles/1/of", "bce"), HasSubstr("stand there twice"));
  EXPECT_THAT(said_with("/quantiles/0/least", "small"), HasSubstr("not a number of float32"));
  EXPECT_THAT(said_with("/quantiles/0/least", 1e300), HasSubstr("not a number of float32"));
  EXPECT_THAT(said_with("/quantiles/0/least", 1e30), HasSubstr("do not lie in the first"));
  EXPECT_THAT(said_with("/quantiles/0/values", 4), HasSubstr("another number of values"));
  EXPECT_THAT(said_with("/quantiles/0/left_out", -1), HasSubstr("left_out"));
  for (const char* key : {"moments", "set"}) {
    EXPECT_THAT(said_after([&](SafeTensors& file) { file.metadata.erase(key); }),
                HasSubstr("have no"));
    EXPECT_THAT(said_after([&](SafeTensors& file) { file.metadata[key] = "[]"; }),
                HasSubstr("metadata"));
  }
}

TEST_F(MomentsFile, HostileTensorsAreRefusedInALine) {
  EXPECT_THAT(said_after([](SafeTensors& file) { file.doubles.erase("second"); }),
              HasSubstr("no tensor \"second\""));
  EXPECT_THAT(said_after([](SafeTensors& file) {
                file.doubles["mean"].shape = {2, 2};
              }),
              HasSubstr("shape [2, 2], wanted [4]"));
  EXPECT_THAT(said_after([](SafeTensors& file) { file.doubles["second"].values[0] = -1; }),
              HasSubstr("column 0 has a negative variance"));
  EXPECT_THAT(said_after([](SafeTensors& file) {
                file.tensors["more"] = {{1}, {0}};
              }),
              HasSubstr("don't belong"));
  EXPECT_THAT(said_after([](SafeTensors& file) {
                auto node = file.doubles.extract("mean");
                file.tensors["mean"] = {{4}, {0, 0, 0, 0}};
              }),
              HasSubstr("no tensor \"mean\" of float64"));
  for (const double bucket : {-1.0, 0.5, 1e9, std::nan("")}) {
    EXPECT_THAT(
        said_after([&](SafeTensors& file) { file.doubles["quantiles.0"].values[0] = bucket; }),
        HasSubstr("not rising whole numbers"));
  }
  for (const double count : {0.0, -2.0, 1.5, 1e300}) {
    EXPECT_THAT(
        said_after([&](SafeTensors& file) { file.doubles["quantiles.0"].values.back() = count; }),
        HasSubstr("not rising whole numbers"));
  }
}

TEST(QuantileSketch, OfAnythingIsWithinItsBound) {
  Random random(3);
  for (int trial = 0; trial < 30; ++trial) {
    std::vector<double> values;
    QuantileSketch sketch;
    QuantileSketch parts[3];
    const std::size_t count = 1 + random.below(500);
    for (std::size_t i = 0; i < count; ++i) {
      const auto value =
          static_cast<float>(std::pow(10, 20 * random.uniform() - 10) * random.normal());
      values.push_back(value);
      sketch.add(value);
      parts[random.below(3)].add(value);
    }
    parts[2].add(parts[0]);
    parts[2].add(parts[1]);
    EXPECT_EQ(parts[2], sketch);
    std::ranges::sort(values);
    for (const double share : {0.0, 0.001, 0.1, 0.5, 0.77, 1.0}) {
      const auto rank = std::clamp<std::size_t>(
          static_cast<std::size_t>(std::ceil(share * static_cast<double>(count))), 1, count);
      const double exact = values[rank - 1];
      EXPECT_LE(std::abs(sketch.quantile(share) - exact),
                QuantileSketch::kRelativeError * std::abs(exact));
    }
  }
}

TEST(QuantileSketch, LeavesOutWhatIsNotFinite) {
  QuantileSketch sketch;
  EXPECT_THROW(sketch.quantile(0.5), InvalidArgument);
  for (const float value : {std::nanf(""), INFINITY, -INFINITY, -0.0F, 0.0F, FLT_MAX, -FLT_MAX}) {
    sketch.add(value);
  }
  EXPECT_EQ(sketch.count(), 4U);
  EXPECT_EQ(sketch.left_out(), 3U);
  EXPECT_EQ(sketch.quantile(0), -FLT_MAX);
  EXPECT_NEAR(sketch.quantile(0.5), 0, 6e-42);
  EXPECT_EQ(sketch.quantile(1), FLT_MAX);
  EXPECT_EQ(sketch.counts().size(), 3U);
  EXPECT_THROW(sketch.quantile(1.01), InvalidArgument);
  EXPECT_THROW(sketch.quantile(std::nan("")), InvalidArgument);
}

/// Builders that were saved and read again after some of the rows come to the bits of one that was not.
TEST(UnfinishedMoments, GoOnToTheSameBits) {
  constexpr std::size_t kRows = 3 * kMomentsPieceRows + 70;
  constexpr std::size_t kColumns = 5;
  const std::vector<float> values = random_rows(kRows, kColumns, 7);
  std::vector<FeatureRow> rows(kRows);
  for (std::size_t i = 0; i < kRows; ++i) {
    rows[i].image.set = i % 3 == 0 ? "one" : "other";
    rows[i].bce = static_cast<float>(i);
  }
  const FeatureSetMeta meta = meta_of(kColumns);
  MomentsBuilder whole(meta, MomentsKind::kFourth);
  whole.append(rows, values);
  const std::vector<std::uint8_t> wanted = serialise_moments(whole.finish());
  for (const std::size_t stop : {std::size_t{0}, std::size_t{1}, std::size_t{511}, std::size_t{512},
                                 std::size_t{1300}, kRows}) {
    MomentsBuilder first(meta, MomentsKind::kFourth);
    first.append(std::span(rows).first(stop), std::span(values).first(stop * kColumns));
    MomentsProgress progress{"{}", stop + 2, {{"a,b\n\"c\".png", "no picture"}, {"d", ""}}};
    UnfinishedMoments read =
        parse_unfinished_moments(serialise_unfinished_moments(first, progress), "file");
    EXPECT_EQ(read.progress.images_done, stop + 2);
    ASSERT_EQ(read.progress.failures.size(), 2U);
    EXPECT_EQ(read.progress.failures[0].path, progress.failures[0].path);
    MomentsBuilder second(std::move(read.summed), std::move(read.waiting));
    EXPECT_EQ(second.rows(), stop);
    second.append(std::span(rows).subspan(stop), std::span(values).subspan(stop * kColumns));
    EXPECT_TRUE(serialise_moments(second.finish()) == wanted) << stop;
  }
}

TEST(UnfinishedMoments, AreRefusedWhereTheyCannotGoOn) {
  MomentsBuilder builder(meta_of(3), MomentsKind::kDiagonal);
  builder.append(std::vector<FeatureRow>(9), random_rows(9, 3, 1));
  const std::vector<std::uint8_t> bytes = serialise_unfinished_moments(builder, {"{}", 9, {}});
  const auto refused = [&](const auto& change, const char* why) {
    SafeTensors file = parse_safetensors(bytes, "file", "unfinished moments");
    change(file);
    EXPECT_THAT(
        [&] {
          parse_unfinished_moments(serialise_safetensors("unfinished moments", file), "file");
        },
        ThrowsMessage<FormatError>(HasSubstr(why)));
  };
  refused([](SafeTensors& file) { file.tensors.clear(); }, "no matrix \"waiting\"");
  refused([](SafeTensors& file) { file.tensors["waiting"] = {{2, 2}, {1, 2, 3, 4}}; }, "no pieces");
  refused(
      [](SafeTensors& file) {
        file.tensors["waiting"] = {{512, 3}, std::vector<float>(1536)};
      },
      "no pieces");
  refused([](SafeTensors& file) { file.metadata.erase("of"); }, "\"of\"");
  refused([](SafeTensors& file) { file.metadata["failures"] = "path\n"; }, "its failures");
  EXPECT_THROW(MomentsBuilder(moments_of_rows(random_rows(9, 3, 1), 3, MomentsKind::kDiagonal), {}),
               InvalidArgument);
}

}  // namespace
}  // namespace gradspace
