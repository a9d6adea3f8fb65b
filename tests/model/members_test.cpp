// Models of several autoencoders: joined, taken apart, written, read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gradspace/error.h"
#include "gradspace/model.h"
#include "gradspace/safetensors.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Model trained(std::uint64_t seed) {
  Model model = initialise({}, seed);
  model.metadata["training"] = R"({"seed":)" + std::to_string(seed) + "}";
  model.metadata["preprocessing"] = "as ever";
  return model;
}

Model three() {
  return join_members({trained(1), trained(2), trained(3)});
}

void expect_same(const Model& a, const Model& b) {
  EXPECT_EQ(a.spec, b.spec);
  EXPECT_EQ(a.metadata, b.metadata);
  EXPECT_EQ(a.members(), b.members());
  ASSERT_EQ(a.weights.size(), b.weights.size());
  for (const auto& [name, tensor] : a.weights) {
    EXPECT_EQ(tensor.values, b.weights.at(name).values) << name;
  }
}

TEST(Members, AreWhatWasJoined) {
  const Model model = three();
  ASSERT_EQ(model.members(), 3U);
  for (std::uint64_t i = 0; i < 3; ++i) {
    expect_same(member_of(model, i), trained(i + 1));
  }
  EXPECT_THROW(member_of(model, 3), InvalidArgument);
}

TEST(Members, ComeBackFromAFile) {
  const testing::TemporaryFolder folder;
  const Model model = three();
  write_model(folder / "m", model);
  const Model read = read_model(folder / "m");
  EXPECT_EQ(fingerprint(read), fingerprint(model));
  for (std::uint64_t i = 0; i < 3; ++i) {
    expect_same(member_of(read, i), trained(i + 1));
  }
  EXPECT_FALSE(read.metadata.contains("member.1.training"));
}

TEST(Members, OneAloneIsTheFileItWas) {
  EXPECT_EQ(fingerprint(join_members({trained(4)})), fingerprint(trained(4)));
}

TEST(Members, AllCountInTheFingerprint) {
  const testing::TemporaryFolder folder;
  write_model(folder / "m", three());
  Model read = read_model(folder / "m");
  const std::string before = fingerprint(read);
  read.further_members.back().weights.begin()->second.values.front() += 1;
  EXPECT_NE(fingerprint(read), before);
}

TEST(Members, AreOfOneDescription) {
  AutoencoderSpec other;
  other.latent = 3;
  EXPECT_THROW(join_members({trained(1), initialise(other, 1)}), InvalidArgument);
  EXPECT_THROW(join_members({trained(1), three()}), InvalidArgument);
  EXPECT_THROW(join_members({}), InvalidArgument);
  EXPECT_THROW(join_members(std::vector<Model>(kMaxMembers + 1, trained(1))), InvalidArgument);
}

TEST(Members, MissingInAFileAreNamed) {
  const testing::TemporaryFolder folder;
  write_model(folder / "m", three());
  SafeTensors file = read_safetensors(folder / "m", "autoencoder");
  const auto refused = [&](const std::string& why) {
    SafeTensors copy = file;
    write_safetensors(folder / "bad", "autoencoder", std::move(copy));
    EXPECT_THAT([&] { read_model(folder / "bad"); }, ThrowsMessage<FormatError>(HasSubstr(why)));
  };
  std::erase_if(file.tensors,
                [](const auto& entry) { return entry.first.starts_with("member.1."); });
  refused("member 1: tensor 'down.0.weight' is missing");
  std::erase_if(file.tensors, [](const auto& entry) { return entry.first.starts_with("member."); });
  file.tensors["member.0.up.6.bias"] = {{1}, {1}};
  refused("'member.0.up.6.bias' belongs to no layer");
  file.tensors.erase("member.0.up.6.bias");
  file.tensors["member.99999999999.up.6.bias"] = {{1}, {1}};
  refused("belongs to no layer");
}

}  // namespace
}  // namespace gradspace
