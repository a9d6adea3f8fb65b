#include "model/torch_tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/npy.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Views into storage 0 of the golden checkpoint: down.0.weight, 144 floats.
class LoadTensor : public ::testing::Test {
 protected:
  Tensor load(std::int64_t offset, std::vector<std::int64_t> shape,
              std::vector<std::int64_t> strides, const std::string& key = "0",
              std::int64_t elements = 144) const {
    return load_tensor(
        archive_, {{"FloatStorage", key, elements}, offset, std::move(shape), std::move(strides)},
        "f: 'w'");
  }

  const std::vector<float> golden_ =
      read_npy(testing::data_file("ood/weight.down.0.weight.npy")).values;

 private:
  const std::vector<std::uint8_t> bytes_ = read_file(testing::data_file("ood/vae.pth.tar"));
  const TorchArchive archive_{bytes_, "f"};
};

TEST_F(LoadTensor, FollowsOffsetsAndStrides) {
  EXPECT_EQ(load(0, {144}, {1}).values, golden_);
  EXPECT_EQ(load(143, {}, {}).values, std::vector<float>{golden_[143]});
  EXPECT_EQ(load(5, {2, 3}, {1, 40}).values,
            (std::vector<float>{golden_[5], golden_[45], golden_[85], golden_[6], golden_[46],
                                golden_[86]}));
  EXPECT_EQ(load(7, {3}, {0}).values, std::vector<float>(3, golden_[7]));
  EXPECT_EQ(load(999, {4, 0}, {1, 1}), (Tensor{{4, 0}, {}})) << "nothing is read";
}

TEST_F(LoadTensor, AnAxisOfLengthOneMayHaveAnyStride) {
  EXPECT_EQ(load(3, {2, 1, 1}, {1, INT64_MAX, INT64_MAX}).values,
            (std::vector<float>{golden_[3], golden_[4]}));
}

TEST_F(LoadTensor, RefusesToReadOutsideTheStorage) {
  EXPECT_THAT([&] { load(1, {144}, {1}); },
              ThrowsMessage<FormatError>("f: 'w': offset 1, shape [144] and strides [1] reach "
                                         "outside its storage of 144 values"));
  EXPECT_THROW(load(144, {}, {}), FormatError);
  EXPECT_THROW(load(INT64_MAX, {1}, {1}), FormatError);
  EXPECT_THROW(load(0, {2}, {144}), FormatError);
  EXPECT_THROW(load(0, {2}, {INT64_MAX}), FormatError);
  EXPECT_THROW(load(0, {5, 5}, {INT64_MAX / 4, INT64_MAX / 4}), FormatError) << "the sum wraps";
  EXPECT_THROW(load(100, {3}, {std::int64_t{1} << 62}), FormatError) << "the product wraps";
}

TEST_F(LoadTensor, RefusesAStorageThatIsNotAsItClaims) {
  EXPECT_THAT([&] { load(0, {144}, {1}, "0", 145); },
              ThrowsMessage<FormatError>("f: entry 'vae.pth/data/0' has 576 bytes, not 580"));
  EXPECT_THROW(load(0, {1}, {1}, "0", INT64_MAX), FormatError);
  EXPECT_THROW(load(0, {1}, {1}, "0", (std::int64_t{1} << 62) + 144), FormatError);
  EXPECT_THAT([&] { load(0, {144}, {1}, "99"); },
              ThrowsMessage<FormatError>("f: entry 'vae.pth/data/99' is missing"));
  EXPECT_THAT([&] { load(0, {144}, {1}, "../data.pkl"); },
              ThrowsMessage<FormatError>(HasSubstr("is missing")));
}

}  // namespace
}  // namespace gradspace
