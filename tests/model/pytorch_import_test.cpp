#include "model/pytorch_import.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <bit>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/hash.h"
#include "gradspace/error.h"
#include "gradspace/npy.h"
#include "model/torch_tensor.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

TensorMap golden_weights() {
  TensorMap weights;
  for (const LayerInfo& layer : layers(AutoencoderSpec{})) {
    for (const char* suffix : {".weight", ".bias"}) {
      const std::string name = layer.name + suffix;
      weights[name] = read_npy(testing::data_file("ood") / ("weight." + name + ".npy"));
    }
  }
  return weights;
}

TEST(PyTorchImport, GivesTheGoldenWeightsOfTheOriginalsCheckpoint) {
  const std::filesystem::path path = testing::data_file("ood/vae.pth.tar");
  const Model model = import_pytorch_checkpoint(path);
  EXPECT_EQ(model.spec, AutoencoderSpec{});
  EXPECT_EQ(model.weights, golden_weights());
  const auto record = nlohmann::json::parse(model.metadata.at("import"));
  EXPECT_EQ(record["file"], "vae.pth.tar");
  EXPECT_EQ(record["sha256"], sha256_hex_of_file(path));
  EXPECT_EQ(record["checkpoint"],
            (nlohmann::json{{"epoch", 1}, {"best_loss", 0.0}, {"last_loss", 0.0}}));
}

TEST(PyTorchImport, SurvivesTheModelFile) {
  const testing::TemporaryFolder folder;
  const Model model = import_pytorch_checkpoint(testing::data_file("ood/vae.pth.tar"));
  write_model(folder / "m.safetensors", model);
  const Model back = read_model(folder / "m.safetensors");
  EXPECT_EQ(back.weights, model.weights);
  EXPECT_EQ(back.metadata, model.metadata);
}

TEST(PyTorchImport, SaysWhatDoesNotFit) {
  AutoencoderSpec spec;
  spec.latent = 16;
  EXPECT_THAT(
      [&] { import_pytorch_checkpoint(testing::data_file("ood/vae.pth.tar"), spec); },
      ThrowsMessage<FormatError>(HasSubstr(
          "vae.pth.tar: does not fit the description: 'fc11.bias' has shape [20], not [16] (the "
          "checkpoint: encoder 3-3-6-9-12, latent 20, decoder 12-9-6-3-3, kernel 4; the "
          "description: encoder 3-3-6-9-12, latent 16, decoder 12-9-6-3-3, kernel 4)")));
}

TEST(PyTorchImport, RefusesWhatIsNoCheckpoint) {
  EXPECT_THROW(import_pytorch_checkpoint("/no/such/file"), IoError);
  EXPECT_THAT([] { parse_pytorch_checkpoint({}, "f", {}); },
              ThrowsMessage<FormatError>("f: is not a PyTorch checkpoint (no zip archive)"));
}

// A cut archive has lost its directory, which lies at the end.
TEST(PyTorchImport, RefusesTruncation) {
  const std::vector<std::uint8_t> bytes = read_file(testing::data_file("ood/vae.pth.tar"));
  for (std::size_t size = 0; size < bytes.size(); size += 997) {
    EXPECT_THROW(parse_pytorch_checkpoint(std::span(bytes).first(size), "f", {}), FormatError)
        << size;
  }
}

// Wherever it hits, a flipped bit is noticed, or hits bytes that nobody reads; it never gives other
// weights.
TEST(PyTorchImport, NoticesDamage) {
  const std::vector<std::uint8_t> bytes = read_file(testing::data_file("ood/vae.pth.tar"));
  const TensorMap golden = golden_weights();
  int noticed = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 101) {
    std::vector<std::uint8_t> damaged = bytes;
    damaged[i] ^= 0x10;
    try {
      EXPECT_EQ(parse_pytorch_checkpoint(damaged, "f", {}).weights, golden) << i;
    } catch (const FormatError&) {
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 400) << "most of the file is weights, with checksums";
}

TEST(HalfToFloat, KnowsTheSpecialCases) {
  EXPECT_EQ(half_to_float(0x0000), 0.0F);
  EXPECT_TRUE(std::signbit(half_to_float(0x8000)));
  EXPECT_EQ(half_to_float(0x0001), 0x1.0p-24F);
  EXPECT_EQ(half_to_float(0x83FF), -0x1.FF8p-15F);
  EXPECT_EQ(half_to_float(0x0400), 0x1.0p-14F);
  EXPECT_EQ(half_to_float(0x3C00), 1.0F);
  EXPECT_EQ(half_to_float(0x7BFF), 65504.0F);
  EXPECT_EQ(half_to_float(0xFC00), -HUGE_VALF);
  EXPECT_TRUE(std::isnan(half_to_float(0x7E00)));
}

