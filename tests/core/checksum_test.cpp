#include "core/checksum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

TEST(ChecksumOf, IsXxh3) {
  // Of the reference implementation (xxhsum -H3).
  EXPECT_EQ(checksum_text(checksum_of({})), "2d06800538d394c2");
  EXPECT_EQ(checksum_text(checksum_of(bytes_of("abc"))), "78af5f94892f3950");
}

TEST(ChecksumOf, IsThatOfItsParts) {
  std::vector<std::uint8_t> bytes(10'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * i >> 3);
  }
  Checksum sum;
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t part = std::min(bytes.size() - begin, begin / 3 + 1);
    sum.update(std::span(bytes).subspan(begin, part));
    begin += part;
    EXPECT_EQ(sum.value(), checksum_of(std::span(bytes).first(begin)));
  }
}

TEST(ParseChecksum, TakesSixteenDigitsAlone) {
  EXPECT_EQ(parse_checksum("00000000000000ff", "x"), 255U);
  for (const nlohmann::json& wrong :
       {nlohmann::json("00000000000000f"), nlohmann::json("00000000000000FF"),
        nlohmann::json("000000000000000-"), nlohmann::json(12), nlohmann::json()}) {
    EXPECT_THAT([&] { parse_checksum(wrong, "f: a block's"); },
                ThrowsMessage<FormatError>(StartsWith("f: a block's is ")))
        << wrong;
  }
}

TEST(SealedJson, NoticesEveryByteThatChanges) {
  const nlohmann::json object = {
      {"number", 1}, {"numbers", {1.5, 2, -3e-7}}, {"text", R"("checksum": "xxh3-64:")"}};
  for (const int indent : {-1, 0, 2}) {
    const std::string text = sealed_json(object, indent);
    EXPECT_EQ(parse_sealed_json(text, "f"), object);
    for (std::size_t i = 0; i < text.size(); ++i) {
      for (int mask = 1; mask < 256; ++mask) {
        std::string damaged = text;
        damaged[i] = static_cast<char>(damaged[i] ^ mask);
        EXPECT_THROW(parse_sealed_json(damaged, "f"), FormatError) << i << " " << damaged;
      }
    }
  }
}

TEST(SealedJson, NamesTheFileAndBothChecksums) {
  std::string text = sealed_json({{"a", 1}});
  text[text.find("1,")] = '2';
  EXPECT_THAT(
      [&] { parse_sealed_json(text, "results.json"); },
      ThrowsMessage<FormatError>(AllOf(StartsWith("results.json: is damaged: its checksum is "),
                                       HasSubstr(", that of its content "))));
}

TEST(SealedJson, OfANewerFormatIsLeftToWhoRefusesThat) {
  std::string text = sealed_json({{"format_version", 1}});
  text.replace(text.find(":1"), 2, ":2");
  EXPECT_EQ(parse_sealed_json(text, "f").at("format_version"), 2);
}

TEST(SealedJson, OfAnOlderVersionHasNoChecksum) {
  EXPECT_EQ(parse_sealed_json("{\"a\": 1}", "f"), nlohmann::json({{"a", 1}}));
}

TEST(CheckSeal, LeavesOtherProgramsWordsAlone) {
  for (const std::string text : {R"({"checksum": "crc32:12"})", R"({"sum": "xxh3-64:12"})", ""}) {
    EXPECT_FALSE(check_seal(bytes_of(text), text, /*ours=*/false, "f")) << text;
  }
  const std::string half = R"({"checksum": "crc32:12"})";
  EXPECT_THROW(check_seal(bytes_of(half), half, /*ours=*/true, "f"), FormatError);
}

}  // namespace
}  // namespace gradspace
