#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/model.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

AutoencoderSpec gradcon_spec(int channels) {
  return {{channels, 28, 28},
          {{32}, {32}, {64}, {64}},
          0,
          {{64, 4, 2, 2}, {32, 4, 2, 1}, {32, 4, 2, 2}, {channels, 4, 2, 1}}};
}

std::vector<std::string> names(const std::vector<LayerInfo>& all) {
  std::vector<std::string> result;
  for (const LayerInfo& layer : all) {
    result.push_back(layer.name);
  }
  return result;
}

TEST(Layers, OfTheDefaultAreThePapers) {
  const std::vector<LayerInfo> all = layers(AutoencoderSpec{});
  EXPECT_THAT(names(all), ElementsAre("down.0", "down.2", "down.4", "down.6", "fc11", "fc12", "fc2",
                                      "up.0", "up.2", "up.4", "up.6"));
  std::vector<int> heights;
  for (const LayerInfo& layer : all) {
    if (layer.kind != LayerInfo::Kind::kLinear) {
      EXPECT_EQ(layer.out.height, layer.out.width);
      heights.push_back(layer.out.height);
    }
  }
  EXPECT_THAT(heights, ElementsAre(15, 8, 5, 3, 4, 8, 14, 28));
  EXPECT_EQ(all[3].weight_shape, (std::vector<std::int64_t>{12, 9, 4, 4}));
  EXPECT_EQ(all[4].in, (Extent{108, 1, 1}));
  EXPECT_EQ(all[4].weight_shape, (std::vector<std::int64_t>{20, 108}));
  EXPECT_EQ(all[6].weight_shape, (std::vector<std::int64_t>{108, 20}));
  EXPECT_EQ(all[7].kind, LayerInfo::Kind::kConvTranspose);
  EXPECT_EQ(all[7].in, (Extent{12, 3, 3}));
  EXPECT_EQ(all[7].weight_shape, (std::vector<std::int64_t>{12, 9, 4, 4}));
  EXPECT_EQ(all[10].weight_shape, (std::vector<std::int64_t>{3, 3, 4, 4}));
  EXPECT_EQ(all[10].bias_shape, (std::vector<std::int64_t>{3}));
}

TEST(Layers, WithoutBottleneckGoStraightThrough) {
  for (const int channels : {1, 3}) {
    const std::vector<LayerInfo> all = layers(gradcon_spec(channels));
    EXPECT_THAT(names(all), ElementsAre("down.0", "down.2", "down.4", "down.6", "up.0", "up.2",
                                        "up.4", "up.6"));
    EXPECT_EQ(all[4].in, all[3].out);
    EXPECT_EQ(all[7].out, (Extent{channels, 28, 28}));
  }
}

TEST(Layers, OutputPaddingLengthensATransposedConvolution) {
  // PyTorch: (7 - 1) * 2 - 2 * 1 + 3 + 1 = 14.
  const AutoencoderSpec spec{{1, 14, 14}, {{2, 3, 2, 1}}, 0, {{1, 3, 2, 1, 1}}};
  EXPECT_EQ(layers(spec).back().in.height, 7);
  EXPECT_EQ(layers(spec).back().out.height, 14);
}

TEST(Spec, RectangularInputsAreFine) {
  AutoencoderSpec spec;
  spec.input = {3, 28, 52};
  EXPECT_THAT([&] { spec.validate(); }, ThrowsMessage<InvalidArgument>(HasSubstr("up.6: gives")));
  spec.down = {{4, 2, 2, 0}};
  spec.up = {{3, 2, 2, 0}};
  spec.validate();
  EXPECT_EQ(layers(spec).front().out, (Extent{4, 14, 26}));
}

template <typename Change>
std::string complaint(Change change) {
  AutoencoderSpec spec;
  change(spec);
  try {
    spec.validate();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "";
}

TEST(Spec, ComplaintsNameTheLayer) {
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) { spec.up[3].padding = 2; }),
            "up.6: gives 3x26x26, but the input is 3x28x28; they must be equal");
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) { spec.up[3].out_channels = 1; }),
            "up.6: gives 1x28x28, but the input is 3x28x28; they must be equal");
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) { spec.down[1].out_channels = 0; }),
            "down.2: out_channels is 0; it must be from 1 to 65536");
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) { spec.down[1].stride = 0; }),
            "down.2: stride is 0; it must be from 1 to 65536");
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) { spec.down[1].padding = 4; }),
            "down.2: padding is 4; it must be from 0 to 3");
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) { spec.down[1].output_padding = 1; }),
            "down.2: output_padding is 1; it must be from 0 to 0");
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) { spec.up[1].output_padding = 2; }),
            "up.2: output_padding is 2; it must be from 0 to 1");
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) {
              spec.down[0] = {3, 40, 2, 0};
            }),
            "down.0: kernel 40 is larger than its input 28 with padding 0");
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) { spec.latent = -1; }),
            "latent: the number of variables is -1; it must be from 0 to 65536");
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) { spec.input.height = 0; }),
            "input: the height is 0; it must be from 1 to 65536");
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) { spec.down.clear(); }),
            "down: no layer; an autoencoder has one or more");
  EXPECT_EQ(complaint([](AutoencoderSpec& spec) { spec.up.clear(); }),
            "up: no layer; an autoencoder has one or more");
}

