#include "gradspace/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/file.h"
#include "core/hash.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Initialise, GivesEveryParameterOfTheDefault) {
  const Model model = initialise(AutoencoderSpec{}, 1);
  EXPECT_NO_THROW(model.validate());
  EXPECT_EQ(model.weights.size(), 22U);
  std::size_t values = 0;
  for (const auto& [name, tensor] : model.weights) {
    values += tensor.values.size();
  }
  // sum(p.numel() for p in vae.parameters()) of the original's module.
  EXPECT_EQ(values, 12727U);
}

// PyTorch's bounds are 1/sqrt(fan_in), fan_in = size(1) * kernel area: for the transposed
// convolution up.0 [12, 9, 4, 4] that is 9 * 16, not 12 * 16.
TEST(Initialise, FollowsPyTorchsBounds) {
  AutoencoderSpec spec;
  spec.latent = 200;  // more draws
  const std::map<std::string, double> fan_in{{"down.0", 48}, {"down.6", 144}, {"fc11", 108},
                                             {"fc12", 108},  {"fc2", 200},    {"up.0", 144},
                                             {"up.2", 96},   {"up.6", 48}};
  const Model model = initialise(spec, 2);
  for (const auto& [layer, fan] : fan_in) {
    const double bound = 1 / std::sqrt(fan);
    for (const char* suffix : {".weight", ".bias"}) {
      const std::vector<float>& values = model.weights.at(layer + suffix).values;
      const auto n = static_cast<double>(values.size());
      double sum = 0;
      double squares = 0;
      double largest = 0;
      for (const float value : values) {
        sum += value;
        squares += double{value} * double{value};
        largest = std::max(largest, std::abs(double{value}));
      }
      EXPECT_LE(largest, bound * (1 + 1e-7)) << layer << suffix;
      // Uniform in +-b: variance b^2/3, and the square's standard deviation is b^2 sqrt(4/45).
      EXPECT_NEAR(sum / n, 0, 5 * bound / std::sqrt(3 * n)) << layer << suffix;
      EXPECT_NEAR(squares / n, bound * bound / 3, 5 * bound * bound * std::sqrt(4.0 / 45 / n))
          << layer << suffix;
    }
    EXPECT_GE(*std::max_element(model.weights.at(layer + ".weight").values.begin(),
                                model.weights.at(layer + ".weight").values.end()),
              0.9 * bound)
        << layer;
  }
}

TEST(Initialise, IsAFunctionOfSeedAndNameAlone) {
  const Model model = initialise(AutoencoderSpec{}, 3);
  EXPECT_EQ(model.weights, initialise(AutoencoderSpec{}, 3).weights);
  EXPECT_NE(model.weights.at("fc11.weight"),
            initialise(AutoencoderSpec{}, 4).weights.at("fc11.weight"));
  EXPECT_NE(model.weights.at("fc11.weight").values, model.weights.at("fc12.weight").values);
  AutoencoderSpec wider;
  wider.latent = 30;
  EXPECT_EQ(model.weights.at("up.4.weight"), initialise(wider, 3).weights.at("up.4.weight"));
}

TEST(Fingerprint, IsTheSha256OfTheModelsFile) {
  const testing::TemporaryFolder folder;
  Model model = initialise(AutoencoderSpec{}, 3);
  model.metadata["training"] = "{}";
  write_model(folder / "m.safetensors", model);
  const std::string of_file = sha256_hex_of_file(folder / "m.safetensors");
  EXPECT_EQ(fingerprint(model), of_file);
  EXPECT_EQ(fingerprint(read_model(folder / "m.safetensors")), of_file);

  // A file that another program or version wrote is known by its own bytes, not by ours.
  SafeTensors other = read_safetensors(folder / "m.safetensors", "autoencoder");
  other.metadata["gradspace_version"] = "0.0.1";
  write_file(folder / "other.safetensors", serialise_safetensors(other));
  const std::string of_other = sha256_hex_of_file(folder / "other.safetensors");
  EXPECT_NE(of_other, of_file);
  const Model read = read_model(folder / "other.safetensors");
  EXPECT_EQ(fingerprint(read), of_other);
  EXPECT_EQ(fingerprint(Model(read)), of_other);
}

