#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/small_job.h"
#include "core/checksum.h"
#include "core/json.h"
#include "gradspace/classifier.h"
#include "gradspace/detector.h"
#include "gradspace/error.h"
#include "gradspace/fit_features.h"
#include "support/damage.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Heard;
using testing::SmallJob;

class Merge : public ::testing::Test {
 protected:
  Merge() {
    write_file(small_.shard_folder(1) / "bad.bmp", std::string_view("BM"));
    small_.plan();
    work_on_shards(small_.job());
    small_.extract_all("one");
  }

  SmallJob small_{4, 9};
};

TEST_F(Merge, MakesTheJobOneFeatureSet) {
  const MergeResult result = merge_parts(small_.job());
  EXPECT_EQ(result.parts, 4U);
  EXPECT_EQ(result.rows, 36U);
  EXPECT_EQ(result.failures, 1U);
  const FeatureSet one(small_.path("one"));
  const FeatureSet merged(small_.job());
  ASSERT_EQ(merged.size(), one.size());
  ASSERT_EQ(merged.dimension(), one.dimension());
  EXPECT_EQ(merged.meta().columns, one.meta().columns);
  EXPECT_EQ(merged.meta().source_images, one.meta().source_images);
  EXPECT_EQ(merged.meta().source, small_.path("shards").string());
  EXPECT_EQ(merged.failures(), one.failures());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(merged.row(i), one.row(i))) << i;
    EXPECT_EQ(merged.index()[i].image.path, one.index()[i].image.path);
    EXPECT_EQ(merged.index_row(i).bce, one.index_row(i).bce);
    EXPECT_EQ(merged.rows_together(i), 9 - i % 9);
  }
  EXPECT_NO_THROW(merged.verify());
}

TEST_F(Merge, WhatLooksAtViewsSeesTheSame) {
  merge_parts(small_.job());
  const FeatureSet one(small_.path("one"));
  const FeatureSet merged(small_.job());
  const FeatureView whole = view(one, 3, 11);
  const FeatureView pieces = view(merged, 3, 11);
  ASSERT_EQ(pieces.rows, 36U);
  std::size_t seen = 0;
  for (std::size_t first = 0; first < pieces.rows;) {
    const FeatureView run = pieces.run(first, 4);
    EXPECT_LE(run.rows, 4U);
    for (std::size_t i = 0; i < run.rows; ++i, ++seen) {
      EXPECT_TRUE(std::ranges::equal(run.row(i), whole.row(first + i)));
      EXPECT_TRUE(std::ranges::equal(pieces.row(first + i), whole.row(first + i)));
    }
    first += run.rows;
  }
  EXPECT_EQ(seen, 36U);
  Classifier classifier = train_classifier(whole, whole, whole, whole, {.epochs = 2});
  EXPECT_EQ(classifier.score(pieces), classifier.score(whole));
  const Classifier by_pieces = train_classifier(pieces, pieces, pieces, pieces, {.epochs = 2});
  EXPECT_EQ(by_pieces.score(whole), classifier.score(whole));
}

TEST_F(Merge, CopiesByteForByteWhatOneExtractWrites) {
  small_.expect_merged_as_one_extract();
  EXPECT_FALSE(fs::exists(small_.job() / "set.json"));
}

TEST_F(Merge, GoesOnWithACopyThatWasStopped) {
  MergeOptions options;
  options.copy = small_.path("copied");
  JobObserver observer;
  bool stop = false;
  int parts = 0;
  observer.on_progress = [&](std::size_t, std::size_t) { stop = ++parts == 4 + 2; };
  observer.stop_requested = [&] { return stop; };
  EXPECT_TRUE(merge_parts(small_.job(), options, observer).stopped);
  EXPECT_FALSE(fs::exists(options.copy));
  small_.expect_merged_as_one_extract();
}