TEST(Spec, HugeModelsAreRefusedBeforeAnythingIsAllocated) {
  EXPECT_THAT(complaint([](AutoencoderSpec& spec) {
                spec.input = {65536, 65536, 65536};
              }),
              HasSubstr("input: activations of 65536x65536x65536 are more than"));
  EXPECT_THAT(complaint([](AutoencoderSpec& spec) {
                spec.input = {1, 512, 512};
                spec.down = {{256, 512, 1, 511}};
              }),
              HasSubstr("down.0: activations of 256x1023x1023 are more than"));
  EXPECT_THAT(complaint([](AutoencoderSpec& spec) {
                spec.input = {65536, 28, 28};
                spec.down = {{65536, 28, 1, 0}};
              }),
              HasSubstr("down.0: weights [65536, 65536, 28, 28] take the model over"));
}

TEST(SpecJson, ComesBackAsItWas) {
  AutoencoderSpec padded{{1, 14, 14}, {{2, 3, 2, 1}}, 3, {{1, 3, 2, 1, 1}}};
  for (const AutoencoderSpec& spec : {AutoencoderSpec{}, gradcon_spec(1), padded}) {
    EXPECT_EQ(parse_autoencoder_spec(to_json(spec), "spec"), spec);
  }
}

TEST(SpecJson, KeysLeftOutTakeTheDefaults) {
  EXPECT_EQ(parse_autoencoder_spec("{}", "spec"), AutoencoderSpec{});
  const AutoencoderSpec spec =
      parse_autoencoder_spec(R"({"latent": 7, "down": [{"out_channels": 5}, {"out_channels": 6},
                                {"out_channels": 9}, {"out_channels": 4, "kernel": 4}]})",
                             "spec");
  EXPECT_EQ(spec.latent, 7);
  EXPECT_EQ(spec.down[0], (ConvSpec{5, 4, 2, 2}));
  EXPECT_EQ(spec.up, AutoencoderSpec{}.up);
}

TEST(SpecJson, ReadsAFile) {
  const testing::TemporaryFolder folder;
  write_file(folder / "vae.json", to_json(gradcon_spec(3)));
  EXPECT_EQ(read_autoencoder_spec(folder / "vae.json"), gradcon_spec(3));
  EXPECT_THROW(read_autoencoder_spec(folder / "none.json"), IoError);
}

TEST(AutoencoderFor, GivesEverySquareSizeBack) {
  EXPECT_EQ(autoencoder_for(28, 28), AutoencoderSpec());
  for (int side = 8; side <= 160; ++side) {
    const AutoencoderSpec spec = autoencoder_for(side, side);
    EXPECT_EQ(spec.input, (Extent{3, side, side}));
    EXPECT_EQ(layers(spec).back().out, spec.input);
  }
  EXPECT_EQ(autoencoder_for(640, 480).input, (Extent{3, 480, 640}));
  EXPECT_EQ(autoencoder_for(64, 64, 1).up.back().out_channels, 1);
  EXPECT_THROW(autoencoder_for(30, 28), InvalidArgument);
  EXPECT_THROW(autoencoder_for(0, 0), InvalidArgument);
}

class HostileJson : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(HostileJson, IsRefusedInOneLineThatNamesThePlace) {
  const auto [json, message] = GetParam();
  EXPECT_THAT([&] { parse_autoencoder_spec(json, "v.json"); },
              ThrowsMessage<FormatError>(AllOf(HasSubstr(message), Not(HasSubstr("\n")))));
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileJson,
    ::testing::Values(
        std::pair("[]", "v.json: is []; a model's description must be a JSON object"),
        std::pair("nonsense", "v.json: not valid JSON at line 1"),
        std::pair(R"({"latnt": 3})", "v.json: unknown key \"latnt\"; the known ones are input"),
        std::pair(R"({"input": [3, 28]})", "v.json: input is [3,28]; it must be [channels"),
        std::pair(R"({"input": "x"})", "v.json: input is \"x\"; it must be [channels"),
        std::pair(R"({"input": [3, 28, 2.5]})", "v.json: input[2] is 2.5; it must be a whole"),
        std::pair(R"({"latent": 1e300})", "v.json: latent is 1e+300; it must be a whole number"),
        std::pair(R"({"latent": 1e999})", "v.json: JSON with a number too large"),
        std::pair(R"({"latent": 18446744073709551620})", "v.json: latent is"),
        std::pair(R"({"latent": 4294967316})", "v.json: latent is 4294967316; it must be"),
        std::pair(R"({"latent": null})", "v.json: latent is null"),
        std::pair(R"({"latent": 999999})", "v.json: latent: the number of variables is 999999"),
        std::pair(R"({"down": {}})", "v.json: down is {}; it must be an array of 1 to 64 layers"),
        std::pair(R"({"down": []})", "v.json: down is []; it must be an array of 1 to 64 layers"),
        std::pair(R"({"down": [4]})", "v.json: down[0] is 4; it must be an object"),
        std::pair(R"({"down": [{"kernel": 4}]})", "v.json: down[0]: out_channels is missing"),
        std::pair(R"({"up": [{"out_channels": 3, "dilation": 2}]})",
                  "v.json: up[0]: unknown key \"dilation\"; the known ones are out_channels"),
        std::pair(R"({"up": [{"out_channels": 3, "kernel": [4, 4]}]})",
                  "v.json: up[0]: kernel is [4,4]; it must be a whole number"),
        std::pair(R"({"latent": 3, "latent": 4})", "v.json: JSON key \"latent\" stands twice"),
        std::pair(R"({"up": [{"out_channels": 3}]})", "v.json: up.0: gives 3x4x4")));

}  // namespace
}  // namespace gradspace
