#include "cluster/part_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/small_job.h"
#include "core/checksum.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "support/damage.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::SmallJob;

TEST(PartRecord, ComesBackFromItsText) {
  const PartRecord record{std::string(64, 'b'), 17,       "/d/caf\xe9", 100, 3, {51'200, 900, 40},
                          std::string(64, 'c'), "host:1", 2.5};
  EXPECT_EQ(parse_part_record(part_record_to_json(record), "part.json"), record);
}

TEST(PartRecord, OfHostileContentIsRefusedInALine) {
  const nlohmann::json good = parse_sealed_json(part_record_to_json({}), "part.json");
  for (const auto& [key, value] : good.items()) {
    if (key == "version") {
      continue;  // for people
    }
    nlohmann::json without = good;
    without.erase(key);
    EXPECT_THROW(parse_part_record(sealed_json(without), "part.json"), FormatError) << key;
    nlohmann::json other = good;
    other[key] = value.is_string() ? nlohmann::json(-1) : nlohmann::json("x");
    EXPECT_THROW(parse_part_record(sealed_json(other), "part.json"), FormatError) << key;
  }
  for (const char* text : {"", "[]", "3", "{", "{\"kind\": \"part\"}"}) {
    EXPECT_THROW(parse_part_record(text, "part.json"), FormatError) << text;
  }
}

class Parts : public ::testing::Test {
 protected:
  Parts() : plan_(small_.plan()) {
    write_file(small_.shard_folder(1) / "bad.bmp", std::string_view("BM"));
    work_on_shards(small_.job());
  }

  std::string complaint(int shard) {
    try {
      check_part(small_.part(shard), plan_, static_cast<std::uint32_t>(shard));
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  SmallJob small_{2, 4};
  ShardPlan plan_;
};

TEST_F(Parts, HaveARecordOfWhatTheyAre) {
  const PartRecord record = check_part(small_.part(1), plan_, 1);
  EXPECT_EQ(record.plan, plan_.digest);
  EXPECT_EQ(record.uri, small_.shard_folder(1).string());
  EXPECT_EQ(record.rows, 4U);
  EXPECT_EQ(record.failures, 1U);
  EXPECT_EQ(record.bytes.features, fs::file_size(small_.part(1) / "features.npy"));
}

TEST_F(Parts, WhateverIsWrongWithThemIsSaidInALine) {
  const fs::path part = small_.part(0);
  fs::rename(part, small_.path("kept"));
  const auto fresh = [&] {
    fs::remove_all(part);
    fs::copy(small_.path("kept"), part);
  };
  for (const char* name : {"features.npy", "index.csv", "meta.json", "part.json"}) {
    fresh();
    fs::resize_file(part / name, fs::file_size(part / name) - 1);
    EXPECT_THAT(complaint(0), HasSubstr("000000")) << name;
    fs::remove(part / name);
    EXPECT_THAT(complaint(0), HasSubstr(name));
  }
  fresh();
  write_file(part / "failures.csv", std::string_view("path,reason\n"));
  EXPECT_THAT(complaint(0), HasSubstr("12 bytes, wanted"));
  fresh();
  fs::copy_file(small_.part(1) / "part.json", part / "part.json",
                fs::copy_options::overwrite_existing);
  EXPECT_THAT(complaint(0), HasSubstr("is of shard 1"));
  fresh();
  PartRecord record = check_part(part, plan_, 0);
  record.plan = std::string(64, '0');
  write_file(part / "part.json", part_record_to_json(record));
  EXPECT_THAT(complaint(0), HasSubstr("is of another plan"));
  fresh();
  EXPECT_EQ(complaint(0), "");
  const std::uint8_t last = read_file(part / "features.npy").back();
  testing::write_byte(part / "features.npy", fs::file_size(part / "features.npy") - 1, last ^ 1U);
  EXPECT_EQ(complaint(0), "");
  EXPECT_THROW(verify_part(part), FormatError);
}

TEST_F(Parts, DamageOfARecordIsNoticed) {
  testing::expect_damage_noticed(small_.part(0) / "part.json",
                                 [&] { check_part(small_.part(0), plan_, 0); });
}

}  // namespace
}  // namespace gradspace
