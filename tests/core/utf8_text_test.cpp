// Names of files in JSON: whatever their bytes, they come back.
#include "gradspace/utf8_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "core/json.h"

namespace gradspace {
namespace {

TEST(Utf8Text, LeavesUtf8AsItIs) {
  for (const char* text : {"", "plain.png", "été/雪.png", "a\\b", "\\x", "\\xg0", "tab\there"}) {
    EXPECT_EQ(to_utf8(text), text);
    EXPECT_EQ(from_utf8(text), text);
  }
}

TEST(Utf8Text, EscapesOddBytesAndWhatLooksLikeAnEscape) {
  EXPECT_EQ(to_utf8("pluie-\xe9t\xe9"), "pluie-\\xe9t\\xe9");
  EXPECT_EQ(to_utf8("a\\x41"), "a\\x5cx41");
  EXPECT_EQ(from_utf8("a\\x5cx41"), "a\\x41");
  EXPECT_EQ(to_utf8("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half of a surrogate";
  EXPECT_EQ(to_utf8("\xc3"), "\\xc3") << "cut short";
}

TEST(Utf8Text, ComesBackFromRandomBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (auto i = random() % 24; i > 0; --i) {
      constexpr std::string_view kTelling = "\\x5cAf\xc3\xa9\xe9\xed\xa0\x80\xf0";
      bytes += random() % 4 == 0 ? static_cast<char>(random() % 256)
                                 : kTelling[random() % kTelling.size()];
    }
    const std::string text = to_utf8(bytes);
    EXPECT_EQ(from_utf8(text), bytes);
    EXPECT_NO_THROW(static_cast<void>(nlohmann::json(text).dump())) << "not UTF-8";
  }
}

TEST(Utf8Text, StandsInAllThatJsonHolds) {
  const nlohmann::json value = {{"paths", {"a\xff", "b"}}, {"key\xfe", {{"deep", "\xfd"}}}};
  const std::string text = dump_json(value);
  EXPECT_EQ(parse_json(text, "text"),
            (nlohmann::json{{"paths", {"a\\xff", "b"}}, {"key\\xfe", {{"deep", "\\xfd"}}}}));
  const nlohmann::ordered_json ordered = {{"z", "\xff"}, {"a", 1}};
  EXPECT_EQ(dump_json(ordered), R"({"z":"\\xff","a":1})");
}

}  // namespace
}  // namespace gradspace
