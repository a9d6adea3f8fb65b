#include "gradspace/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/version.h"
#include "support/damage.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Lt;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

/// A file of the given header, and `data_bytes` zeros.
std::vector<std::uint8_t> file_with(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::vector<std::uint8_t> bytes(sizeof length);
  std::memcpy(bytes.data(), &length, sizeof length);
  for (const char c : header) {
    bytes.push_back(static_cast<std::uint8_t>(c));
  }
  bytes.resize(bytes.size() + data_bytes);
  return bytes;
}

SafeTensors sample() {
  SafeTensors file;
  file.tensors["a"] = {{2, 3}, {1, 2, 3, 4, 5, 6}};
  file.tensors["b.weight"] = {{}, {-0.5F}};
  file.tensors["empty"] = {{0, 4}, {}};
  file.metadata["note"] = "ä \"quoted\"\n";
  return file;
}

TEST(SafeTensors, ComesBackAsItWas) {
  const SafeTensors file = sample();
  const SafeTensors back = parse_safetensors(serialise_safetensors(file), "f");
  EXPECT_EQ(back.tensors, file.tensors);
  EXPECT_EQ(back.metadata, file.metadata);
}

TEST(SafeTensors, ValuesLieAligned) {
  for (std::size_t length = 0; length < 9; ++length) {
    SafeTensors file = sample();
    file.metadata["note"] = std::string(length, 'x');
    const std::vector<std::uint8_t> bytes = serialise_safetensors(file);
    std::uint64_t header = 0;
    std::memcpy(&header, bytes.data(), sizeof header);
    EXPECT_EQ(header % 8, 0U);
    EXPECT_EQ(bytes[8], '{');
    EXPECT_EQ(bytes.size(), 8 + header + 7 * sizeof(float));
  }
}

// tests/data/model/README.md has the script that wrote it.
TEST(SafeTensors, ReadsAnotherWritersFile) {
  const SafeTensors file = read_safetensors(testing::data_file("model/foreign.safetensors"), "");
  EXPECT_THAT(file.metadata, ElementsAre(Pair("format", "pt"), Pair("note", "ä")));
  ASSERT_EQ(file.tensors.size(), 4U);
  EXPECT_EQ(file.tensors.at("z.weight"), (Tensor{{2, 3}, {0, 0.1F, 0.2F, 0.3F, 0.4F, 0.5F}}));
  EXPECT_EQ(file.tensors.at("a.bias"), (Tensor{{3}, {-1, 2, 3e38F}}));
  EXPECT_EQ(file.tensors.at("scalar"), (Tensor{{}, {7}}));
  EXPECT_EQ(file.tensors.at("empty"), (Tensor{{0, 5}, {}}));
}

TEST(SafeTensors, RefusesEveryTruncation) {
  const std::vector<std::uint8_t> bytes = serialise_safetensors(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(parse_safetensors(std::span(bytes).first(size), "f"), FormatError) << size;
  }
  EXPECT_THAT([&] { parse_safetensors(std::span(bytes).first(bytes.size() - 1), "m.safetensors"); },
              ThrowsMessage<FormatError>(
                  AllOf(HasSubstr("m.safetensors: tensor"), HasSubstr("truncated"))));
}

TEST(SafeTensors, RefusesAHeaderLongerThanTheFile) {
  std::vector<std::uint8_t> bytes = file_with("{}", 0);
  bytes[7] = 0x7F;
  EXPECT_THAT([&] { parse_safetensors(bytes, "f"); },
              ThrowsMessage<FormatError>(HasSubstr("f: not a safetensors file")));
  bytes[7] = 0;
  bytes[1] = 1;
  EXPECT_THAT([&] { parse_safetensors(bytes, "f"); },
              ThrowsMessage<FormatError>("f: truncated: the header takes 258 bytes, 2 are there"));
}

struct Hostile {
  const char* header;
  std::size_t data_bytes;
  const char* message;
};

class HostileSafeTensors : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileSafeTensors, IsRefused) {
  const Hostile& hostile = GetParam();
  EXPECT_THAT([&] { parse_safetensors(file_with(hostile.header, hostile.data_bytes), "f"); },
              ThrowsMessage<FormatError>(AllOf(HasSubstr(hostile.message), Not(HasSubstr("\n")))));
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileSafeTensors,
    ::testing::Values(
        Hostile{"[]", 0, "f: not a safetensors file"}, Hostile{"{", 0, "f: header: not valid JSON"},
        Hostile{R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", 4,
                "f: tensor 'a': is of type \"F16\"; only \"F32\" is read"},
        Hostile{R"({"a":{"dtype":7,"shape":[2],"data_offsets":[0,4]}})", 4, "is of type 7"},
        Hostile{R"({"a":4})", 4, "f: tensor 'a': no 'dtype'"},
        Hostile{R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4, "f: tensor 'a': no 'shape'"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1]}})", 4, "no 'data_offsets'"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":0}})", 4,
                "must have dtype, shape and two data_offsets"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", 4,
                "must have dtype, shape and two data_offsets"},
        Hostile{R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4,
                "f: tensor 'a': an extent is -1"},
        Hostile{R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0,
                "has too many values"},
        Hostile{R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", 0,
                "has too many values"},
        Hostile{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4,
                "f: tensor 'a': shape [2] takes 8 bytes, not 4"},
        Hostile{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "its end is 0"},
        Hostile{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615]}})", 8,
                "its end is 18446744073709551615"},
        Hostile{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 8,
                "truncated: ends at byte 12 of the data, 8 are there"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "leaves a hole"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 8,
                "f: 4 bytes after the last tensor"},
        Hostile{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
                    "b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
                8, "overlaps another"},
        Hostile{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
                    "b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                16, "f: tensor 'b' overlaps another"},
        Hostile{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                    "a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                4, "f: header: JSON key \"a\" stands twice"},
        Hostile{R"({"__metadata__":{"x":1}})", 0, "f: metadata 'x' is 1, not a text"},
        Hostile{R"({"__metadata__":[]})", 0, "f: __metadata__ is not an object"}));

