#include "core/hash.h"

#include <gtest/gtest.h>

#include <string_view>

#include "core/file.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// FIPS 180-4, appendix B.1.
constexpr std::string_view kAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, AgreesWithTheStandardsExample) {
  EXPECT_EQ(sha256_hex(bytes("abc")), kAbc);
}

TEST(Sha256, InPiecesAndFromAFileIsTheSame) {
  Sha256 hash;
  hash.update(bytes("a"));
  hash.update(bytes(""));
  hash.update(bytes("bc"));
  EXPECT_EQ(hash.finish(), kAbc);
  const testing::TemporaryFolder folder;
  write_file(folder / "f", std::string_view("abc"));
  EXPECT_EQ(sha256_hex_of_file(folder / "f"), kAbc);
}

}  // namespace
}  // namespace gradspace
