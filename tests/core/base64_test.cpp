#include "core/base64.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace gradspace {
namespace {

std::string of_text(std::string_view text) {
  return base64(std::vector<std::uint8_t>(text.begin(), text.end()));
}

TEST(Base64, GivesTheVectorsOfRfc4648) {
  EXPECT_EQ(of_text(""), "");
  EXPECT_EQ(of_text("f"), "Zg==");
  EXPECT_EQ(of_text("fo"), "Zm8=");
  EXPECT_EQ(of_text("foo"), "Zm9v");
  EXPECT_EQ(of_text("foob"), "Zm9vYg==");
  EXPECT_EQ(of_text("fooba"), "Zm9vYmE=");
  EXPECT_EQ(of_text("foobar"), "Zm9vYmFy");
}

TEST(Base64, ReachesEveryDigit) {
  EXPECT_EQ(base64(std::vector<std::uint8_t>{0xFF, 0xFF, 0xFF, 0x00, 0xFB, 0xF0}), "////APvw");
}

}  // namespace
}  // namespace gradspace
