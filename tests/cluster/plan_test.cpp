#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/plan_file.h"
#include "cluster/small_job.h"
#include "core/checksum.h"
#include "core/hash.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "support/damage.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::SmallJob;

class PlanTest : public ::testing::Test {
 protected:
  std::string refusal(const std::vector<Shard>& shards, const PlanOptions& options = {}) {
    try {
      plan_shards(small_.job(), small_.model(), shards, options);
    } catch (const Error& error) {
      EXPECT_FALSE(fs::exists(small_.job() / "plan.json"));
      return error.what();
    }
    return {};
  }

  SmallJob small_{1, 1};
};

TEST_F(PlanTest, ComesBackFromItsFile) {
  PlanOptions options;
  options.features = "mu,logvar";
  options.project = 3;
  options.project_seed = 12;
  options.type = FeatureType::kFloat16;
  options.tiles = {{8, 8, 8, 8}, 5, 77};
  options.source = "folder";
  options.source_options.hidden = true;
  options.lost_after = std::chrono::milliseconds(1500);
  const std::string digest(64, 'a');
  const ShardPlan plan = plan_shards(small_.job(), small_.model(),
                                     {{"/d/b", 10, 3, digest},
                                      {"/d/caf\xe9"},
                                      {"pipe:cat /x"},
                                      {"s3://bucket/a"},
                                      {"/d/a", {}, 4}},
                                     options);
  const ShardPlan read = read_plan(small_.job());
  EXPECT_EQ(read.shards, plan.shards);
  EXPECT_EQ(read.shards[1].uri, "/d/caf\xe9");
  EXPECT_EQ(read.shards[2].uri, "pipe:cat /x");
  EXPECT_EQ(read.options.features, "mu,logvar");
  EXPECT_EQ(read.options.project, 3U);
  EXPECT_EQ(read.options.project_seed, 12U);
  EXPECT_EQ(read.options.type, FeatureType::kFloat16);
  ASSERT_TRUE(read.options.tiles);
  EXPECT_EQ(read.options.tiles->tiling, options.tiles->tiling);
  EXPECT_EQ(read.options.tiles->per_image, 5U);
  EXPECT_EQ(read.options.tiles->seed, 77U);
  EXPECT_EQ(read.options.source, "folder");
  EXPECT_TRUE(read.options.source_options.hidden);
  EXPECT_EQ(read.options.lost_after, options.lost_after);
  EXPECT_EQ(read.options.instruction_set, plan.options.instruction_set);
  EXPECT_EQ(read.digest, plan.digest);
  EXPECT_EQ(read.digest, sha256_hex_of_file(small_.job() / "plan.json"));
  EXPECT_EQ(read.model_sha256, sha256_hex_of_file(small_.job() / "model.safetensors"));
  EXPECT_EQ(plan_to_json(read), read_text_file(small_.job() / "plan.json"));
}

TEST_F(PlanTest, NamesTheInstructionsOfThisProcessor) {
  const ShardPlan plan = small_.plan();
  const std::vector<InstructionSet> available = available_instruction_sets();
  if (!available.empty()) {
    EXPECT_EQ(plan.options.instruction_set, available.front());
  }
}

TEST_F(PlanTest, MakesPathsAbsolute) {
  const ShardPlan plan = plan_shards(small_.job(), small_.model(), {{"some/../shard/"}});
  EXPECT_EQ(plan.shards[0].uri, (fs::current_path() / "shard").string());
}

TEST_F(PlanTest, RefusesShardsThatOverlap) {
  EXPECT_THAT(refusal({}), HasSubstr("0 shards"));
  EXPECT_THAT(refusal({{"/a"}, {""}}), HasSubstr("no uri"));
  EXPECT_THAT(refusal({{"/a"}, {"/b"}, {"/a/"}}), HasSubstr("/a stands there twice"));
  EXPECT_THAT(refusal({{"/a/b"}, {"/a-b"}, {"/a"}}), HasSubstr("/a/b lies within the shard /a"));
  EXPECT_THAT(refusal({{"/a", {}, {}, "12"}}), HasSubstr("no SHA-256"));
  EXPECT_EQ(refusal({{"/a-b"}, {"/a"}, {"/ab/c"}}), "");
}

