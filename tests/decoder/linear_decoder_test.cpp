#include "gradspace/linear_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "support/damage.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

LinearDecoder random_decoder() {
  Random random(9);
  LinearDecoder decoder;
  for (Tensor* tensor : {&decoder.w1, &decoder.b1, &decoder.w2, &decoder.b2}) {
    for (std::size_t i = 0; i < element_count(tensor->shape); ++i) {
      tensor->values.push_back(static_cast<float>(random.normal()));
    }
  }
  decoder.metadata["training"] = "{\"seed\":1}";
  return decoder;
}

template <typename Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(LinearDecoder, SurvivesItsFile) {
  const testing::TemporaryFolder folder;
  const LinearDecoder decoder = random_decoder();
  save_decoder(folder / "d.safetensors", decoder);
  EXPECT_EQ(load_decoder(folder / "d.safetensors"), decoder);
}

TEST(LinearDecoder, RefusesOtherShapesAndValues) {
  LinearDecoder decoder = random_decoder();
  decoder.w2.shape = {400, 192};
  EXPECT_THAT(message_of([&] { decoder.validate(); }), HasSubstr("w2 has shape [400, 192]"));
  decoder = random_decoder();
  decoder.b1.values[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(message_of([&] { decoder.validate(); }), HasSubstr("b1 holds nan at position 7"));
  decoder.b1.values[7] = 2e6F;
  EXPECT_THROW(decoder.validate(), InvalidArgument);
  EXPECT_THROW(LinearDecoder{}.validate(), InvalidArgument);
}

TEST(LinearDecoder, RefusesOtherFiles) {
  const testing::TemporaryFolder folder;
  const LinearDecoder decoder = random_decoder();
  write_safetensors(folder / "kind", "autoencoder", {});
  EXPECT_THAT(message_of([&] { load_decoder(folder / "kind"); }), HasSubstr("linear decoder"));
  write_safetensors(folder / "missing", "linear decoder", {{{"w1", decoder.w1}}, {}});
  EXPECT_THAT(message_of([&] { load_decoder(folder / "missing"); }),
              HasSubstr("\"b1\" is missing"));
  write_safetensors(
      folder / "shape", "linear decoder",
      {{{"w1", decoder.w1}, {"b1", decoder.b1}, {"w2", decoder.w1}, {"b2", decoder.b2}}, {}});
  EXPECT_THROW(load_decoder(folder / "shape"), FormatError);
  EXPECT_THROW(load_decoder(folder / "nowhere"), IoError);
}

/// Writes a MATLAB file through SciPy: `expression` makes the dictionary of its variables.
void write_matlab_file(const std::filesystem::path& path, const std::string& expression) {
  const auto output = testing::run_shell(
      fmt::format("{} -c \"import numpy as np, scipy.io; scipy.io.savemat('{}', {})\"",
                  GRADSPACE_PYTHON, path.string(), expression));
  ASSERT_EQ(output.status, 0);
}

class MatlabDecoder : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::python_has("scipy.io")) {
      GTEST_SKIP() << "no SciPy to write MATLAB files with";
    }
  }

  std::string refusal(const std::string& expression) const {
    write_matlab_file(folder_ / "d.mat", expression);
    return message_of([&] { load_decoder(folder_ / "d.mat"); });
  }

  testing::TemporaryFolder folder_;
};

TEST_F(MatlabDecoder, ReadsColumnsInOrder) {
  write_matlab_file(folder_ / "d.mat", "{'optTheta': np.arange(154192.).reshape(-1, 1)}");
  const LinearDecoder decoder = load_decoder(folder_ / "d.mat");
  EXPECT_EQ(decoder.w1.values[1], 400);  // W1(1, 2)
  EXPECT_EQ(decoder.w1.values[192], 1);  // W1(2, 1)
  EXPECT_EQ(decoder.w2.values[0], 76800);
  EXPECT_EQ(decoder.w2.values[1], 76800 + 192);  // W2(1, 2)
  EXPECT_EQ(decoder.b1.values[3], 153600 + 3);
  EXPECT_EQ(decoder.b2.values[191], 154191);
}

TEST_F(MatlabDecoder, RefusesWhatIsNoDecoder) {
  const auto no_array = HasSubstr("optTheta is not an array of 154192 finite numbers");
  EXPECT_THAT(refusal("{'W': np.zeros((400, 192))}"), HasSubstr("no variable optTheta"));
  EXPECT_THAT(refusal("{'optTheta': np.zeros((154193, 1))}"), no_array);
  EXPECT_THAT(refusal("{'optTheta': np.zeros((154192, 1), complex)}"), no_array);
  EXPECT_THAT(refusal("{'optTheta': np.full((154192, 1), np.nan)}"), no_array);
  EXPECT_THAT(refusal("{'optTheta': 'text'}"), no_array);
  EXPECT_THAT(refusal("{'optTheta': np.full((154192, 1), 2e6)}"), HasSubstr("w1 holds 2000000"));
}

TEST_F(MatlabDecoder, RefusesTruncatedFiles) {
  write_matlab_file(folder_ / "d.mat", "{'optTheta': np.ones((154192, 1))}");
  std::vector<std::uint8_t> bytes = read_file(folder_ / "d.mat");
  for (const std::size_t size : {0UL, 100UL, 128UL, 140UL, 200UL, 10'000UL, bytes.size() - 1}) {
    write_file(folder_ / "cut.mat", std::span(bytes).first(size));
    EXPECT_THROW(load_decoder(folder_ / "cut.mat"), Error) << size << " bytes";
  }
}

TEST(LinearDecoder, IsRefusedWithAByteThatChanged) {
  const testing::TemporaryFolder folder;
  save_decoder(folder / "d.safetensors", random_decoder());
  testing::expect_damage_noticed(
      folder / "d.safetensors", [&] { load_decoder(folder / "d.safetensors"); }, 100);
}

}  // namespace
}  // namespace gradspace