TEST(Fingerprint, FollowsEveryChange) {
  const testing::TemporaryFolder folder;
  write_model(folder / "m.safetensors", initialise(AutoencoderSpec{}, 3));
  const Model read = read_model(folder / "m.safetensors");
  const auto expect_new = [&](const Model& changed) {
    EXPECT_NE(fingerprint(changed), fingerprint(read));
    write_model(folder / "changed.safetensors", changed);
    EXPECT_EQ(fingerprint(changed), sha256_hex_of_file(folder / "changed.safetensors"));
  };
  Model changed = read;
  float& weight = changed.weights.at("up.6.bias").values.back();
  weight = std::nextafter(weight, 1.0F);
  expect_new(changed);
  changed = read;
  changed.metadata["note"] = "mine";
  expect_new(changed);
  changed = read;
  changed.weights.erase("fc2.bias");
  EXPECT_THROW(fingerprint(changed), InvalidArgument);
}

TEST(Model, ComplaintsNameTheTensor) {
  const Model good = initialise(AutoencoderSpec{}, 5);
  Model model = good;
  model.weights.erase("fc2.bias");
  EXPECT_THAT([&] { model.validate(); },
              ThrowsMessage<InvalidArgument>("tensor 'fc2.bias' is missing"));
  model = good;
  model.weights["down.8.weight"] = {{1}, {0}};
  EXPECT_THAT([&] { model.validate(); },
              ThrowsMessage<InvalidArgument>(
                  "tensor 'down.8.weight' belongs to no layer of the description"));
  model = good;
  model.weights["fc2.weight"].shape = {20, 108};
  EXPECT_THAT([&] { model.validate(); },
              ThrowsMessage<InvalidArgument>("tensor 'fc2.weight' has shape [20, 108]; the "
                                             "description wants [108, 20]"));
  model = good;
  model.weights["fc2.weight"].values.pop_back();
  EXPECT_THROW(model.validate(), InvalidArgument);
  model = good;
  model.weights["up.6.weight"].values[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT([&] { model.validate(); },
              ThrowsMessage<InvalidArgument>(
                  "tensor 'up.6.weight' holds NaN at position 7; weights must be finite"));
  model.weights["up.6.weight"].values[7] = -std::numeric_limits<float>::infinity();
  EXPECT_THAT([&] { model.validate(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'up.6.weight' holds infinity")));
}

TEST(ModelFile, ComesBackAsItWas) {
  const testing::TemporaryFolder folder;
  Model model = initialise({{1, 14, 14}, {{2, 3, 2, 1}}, 0, {{1, 3, 2, 1, 1}}}, 6);
  model.metadata["training"] = R"({"epochs": 3})";
  write_model(folder / "m.safetensors", model);
  const Model back = read_model(folder / "m.safetensors");
  EXPECT_EQ(back.spec, model.spec);
  EXPECT_EQ(back.weights, model.weights);
  EXPECT_EQ(back.metadata, model.metadata);
}

TEST(ModelFile, WritesNothingThatItWouldNotRead) {
  const testing::TemporaryFolder folder;
  Model model = initialise(AutoencoderSpec{}, 7);
  model.weights["fc2.bias"].values[0] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(write_model(folder / "m.safetensors", model), InvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(folder / "m.safetensors"));
}

TEST(ModelFile, ComplaintsNameTheFile) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path path = folder / "m.safetensors";
  const Model model = initialise(AutoencoderSpec{}, 8);
  SafeTensors file{model.weights, {{"spec", to_json(model.spec)}}};
  file.tensors["fc2.bias"].values[3] = std::numeric_limits<float>::quiet_NaN();
  write_safetensors(path, "autoencoder", file);
  EXPECT_THAT(
      [&] { read_model(path); },
      ThrowsMessage<FormatError>(
          path.string() + ": tensor 'fc2.bias' holds NaN at position 3; weights must be finite"));
  file.metadata.clear();
  write_safetensors(path, "autoencoder", file);
  EXPECT_THAT([&] { read_model(path); },
              ThrowsMessage<FormatError>(path.string() + ": its metadata has no spec"));
  file.metadata["spec"] = R"({"latent": -4})";
  write_safetensors(path, "autoencoder", file);
  EXPECT_THAT([&] { read_model(path); },
              ThrowsMessage<FormatError>(HasSubstr(path.string() + ": spec: latent")));
  write_safetensors(path, "classifier", file);
  EXPECT_THAT([&] { read_model(path); }, ThrowsMessage<FormatError>(HasSubstr("'classifier'")));
  EXPECT_THROW(read_model(folder / "none.safetensors"), IoError);
}

}  // namespace
}  // namespace gradspace