TEST_F(PlanTest, RefusesWhatDoesNotFitTheModel) {
  PlanOptions options;
  options.features = "down.7:kld";
  EXPECT_THAT(refusal(small_.shards(), options), HasSubstr("down.7"));
  options = {};
  options.lost_after = std::chrono::milliseconds(1);
  EXPECT_THAT(refusal(small_.shards(), options), HasSubstr("lost after"));
  options = {};
  options.tiles = {{8, 9, 8, 8}, 5, 77};
  EXPECT_THAT(refusal(small_.shards(), options), HasSubstr("not of the model's size"));
  options.tiles = {{8, 8, 8, 8}, 0, 77};
  EXPECT_THAT(refusal(small_.shards(), options), HasSubstr("tiles per image 0"));
  options = {};
  options.moments = MomentsKind::kDiagonal;
  options.type = FeatureType::kFloat16;
  EXPECT_THAT(refusal(small_.shards(), options), HasSubstr("moments are sums"));
  options = {};
  options.project = 100'000;
  EXPECT_THAT(refusal(small_.shards(), options), HasSubstr("projection: to 100000 columns"));
  options = {};
  options.source = "tape";
  EXPECT_THAT(refusal(small_.shards(), options), HasSubstr("tape"));
}

TEST_F(PlanTest, IsMadeOnce) {
  small_.plan();
  const std::string before = read_text_file(small_.job() / "plan.json");
  EXPECT_THROW(small_.plan(), InvalidArgument);
  EXPECT_EQ(read_text_file(small_.job() / "plan.json"), before);
  EXPECT_THROW(plan_shards(small_.path("shards"), small_.model(), small_.shards()),
               InvalidArgument);
}

TEST_F(PlanTest, DamageIsNoticed) {
  small_.plan();
  testing::expect_damage_noticed(small_.job() / "plan.json", [&] { read_plan(small_.job()); });
}

TEST_F(PlanTest, OfHostileContentIsRefusedInALine) {
  small_.plan();
  const fs::path file = small_.job() / "plan.json";
  const nlohmann::json good = parse_sealed_json(read_text_file(file), "plan");
  const auto with = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json changed = good;
    changed[nlohmann::json::json_pointer(pointer)] = value;
    write_file(file, sealed_json(changed));
    try {
      read_plan(small_.job());
    } catch (const FormatError& error) {
      const std::string line = error.what();
      EXPECT_THAT(line, HasSubstr("plan.json"));
      EXPECT_EQ(line.find('\n'), std::string::npos);
      return line;
    }
    return std::string("not refused");
  };
  EXPECT_THAT(with("/format_version", 99), HasSubstr("format version 99 is newer"));
  EXPECT_THAT(with("/kind", "party"), HasSubstr("not the plan of a job"));
  EXPECT_THAT(with("/shards", 3), HasSubstr("\"uri\""));
  EXPECT_THAT(with("/shards/uri", nlohmann::json::array()), HasSubstr("0 shards"));
  EXPECT_THAT(with("/shards/uri/0", 7), HasSubstr("shard 0: 7 is not a text"));
  EXPECT_THAT(with("/shards/uri/0", ""), HasSubstr("no uri"));
  EXPECT_THAT(with("/shards/rows", {1, 2}), HasSubstr("\"rows\" is not a list of 1 entries"));
  EXPECT_THAT(with("/shards/rows", {-1}), HasSubstr("shard 0"));
  EXPECT_THAT(with("/model_sha256", "x"), HasSubstr("SHA-256"));
  EXPECT_THAT(with("/instruction_set", "mmx"), HasSubstr("mmx"));
  EXPECT_THAT(with("/backend", "magic"), HasSubstr("magic"));
  EXPECT_THAT(with("/source", "tape"), HasSubstr("tape"));
  EXPECT_THAT(with("/project", 0), HasSubstr("\"project\""));
  EXPECT_THAT(with("/project", 3), HasSubstr("\"project_seed\""));
  EXPECT_THAT(with("/dtype", "f8"), HasSubstr("dtype"));
  const nlohmann::json tiles = {{"width", 8}, {"height", 8}, {"per_image", 5}, {"seed", 1}};
  for (const char* key : {"width", "height", "per_image", "seed"}) {
    nlohmann::json bad = tiles;
    bad[key] = -1;
    EXPECT_THAT(with("/tiles", bad), HasSubstr(key));
  }
  EXPECT_THAT(with("/tiles", 3), HasSubstr("\"tiles\""));
  EXPECT_THAT(with("/hidden", 1), HasSubstr("true or false"));
  EXPECT_THAT(with("/lost_after_ms", 0), HasSubstr("lost_after_ms"));
}

}  // namespace
}  // namespace gradspace
