#include "gradspace/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "core/file.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::vector<std::uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

/// A file of the given version and dictionary, and `data_bytes` zeros.
std::vector<std::uint8_t> file_with(int major, const std::string& dictionary,
                                    std::size_t data_bytes) {
  std::string text = "\x93NUMPY";
  text += {static_cast<char>(major), '\0'};
  const auto length = static_cast<std::uint32_t>(dictionary.size());
  text.append(reinterpret_cast<const char*>(&length), major == 1 ? 2 : 4);
  text += dictionary + std::string(data_bytes, '\0');
  return bytes_of(text);
}

// NumPy wrote the golden files: ours must be the same, byte for byte.
TEST(Npy, WritesWhatNumPyWrites) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"weight.down.6.weight.npy", "weight.fc2.bias.npy", "mu.npy"}) {
    const std::filesystem::path golden = testing::data_file("ood") / name;
    write_npy(folder / name, read_npy(golden));
    EXPECT_EQ(read_file(folder / name), read_file(golden)) << name;
  }
}

TEST(Npy, ReadsHeadersThatNumPyWrote) {
  const std::vector<std::uint8_t> bytes = read_file(testing::data_file("ood/images_u8_nhwc.npy"));
  const NpyHeader header = parse_npy_header(bytes, "images");
  EXPECT_EQ(header.type, NpyType::kUint8);
  EXPECT_EQ(header.shape, (std::vector<std::int64_t>{19, 28, 28, 3}));
  EXPECT_EQ(header.data_offset + 19 * 28 * 28 * 3, bytes.size());
  EXPECT_THAT([&] { parse_npy(bytes, "images"); },
              ThrowsMessage<FormatError>("images: holds |u1; floating-point values are wanted"));
}

TEST(Npy, ComesBackAsItWas) {
  const testing::TemporaryFolder folder;
  for (const Tensor& tensor :
       {Tensor{{}, {3}}, Tensor{{4}, {1, 2, 3, 4}}, Tensor{{0, 7}, {}},
        Tensor{std::vector<std::int64_t>(32, 1), {5}}, Tensor{{2, 1, 2}, {1, -2, 3e38F, 4}}}) {
    write_npy(folder / "t.npy", tensor);
    EXPECT_EQ(read_npy(folder / "t.npy"), tensor) << shape_text(tensor.shape);
  }
  EXPECT_THROW(write_npy(folder / "t.npy", {{3}, {1}}), InvalidArgument);
}

TEST(Npy, NarrowsDoubles) {
  std::vector<std::uint8_t> bytes = npy_header(NpyType::kFloat64, {2});
  const double values[2] = {0.1, -3};
  bytes.resize(128 + sizeof values);
  std::memcpy(bytes.data() + 128, values, sizeof values);
  EXPECT_EQ(parse_npy(bytes, "f"), (Tensor{{2}, {0.1F, -3}}));
}

TEST(Npy, AHeaderHasTheSizeAsked) {
  for (const std::size_t size : {128U, 192U, 4096U, 65536U}) {
    const std::vector<std::uint8_t> bytes = npy_header(NpyType::kInt64, {5}, size);
    EXPECT_EQ(bytes.size(), size);
    EXPECT_EQ(bytes.back(), '\n');
    const NpyHeader header = parse_npy_header(bytes, "f");
    EXPECT_EQ(header.type, NpyType::kInt64);
    EXPECT_EQ(header.shape, std::vector<std::int64_t>{5});
    EXPECT_EQ(header.data_offset, size);
  }
  EXPECT_THROW(npy_header(NpyType::kInt64, {5}, 100), InvalidArgument);
  EXPECT_THROW(npy_header(NpyType::kInt64, {5}, 65600), InvalidArgument);
  EXPECT_THROW(npy_header(NpyType::kInt64, {5, 6, 7, 8}, 64), InvalidArgument);
}

TEST(Npy, ReadsVersionsTwoAndThree) {
  const std::string dictionary = R"({"shape": (2,), "fortran_order": False, "descr": "<f4"})";
  for (const int major : {1, 2, 3}) {
    EXPECT_EQ(parse_npy(file_with(major, dictionary, 8), "f"), (Tensor{{2}, {0, 0}})) << major;
  }
}

TEST(Npy, RefusesEveryTruncation) {
  const std::vector<std::uint8_t> bytes = read_file(testing::data_file("ood/weight.fc2.bias.npy"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(parse_npy(std::span(bytes).first(size), "f"), FormatError) << size;
  }
  std::vector<std::uint8_t> longer = bytes;
  longer.push_back(0);
  EXPECT_THROW(parse_npy(longer, "f"), FormatError);
}

struct Hostile {
  std::string dictionary;
  std::string message;
};

class HostileNpy : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileNpy, IsRefused) {
  EXPECT_THAT([] { parse_npy(file_with(1, GetParam().dictionary, 16), "f"); },
              ThrowsMessage<FormatError>(
                  AllOf(HasSubstr("f: NPY header: " + GetParam().message), Not(HasSubstr("\n")))));
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileNpy,
    ::testing::Values(
        Hostile{"", "no '{' at character 0"}, Hostile{"{'descr': '<f4", "a text without end"},
        Hostile{"{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}",
                "type '<c8' is not read, only <f2, <f4, <f8, |u1 and <i8"},
        Hostile{"{'descr': '>f4', 'fortran_order': False, 'shape': (4,)}", "type '>f4'"},
        Hostile{"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,)}",
                "structured arrays are not read"},
        Hostile{"{'descr': '\x1b[31m', 'fortran_order': False, 'shape': (4,)}", "type '?[31m'"},
        Hostile{"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}",
                "Fortran order is not read"},
        Hostile{"{'descr': '<f4', 'fortran_order': 0, 'shape': (4,)}", "fortran_order is neither"},
        Hostile{"{'descr': '<f4', 'fortran_order': False}", "one of descr"},
        Hostile{"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (4,)}",
                "key 'descr' is unknown or stands twice"},
        Hostile{"{'descr': '<f4', 'fortran_order': False, 'shape': (-4,)}", "no extent"},
        Hostile{"{'descr': '<f4', 'fortran_order': False, 'shape': (4 4)}", "no ')'"},
        Hostile{"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                "no extent"},
        Hostile{"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
                "shape [4294967296, 4294967296] has too many values"},
        Hostile{"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}",
                "shape [4611686018427387904] has too many values"},
        Hostile{"{'descr': '<f4', 'fortran_order': False, 'shape': (4,)} x", "text after its end"},
        Hostile{"{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::string(99, '1') + "," +
                    "1,)}",
                "no extent"}));

TEST(Npy, RefusesWhatIsNone) {
  EXPECT_THAT([] { parse_npy_header(bytes_of("PK\x03\x04 and so on"), "f"); },
              ThrowsMessage<FormatError>("f: not an NPY file"));
  EXPECT_THAT([] { parse_npy_header(file_with(4, "{}", 0), "f"); },
              ThrowsMessage<FormatError>("f: NPY version 4.0 is not known, only 1.0 to 3.0"));
  std::vector<std::uint8_t> huge = file_with(2, "{}", 0);
  huge[11] = 0xFF;
  EXPECT_THAT([&] { parse_npy_header(huge, "f"); },
              ThrowsMessage<FormatError>(HasSubstr("more than the 1048576 allowed")));
}

}  // namespace
}  // namespace gradspace
