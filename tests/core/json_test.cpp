#include "core/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/object_reader.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ParseJson, SaysWhereItBreaks) {
  EXPECT_THAT([] { parse_json("{\"a\": 1,\n \"b\": }", "m.json"); },
              ThrowsMessage<FormatError>("m.json: not valid JSON at line 2, column 7"));
  EXPECT_THAT([] { parse_json("", "m.json"); },
              ThrowsMessage<FormatError>(HasSubstr("m.json: not valid JSON at line 1")));
  EXPECT_THROW(parse_json("{} x", "m.json"), FormatError);
  EXPECT_THROW(parse_json("{\"\xff\": 1}", "m.json"), FormatError);
}

TEST(ParseJson, RefusesDeepNesting) {
  EXPECT_NO_THROW(parse_json(std::string(32, '[') + std::string(32, ']'), "m.json"));
  EXPECT_THAT([] { parse_json(std::string(100'000, '['), "m.json"); },
              ThrowsMessage<FormatError>("m.json: JSON nested more than 32 levels deep"));
  std::string objects;
  for (int i = 0; i < 40; ++i) {
    objects += "{\"a\":";
  }
  EXPECT_THROW(parse_json(objects, "m.json"), FormatError);
}

TEST(ParseJson, RefusesAKeyThatStandsTwice) {
  EXPECT_THAT([] { parse_json(R"({"a": {"b": 1, "b": 2}})", "m.json"); },
              ThrowsMessage<FormatError>("m.json: JSON key \"b\" stands twice"));
  EXPECT_NO_THROW(parse_json(R"({"a": {"b": 1}, "b": [{"a": 1}, {"a": 2}]})", "m.json"));
}

TEST(ParseJson, RefusesNumbersOverADouble) {
  EXPECT_THAT([] { parse_json("[1e400]", "m.json"); },
              ThrowsMessage<FormatError>("m.json: JSON with a number too large"));
}

TEST(IntegerWithin, TakesWholeNumbersInRangeOnly) {
  EXPECT_EQ(integer_within(nlohmann::json(7), 1, 7, "x"), 7);
  for (const char* bad : {"0", "8", "7.0", "\"7\"", "true", "null", "[7]", "-1",
                          "18446744073709551615", "100000000000000000000"}) {
    EXPECT_THROW(integer_within(nlohmann::json::parse(bad), 1, 7, "x"), FormatError) << bad;
  }
  EXPECT_THAT(
      [] { integer_within(nlohmann::json(9.5), 1, 7, "m.json: kernel"); },
      ThrowsMessage<FormatError>("m.json: kernel is 9.5; it must be a whole number from 1 to 7"));
}

TEST(Brief, CutsAndEscapes) {
  EXPECT_EQ(brief(nlohmann::json("\x1b[31m")), R"("\u001b[31m")");
  EXPECT_EQ(brief(nlohmann::json(std::string(1000, 'a'))).size(), 63U);
}

TEST(ObjectReader, OutlivesTheNameThatItWasGiven) {
  const nlohmann::json object = {{"decode", 5}};
  const ObjectReader reader(object, std::string(40, 'n') + ": a part");
  EXPECT_THAT(
      [&] { reader.text("decode"); },
      ThrowsMessage<FormatError>(std::string(40, 'n') + ": a part: \"decode\" is 5, not a text"));
}

TEST(ObjectReader, RefusesFormatVersionsThatAreNotKnown) {
  const auto said_of = [](const nlohmann::json& version) -> std::string {
    const nlohmann::json object = {{"format_version", version}};
    try {
      ObjectReader(object, "file").require_format_version(2);
    } catch (const FormatError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(said_of(1), "");
  EXPECT_EQ(said_of(2), "");
  EXPECT_EQ(said_of(3), "file: format version 3 is newer than the 2 known here");
  EXPECT_NE(said_of(0), "");
  EXPECT_NE(said_of("1"), "");
}

}  // namespace
}  // namespace gradspace