/// Checkpoints that PyTorch itself writes, when it is installed.
class TorchCheckpoints : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<testing::TemporaryFolder>();
    const int status =
        testing::run_script(
            "model/make_checkpoints.py",
            fmt::format("'{}' '{}'", testing::data_file("ood").string(), folder_->path().string()))
            .status;
    exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static void TearDownTestSuite() { folder_.reset(); }

  void SetUp() override {
    if (exit_status_ == 77 || exit_status_ == 127) {
      GTEST_SKIP() << "no Python with PyTorch";
    }
    ASSERT_EQ(exit_status_, 0) << "make_checkpoints.py failed";
  }

  static std::filesystem::path file(const std::string& name) { return *folder_ / name; }

  static void expect_refused(const std::string& name, const std::string& message) {
    EXPECT_THAT([&] { import_pytorch_checkpoint(file(name)); },
                ThrowsMessage<FormatError>(AllOf(StartsWith(file(name).string()),
                                                 HasSubstr(message), Not(HasSubstr("\n")))));
  }

  static TensorMap expected(const std::string& name, const AutoencoderSpec& spec = {}) {
    TensorMap weights;
    for (const auto& [key, tensor] : initialise(spec, 0).weights) {
      weights[key] = read_npy(file(name) / (key + ".npy"));
    }
    return weights;
  }

 private:
  static inline std::unique_ptr<testing::TemporaryFolder> folder_;
  static inline int exit_status_ = -1;
};

// Few tests, because each starts Python and PyTorch anew under ctest.
TEST_F(TorchCheckpoints, WhatFitsIsImportedExactly) {
  const TensorMap golden = golden_weights();
  for (const char* name : {"plain.pt", "parallel.pt", "parameters.pt", "optimizer.pt", "double.pt",
                           "strided.pt", "compiled.pt", "trainer.pt", "wrapped.pt",
                           "other-prefix.pt", "model_state_dict.pt", "model_key.pt"}) {
    EXPECT_EQ(import_pytorch_checkpoint(file(name)).weights, golden) << name;
  }
  for (const std::string name : {"half", "bfloat16", "expanded"}) {
    EXPECT_EQ(import_pytorch_checkpoint(file(name + ".pt")).weights, expected(name)) << name;
  }
  const AutoencoderSpec gradcon{{1, 28, 28},
                                {{32}, {32}, {64}, {64}},
                                0,
                                {{64, 4, 2, 2}, {32, 4, 2, 1}, {32, 4, 2, 2}, {1, 4, 2, 1}}};
  EXPECT_EQ(import_pytorch_checkpoint(file("gradcon.pt"), gradcon).weights,
            expected("gradcon", gradcon));
  EXPECT_EQ(nlohmann::json::parse(
                import_pytorch_checkpoint(file("parallel.pt")).metadata.at("import"))["checkpoint"],
            (nlohmann::json{{"epoch", 7}, {"best_loss", 0.25}}));

  const Tensor halves = read_npy(file("halves.npy"));
  ASSERT_EQ(halves.values.size(), 65536U);
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float widened = half_to_float(static_cast<std::uint16_t>(bits));
    EXPECT_TRUE(std::bit_cast<std::uint32_t>(widened) ==
                    std::bit_cast<std::uint32_t>(halves.values[bits]) ||
                (std::isnan(widened) && std::isnan(halves.values[bits])))
        << bits;
  }
}

TEST_F(TorchCheckpoints, WhatDoesNotFitIsRefusedByName) {
  expect_refused("malicious.pt", "it asks for posix.system, which a checkpoint of weights");
  EXPECT_FALSE(std::filesystem::exists(file("executed")));
  expect_refused("module.pt", "it asks for __main__.Vae");
  expect_refused("numpy_scalar.pt", "multiarray.scalar");

  expect_refused("legacy.pt", "is in PyTorch's legacy format from before 1.6");
  expect_refused("torchscript.pt", "is a TorchScript archive");
  expect_refused("bare.pkl", "is a bare pickle");
  expect_refused("compressed.pt", "plain/data.pkl' is compressed or encrypted");
  expect_refused("other.zip", "is a zip archive, but no PyTorch checkpoint");

  expect_refused("gradcon.pt", "the checkpoint: encoder 1-32-32-64-64, latent 0");
  expect_refused("latent10.pt", "the checkpoint: encoder 3-3-6-9-12, latent 10");
  expect_refused("extra.pt", "'steps' belongs to no layer");
  expect_refused("integers.pt", "'fc2.bias': lies in a LongStorage; weights must be floating");
  expect_refused("nan.pt", "tensor 'fc2.bias' holds NaN at position 0");
  expect_refused("other_keys.pt",
                 "holds no state_dict, nor is it one: 'epoch' is no tensor (its keys: epoch, "
                 "network)");
  expect_refused("architecture.pt",
                 "is a checkpoint of another architecture: it holds backbone.conv1.weight "
                 "[8, 3, 7, 7], backbone.fc.bias [10]; wanted are down.0.bias [3], ");
  expect_refused("two.pt", "it holds ema.down.0.bias [3], ema.down.0.weight ");
  expect_refused("list.pt", "holds no dict");
}

}  // namespace
}  // namespace gradspace
