// Feature sets whose values take 16 bits, and projected ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checksum.h"
#include "core/file.h"
#include "core/json.h"
#include "data/feature_meta.h"
#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/npy.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::size_t kRows = 2500;  // more than are made float32 at a time

FeatureSetMeta half_meta() {
  FeatureSetMeta meta;
  meta.columns = {{kProjection, std::nullopt, 0, 3}};
  meta.columns[0].projection = {"down.6:kld,up.6:bce", 1872, 5};
  meta.type = FeatureType::kFloat16;
  meta.model_sha256 = "c0ffee";
  meta.source_images = kRows;
  return meta;
}

/// Exactly a number of 16 bits.
float half_value(std::size_t row, std::size_t column) {
  return static_cast<float>(row % 2048) + (column == 2 ? -2048.0F : 0.0F);
}

void append_rows(FeatureSetWriter& writer, std::size_t begin, std::size_t end) {
  std::vector<FeatureRow> rows(end - begin);
  std::vector<float> values;
  for (std::size_t i = begin; i < end; ++i) {
    rows[i - begin].image.path = std::to_string(i);
    for (std::size_t column = 0; column < 3; ++column) {
      values.push_back(half_value(i, column));
    }
  }
  writer.append(rows, values, end);
}

class HalfSet : public ::testing::Test {
 protected:
  void write_set() {
    {
      FeatureSetWriter stopped(path_, half_meta());
      append_rows(stopped, 0, 700);
    }
    FeatureSetWriter writer(path_, half_meta());
    EXPECT_EQ(writer.images_done(), 700U);
    append_rows(writer, 700, kRows);
    writer.finish();
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "set";
};

TEST_F(HalfSet, TakesTwoBytesAValueAndGivesThemBack) {
  write_set();
  EXPECT_EQ(std::filesystem::file_size(path_ / "features.npy"), 128 + kRows * 3 * 2);
  EXPECT_EQ(parse_npy_header(read_file(path_ / "features.npy"), "npy").type, NpyType::kFloat16);
  const FeatureSet set(path_);
  EXPECT_EQ(set.meta().type, FeatureType::kFloat16);
  EXPECT_EQ(set.meta().columns, half_meta().columns);
  for (const std::size_t i : {2499UL, 0UL, 1023UL, 1024UL, 700UL}) {
    EXPECT_THAT(set.row(i), ElementsAre(half_value(i, 0), half_value(i, 1), half_value(i, 2)));
  }
  set.verify();
}

TEST_F(HalfSet, HasItsRowsSideBySide) {
  write_set();
  const FeatureSet set(path_);
  ASSERT_EQ(set.rows_together(10), kRows - 10);
  const float* const values = set.row(10).data();
  for (std::size_t i = 10; i < kRows; ++i) {
    ASSERT_EQ(values[(i - 10) * 3 + 2], half_value(i, 2)) << i;
  }
}

TEST_F(HalfSet, CountsWhatWasTooLarge) {
  FeatureSetMeta meta = half_meta();
  meta.source_images = 1;
  FeatureSetWriter writer(path_, meta);
  writer.append(std::vector<FeatureRow>(1), std::vector<float>{1e6F, -65520, 65504}, 1);
  EXPECT_EQ(writer.values_too_large(), 2U);
  writer.finish();
  EXPECT_THAT(FeatureSet(path_).row(0), ElementsAre(65504, -65504, 65504));
}

TEST_F(HalfSet, NoticesAByteThatChanged) {
  write_set();
  std::vector<std::uint8_t> bytes = read_file(path_ / "features.npy");
  bytes[bytes.size() - 1] ^= 1;
  write_file(path_ / "features.npy", bytes);
  const FeatureSet set(path_);
  EXPECT_THROW(set.verify(), FormatError);
  EXPECT_THROW(set.rows_together(0), FormatError);
}

TEST_F(HalfSet, OfOtherValuesThanItSaysIsRefused) {
  write_set();
  const auto refusal = [&](const char* pointer, const nlohmann::json& value) {
    const std::string good = read_text_file(path_ / "meta.json");
    nlohmann::json changed = parse_sealed_json(good, "meta.json");
    changed[nlohmann::json::json_pointer(pointer)] = value;
    write_file(path_ / "meta.json", std::string_view(sealed_json(changed)));
    std::string why = "not refused";
    try {
      FeatureSet{path_};
    } catch (const FormatError& error) {
      why = error.what();
    }
    write_file(path_ / "meta.json", std::string_view(good));
    return why;
  };
  EXPECT_THAT(refusal("/dtype", "f32"), HasSubstr("wanted float32 [rows, 3]"));
  EXPECT_THAT(refusal("/dtype", "f8"), HasSubstr("dtype 'f8'"));
  EXPECT_THAT(refusal("/dtype", 3), HasSubstr("\"dtype\""));
  EXPECT_THAT(refusal("/columns/0/projection", 3), HasSubstr("meta.json"));
  EXPECT_THAT(refusal("/columns/0/projection/seed", -1), HasSubstr("\"seed\""));
  EXPECT_THAT(refusal("/columns/0/projection/dimension", 0), HasSubstr("\"dimension\""));
  EXPECT_THAT(refusal("/columns/0/projection/features", nullptr), HasSubstr("\"features\""));
}

TEST_F(HalfSet, OfTheUsualTypeIsWrittenAsBeforeThereWasAnother) {
  FeatureSetMeta meta = half_meta();
  meta.type = FeatureType::kFloat32;
  meta.columns[0].projection.reset();
  const std::string text = feature_meta_to_json(meta);
  EXPECT_EQ(text.find("dtype"), std::string::npos);
  EXPECT_EQ(text.find("projection\": {"), std::string::npos);
}

TEST(FeatureTypes, HaveNames) {
  EXPECT_EQ(parse_feature_type("f16"), FeatureType::kFloat16);
  EXPECT_EQ(parse_feature_type(name(FeatureType::kFloat32)), FeatureType::kFloat32);
  EXPECT_THROW(parse_feature_type("f64"), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
