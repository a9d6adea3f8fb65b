#include "gradspace/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/file.h"
#include "gradspace/error.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

/// The file as Python's parser of XML reads it: elements as [tag, attributes, text, children].
nlohmann::json parsed_by_python(const std::filesystem::path& path) {
  const auto output = testing::run_shell(
      fmt::format("{} -c 'import json, sys, xml.etree.ElementTree as tree\n"
                  "def of(e): return [e.tag, e.attrib, e.text, [of(c) for c in e]]\n"
                  "print(json.dumps(of(tree.parse(sys.argv[1]).getroot())))' '{}'",
                  GRADSPACE_PYTHON, path.string()));
  EXPECT_EQ(output.status, 0);
  return nlohmann::json::parse(output.text);
}

class JUnit : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::python_has("xml.etree.ElementTree")) {
      GTEST_SKIP() << "there is no Python";
    }
  }

  nlohmann::json written(const std::vector<JUnitCase>& cases) {
    write_junit(folder_ / "junit.xml", "gradspace iqa", cases);
    return parsed_by_python(folder_ / "junit.xml");
  }

  testing::TemporaryFolder folder_;
};

TEST_F(JUnit, CountsBySuite) {
  const auto root =
      written({{"jpeg", "a.png"},
               {"webp", "a.png", {"psnr is 20, less than 30", "ssim is 0.5, less than 0.9"}},
               {"jpeg", "b.png", {"too low"}, {"can't be read"}},
               {"jpeg", "c.png", {"too low"}}});
  EXPECT_EQ(root[0], "testsuites");
  EXPECT_EQ(root[1],
            nlohmann::json(
                {{"name", "gradspace iqa"}, {"tests", "4"}, {"failures", "2"}, {"errors", "1"}}));
  const auto& suites = root[3];
  ASSERT_EQ(suites.size(), 2U);
  EXPECT_EQ(suites[0][1],
            nlohmann::json({{"name", "jpeg"}, {"tests", "3"}, {"failures", "1"}, {"errors", "1"}}));
  const auto& cases = suites[0][3];
  EXPECT_EQ(cases[0][1], nlohmann::json({{"classname", "jpeg"}, {"name", "a.png"}}));
  EXPECT_TRUE(cases[0][3].empty());
  EXPECT_EQ(cases[1][3][0][0], "error") << "weighs more than a failure";
  EXPECT_EQ(cases[1][3][0][1]["message"], "can't be read");
  const auto& failure = suites[1][3][0][3][0];
  EXPECT_EQ(failure[0], "failure");
  EXPECT_EQ(failure[1]["message"], "psnr is 20, less than 30");
  EXPECT_EQ(failure[2], "psnr is 20, less than 30\nssim is 0.5, less than 0.9");
}

TEST_F(JUnit, NamesOfAllKinds) {
  // What XML can hold comes back as it was, white space included; the rest is shown.
  const std::vector<std::pair<std::string, std::string>> names{
      {"<b>&amp;\"'</testcase>]]>", "<b>&amp;\"'</testcase>]]>"},
      {"two\nlines\tand\rmore  ", "two\nlines\tand\rmore  "},
      {"\xC3\xA9\xF0\x9F\x98\x80", "\xC3\xA9\xF0\x9F\x98\x80"},
      {std::string("nul\0, escape \x1B[0m, \x7F", 20), "nul\\x00, escape \\x1b[0m, \\x7f"},
      {"\xFF\xC3(", "\\xff\\xc3("},
      {"\xEF\xBF\xBE \xEF\xBF\xBF \xEF\xBF\xBD", "\\xef\\xbf\\xbe \\xef\\xbf\\xbf \xEF\xBF\xBD"}};
  std::vector<JUnitCase> cases;
  for (const auto& [name, shown] : names) {
    cases.push_back({name, name, {name}, {}});
  }
  const auto suites = written(cases)[3];
  ASSERT_EQ(suites.size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& shown = names[i].second;
    EXPECT_EQ(suites[i][1]["name"], shown);
    EXPECT_EQ(suites[i][3][0][1]["classname"], shown);
    EXPECT_EQ(suites[i][3][0][3][0][1]["message"], shown);
    EXPECT_EQ(suites[i][3][0][3][0][2], shown);
  }
}

TEST_F(JUnit, OfNothing) {
  EXPECT_EQ(written({})[1]["tests"], "0");
  EXPECT_THROW(write_junit(folder_ / "missing/junit.xml", "x", {}), IoError);
}

}  // namespace
}  // namespace gradspace