TEST(SafeTensors, RefusesToWriteWhatItCouldNotRead) {
  EXPECT_THROW(serialise_safetensors({{{"a", {{2}, {1}}}}, {}}), InvalidArgument);
  EXPECT_THROW(serialise_safetensors({{{"__metadata__", {{1}, {1}}}}, {}}), InvalidArgument);
  EXPECT_THROW(serialise_safetensors({{}, {{"note", "\xff"}}}), InvalidArgument);
}

TEST(ReadSafeTensors, ChecksKindAndVersion) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path path = folder / "m.safetensors";
  write_safetensors(path, "autoencoder", sample());
  const SafeTensors file = read_safetensors(path, "autoencoder");
  EXPECT_EQ(file.metadata.at("kind"), "autoencoder");
  EXPECT_EQ(file.metadata.at("format_version"), "1");
  EXPECT_EQ(file.metadata.at("gradspace_version"), kVersion);
  EXPECT_EQ(read_safetensors(path, "").tensors, file.tensors);
  EXPECT_THAT(
      [&] { read_safetensors(path, "decoder"); },
      ThrowsMessage<FormatError>(path.string() +
                                 ": is of kind 'autoencoder'; a file of kind 'decoder' is wanted"));
}

TEST(ReadSafeTensors, RefusesANewerVersionNamingBoth) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path path = folder / "m.safetensors";
  SafeTensors file = sample();
  file.metadata = {
      {"kind", "autoencoder"}, {"format_version", "2"}, {"gradspace_version", "9.8.7"}};
  write_file(path, serialise_safetensors(file));
  EXPECT_THAT([&] { read_safetensors(path, "autoencoder"); },
              ThrowsMessage<FormatError>(
                  path.string() +
                  ": format version 2 (written by gradspace 9.8.7) is newer than 1, the newest "
                  "that this gradspace " +
                  kVersion + " reads"));
  EXPECT_THROW(read_safetensors(path, ""), FormatError);
  for (const char* bad : {"", "x", "0", "-1", "1x", "99999999999999999999"}) {
    file.metadata["format_version"] = bad;
    write_file(path, serialise_safetensors(file));
    EXPECT_THROW(read_safetensors(path, "autoencoder"), FormatError) << bad;
  }
}

TEST(ReadSafeTensors, RefusesSomebodyElsesFileUnlessAnyKindWillDo) {
  const std::filesystem::path path = testing::data_file("model/foreign.safetensors");
  EXPECT_THAT([&] { read_safetensors(path, "autoencoder"); },
              ThrowsMessage<FormatError>(HasSubstr("not a gradspace file")));
}

TEST(SafeTensors, OfOursNoticeEveryByteThatChanges) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "m.safetensors";
  write_safetensors(path, "autoencoder", sample());
  EXPECT_THAT(read_file(path), SizeIs(Lt(1000U)));
  for (const char* kind : {"autoencoder", ""}) {
    testing::expect_damage_noticed(
        path, [&] { read_safetensors(path, kind); }, 1000);
  }
}

TEST(SafeTensors, OfOursKeepTheirChecksumForThemselves) {
  const SafeTensors file =
      parse_safetensors(serialise_safetensors("autoencoder", sample()), "f", "autoencoder");
  EXPECT_THAT(file.metadata, Not(Contains(Key("checksum"))));
  // What was read and is written again has one, too.
  std::vector<std::uint8_t> bytes = serialise_safetensors(file);
  EXPECT_EQ(parse_safetensors(bytes, "f").tensors, file.tensors);
  bytes.back() ^= 1;
  EXPECT_THAT([&] { parse_safetensors(bytes, "f"); },
              ThrowsMessage<FormatError>(HasSubstr("f: is damaged: its checksum is ")));
}

TEST(SafeTensors, OfAnOlderVersionHaveNoChecksumAndAreRead) {
  for (const auto& [name, kind] : {std::pair("model.safetensors", "autoencoder"),
                                   std::pair("detector.safetensors", "detector"),
                                   std::pair("checkpoint.safetensors", "checkpoint")}) {
    const auto path = testing::data_file(std::string("formats-0.1.0/") + name);
    EXPECT_FALSE(read_safetensors(path, kind).tensors.empty()) << name;
    EXPECT_FALSE(read_safetensors(path, "").tensors.empty()) << name;
  }
}

}  // namespace
}  // namespace gradspace
