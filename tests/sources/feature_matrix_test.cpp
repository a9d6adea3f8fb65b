// Matrices of features of one's own, opened as feature sets.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/npy.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

template <typename T>
std::vector<std::uint8_t> npy_bytes(NpyType type, const std::vector<std::int64_t>& shape,
                                    const std::vector<T>& values) {
  std::vector<std::uint8_t> bytes = npy_header(type, shape);
  const auto* const begin = reinterpret_cast<const std::uint8_t*>(values.data());
  bytes.insert(bytes.end(), begin, begin + values.size() * sizeof(T));
  return bytes;
}

class FeatureMatrixFile : public ::testing::Test {
 protected:
  FeatureSet open(const std::vector<std::uint8_t>& bytes) {
    write_file(path_, bytes);
    return FeatureSet(path_);
  }

  void expect_refusal(const std::vector<std::uint8_t>& bytes, const std::string& why) {
    EXPECT_THAT([&] { open(bytes); }, ThrowsMessage<FormatError>(::testing::AllOf(
                                          HasSubstr("mine.npy: "), HasSubstr(why))));
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "mine.npy";
};

TEST_F(FeatureMatrixFile, IsASetOfCleanRowsWithoutAModel) {
  const FeatureSet set = open(npy_bytes<float>(NpyType::kFloat32, {2, 3}, {1, 2, 3, 4, 5, 0.1F}));
  EXPECT_EQ(set.size(), 2U);
  EXPECT_EQ(set.dimension(), 3U);
  EXPECT_THAT(set.row(1), ElementsAre(4, 5, 0.1F));
  EXPECT_EQ(text(set.meta().columns), "feature");
  EXPECT_EQ(set.meta().model_sha256, "no model");
  ASSERT_EQ(set.index().size(), 2U);
  EXPECT_EQ(set.index()[1].image.path, "mine.npy#1");
  EXPECT_EQ(set.index()[1].label, 1);
  EXPECT_TRUE(set.failures().empty());
}

TEST_F(FeatureMatrixFile, MayBeOfDoublesAndLieAtAnyAddress) {
  const FeatureSet doubles = open(npy_bytes<double>(NpyType::kFloat64, {1, 2}, {0.1, -1e30}));
  EXPECT_THAT(doubles.row(0), ElementsAre(0.1F, -1e30F));
  // A header that ends at an odd byte, as programs without NumPy's padding write it.
  const std::string dictionary = "{'descr':'<f4','fortran_order':False,'shape':(1,2),} ";
  std::vector<std::uint8_t> odd = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  odd.push_back(static_cast<std::uint8_t>(dictionary.size()));
  odd.push_back(0);
  odd.insert(odd.end(), dictionary.begin(), dictionary.end());
  ASSERT_EQ(odd.size() % 2, 1U);
  const float values[] = {7, 8};
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(values);
  odd.insert(odd.end(), bytes, bytes + sizeof values);
  EXPECT_THAT(open(odd).row(0), ElementsAre(7, 8));
}

TEST_F(FeatureMatrixFile, MayBeOfHalves) {
  const std::vector<std::uint16_t> halves = {0x3C00, 0xC000, 0x0001, 0x7BFF};
  const FeatureSet set = open(npy_bytes(NpyType::kFloat16, {2, 2}, halves));
  EXPECT_THAT(set.row(0), ElementsAre(1, -2));
  EXPECT_THAT(set.row(1), ElementsAre(0x1p-24F, 65504));
  expect_refusal(npy_bytes<std::uint16_t>(NpyType::kFloat16, {1, 1}, {0x7C00}),
                 "the value in row 0, column 0 (from 0) is not within float32");
}

TEST_F(FeatureMatrixFile, IsRefusedByNameForWhatItIsNot) {
  expect_refusal({'n', 'o'}, "not an NPY file");
  expect_refusal(npy_bytes<float>(NpyType::kFloat32, {4}, {1, 2, 3, 4}), "[rows, columns]");
  expect_refusal(npy_bytes<std::uint8_t>(NpyType::kUint8, {1, 2}, {1, 2}), "whole numbers");
  expect_refusal(npy_bytes<float>(NpyType::kFloat32, {0, 4}, {}), "[rows, columns]");
  expect_refusal(npy_bytes<float>(NpyType::kFloat32, {5, 0}, {}), "[rows, columns]");
  expect_refusal(npy_bytes<float>(NpyType::kFloat32, {2, 2}, {1, 2, 3}), "truncated");
  expect_refusal(npy_bytes<float>(NpyType::kFloat32, {1, 2}, {1, 2, 3}), "damaged");
  // Sizes that no memory has are seen before any is taken, and products that overflow.
  expect_refusal(npy_bytes<double>(NpyType::kFloat64, {std::int64_t{1} << 30, 1 << 20}, {1}),
                 "truncated");
  expect_refusal(npy_bytes<double>(NpyType::kFloat64, {std::int64_t{1} << 61, 4}, {1}), "too many");
  expect_refusal(npy_bytes<double>(NpyType::kFloat64, {std::int64_t{1} << 60, 0}, {}), "too many");
  EXPECT_THROW(FeatureSet(folder_ / "missing.npy"), IoError);
}

TEST_F(FeatureMatrixFile, IsRefusedForAValueThatIsNoNumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_refusal(npy_bytes<float>(NpyType::kFloat32, {2, 2}, {1, 2, 3, nan}),
                 "the value in row 1, column 1 (from 0) is NaN");
  expect_refusal(npy_bytes<double>(NpyType::kFloat64, {1, 2}, {1e300, 2}),
                 "the value in row 0, column 0 (from 0) is not within float32");
}

}  // namespace
}  // namespace gradspace