TEST_F(Merge, IsRefusedWhileAPartIsMissing) {
  fs::rename(small_.part(2), small_.path("away"));
  MergeResult result = merge_parts(small_.job());
  EXPECT_THAT(result.missing, ElementsAre(2U));
  EXPECT_FALSE(fs::exists(small_.job() / "set.json"));
  MergeOptions options;
  options.allow_missing = true;
  result = merge_parts(small_.job(), options);
  EXPECT_EQ(result.rows, 27U);
  EXPECT_EQ(FeatureSet(small_.job()).size(), 27U);
}

TEST_F(Merge, SetsDamagedPartsAside) {
  fs::resize_file(small_.part(0) / "index.csv", 100);
  Heard heard;
  EXPECT_THAT(merge_parts(small_.job(), {}, heard.observer()).missing, ElementsAre(0U));
  EXPECT_THAT(heard.failures, ElementsAre(HasSubstr("shard 0: its part is set aside: ")));
  EXPECT_FALSE(fs::exists(small_.part(0)));
  work_on_shards(small_.job());

  // A byte that no size tells of.
  const fs::path features = small_.part(3) / "features.npy";
  const std::uint8_t byte = read_file(features)[500];
  testing::write_byte(features, 500, byte ^ 4U);
  EXPECT_TRUE(merge_parts(small_.job()).missing.empty());
  EXPECT_THROW(FeatureSet(small_.job()).verify(), FormatError);
  MergeOptions options;
  options.verify = true;
  EXPECT_THAT(merge_parts(small_.job(), options).missing, ElementsAre(3U));
  work_on_shards(small_.job());
  small_.expect_merged_as_one_extract();
}

TEST_F(Merge, DamageOfTheManifestIsNoticed) {
  merge_parts(small_.job());
  testing::expect_damage_noticed(small_.job() / "set.json", [&] { FeatureSet(small_.job()); });
}

TEST_F(Merge, AHostileManifestIsRefusedInALine) {
  merge_parts(small_.job());
  const fs::path file = small_.job() / "set.json";
  const nlohmann::json good = parse_sealed_json(read_text_file(file), "set.json");
  const auto with = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json changed = good;
    changed[nlohmann::json::json_pointer(pointer)] = value;
    write_file(file, sealed_json(changed));
    try {
      const FeatureSet set(small_.job());
      set.verify();
    } catch (const Error& error) {
      const std::string line = error.what();
      EXPECT_EQ(line.find('\n'), std::string::npos) << line;
      return line;
    }
    return std::string("not refused");
  };
  EXPECT_THAT(with("/parts", 3), HasSubstr("set.json"));
  EXPECT_THAT(with("/parts/folder", nlohmann::json::array()), HasSubstr("set.json"));
  EXPECT_THAT(with("/parts/folder/0", "../other"), HasSubstr("no folder of a part"));
  EXPECT_THAT(with("/parts/folder/0", "/etc"), HasSubstr("no folder of a part"));
  EXPECT_THAT(with("/parts/folder/0", "."), HasSubstr("is a set of parts itself"));
  EXPECT_THAT(with("/parts/folder/0", "parts/000001"), HasSubstr("SHA-256"));
  EXPECT_THAT(with("/parts/rows/0", 0), HasSubstr("rows"));
  EXPECT_THAT(with("/parts/rows/0", std::int64_t{1} << 60), HasSubstr("rows"));
  EXPECT_THAT(with("/parts/rows/0", 8), HasSubstr("9 rows"));
  EXPECT_THAT(with("/parts/rows", {1}), HasSubstr("has 1 entries, wanted 4"));
  EXPECT_THAT(with("/parts/failures/0", -1), HasSubstr("rows"));
  EXPECT_THAT(with("/parts/meta_sha256/0", "abc"), HasSubstr("SHA-256"));
  EXPECT_THAT(with("/columns/0/end", 5), HasSubstr("columns"));
}

TEST_F(Merge, APartThatGoesAwayIsNamedWhenItIsReached) {
  merge_parts(small_.job());
  fs::remove_all(small_.part(2));
  const FeatureSet merged(small_.job());
  EXPECT_NO_THROW(merged.row(0));
  EXPECT_THROW(merged.row(18), IoError);
  EXPECT_THROW(merged.index(), IoError);
}

}  // namespace
}  // namespace gradspace
