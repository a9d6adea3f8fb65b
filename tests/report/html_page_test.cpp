#include "report/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gradspace/report.h"
#include "report/page_shell.h"

namespace gradspace {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHostileText =
    "</script><img src=x onerror=alert(1)>&amp;<!--\xE2\x80\xA8.png";

TEST(JsonForHtml, HoldsNothingThatEndsAScriptOrBeginsAnElement) {
  const std::string text = json_for_html({{kHostileText, kHostileText}});
  EXPECT_THAT(text, Not(HasSubstr("<")));
  EXPECT_THAT(text, Not(HasSubstr(">")));
  EXPECT_THAT(text, Not(HasSubstr("&")));
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }));
}

TEST(JsonForHtml, MeansTheSame) {
  const json data = {
      {"name", kHostileText}, {"numbers", {1, 2.5, nullptr, true}}, {"\"\\", "\n\t"}};
  EXPECT_EQ(json::parse(json_for_html(data)), data);
}

TEST(JsonForHtml, EscapesBytesThatAreNoUtf8Once) {
  EXPECT_EQ(json_for_html("a\xFF"), R"("a\\xff")");
  EXPECT_EQ(json_for_html("a\\xff"), R"("a\\xff")");
}

TEST(HtmlPage, HoldsTheDataOnceAndFetchesNothing) {
  if (!can_write_report()) {
    GTEST_SKIP() << "built without reports";
  }
  const std::string page = html_page({{"title", "the only one of its kind"}});
  EXPECT_THAT(page, HasSubstr(R"(id="report-data">{"title":"the only one of its kind"}</script>)"));
  EXPECT_THAT(page, Not(HasSubstr(std::string(kPageDataMarker))));
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy\" content=\"default-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr("<link")));
  EXPECT_THAT(page, Not(HasSubstr("<script src")));
  EXPECT_LT(page.size(), 1'000'000U);
}

}  // namespace
}  // namespace gradspace
