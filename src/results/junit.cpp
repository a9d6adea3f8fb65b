#include "gradspace/junit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>

#include "core/file.h"
#include "core/text.h"

namespace gradspace {
namespace {

/// The characters U+FFFE and U+FFFF, which XML 1.0 does not allow, in UTF-8.
constexpr std::string_view kNoCharacterPrefix = "\xEF\xBF";

/// Text as it may stand in an attribute or an element.
std::string xml_text(std::string_view bytes) {
  const std::string utf8 = readable_utf8(bytes);
  std::string text;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    const bool no_character = utf8.compare(i, 2, kNoCharacterPrefix) == 0 && i + 2 < utf8.size() &&
                              static_cast<unsigned char>(utf8[i + 2]) >= 0xBE;
    if (no_character) {
      text += fmt::format("\\xef\\xbf\\x{:02x}", static_cast<unsigned char>(utf8[i + 2]));
      i += 2;
    } else if (byte == '&') {
      text += "&amp;";
    } else if (byte == '<') {
      text += "&lt;";
    } else if (byte == '>') {
      text += "&gt;";
    } else if (byte == '"') {
      text += "&quot;";
    } else if (byte == '\n' || byte == '\t' ||
               byte == '\r') {  // kept, where a reader would make them blanks
      text += fmt::format("&#{};", byte);
    } else if (byte < 0x20 || byte == 0x7F) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += utf8[i];
    }
  }
  return text;
}

/// A case's child: the first line as its message, all of them as its text.
std::string verdict_xml(const char* element, const std::vector<std::string>& lines) {
  return fmt::format("      <{0} message=\"{1}\">{2}</{0}>\n", element, xml_text(lines.front()),
                     xml_text(fmt::format("{}", fmt::join(lines, "\n"))));
}

std::string case_xml(const JUnitCase& one) {
  std::string text = fmt::format("    <testcase classname=\"{}\" name=\"{}\"", xml_text(one.suite),
                                 xml_text(one.name));
  if (one.errors.empty() && one.failures.empty()) {
    return text + "/>\n";
  }
  text += ">\n";
  text +=
      one.errors.empty() ? verdict_xml("failure", one.failures) : verdict_xml("error", one.errors);
  return text + "    </testcase>\n";
}

struct JUnitCounts {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;

  void add(const JUnitCase& one) {
    ++tests;
    errors += one.errors.empty() ? 0 : 1;
    failures += one.errors.empty() && !one.failures.empty() ? 1 : 0;
  }
  std::string attributes() const {
    return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\"", tests, failures, errors);
  }
};

struct JUnitSuite {
  std::string_view name;
  JUnitCounts counts;
  std::string cases;
};

}  // namespace

std::string junit_xml(std::string_view name, std::span<const JUnitCase> cases) {
  std::vector<JUnitSuite> suites;
  JUnitCounts all;
  for (const JUnitCase& one : cases) {
    auto suite = std::ranges::find(suites, one.suite, &JUnitSuite::name);
    if (suite == suites.end()) {
      suite = suites.insert(suites.end(), {one.suite, {}, {}});
    }
    suite->counts.add(one);
    suite->cases += case_xml(one);
    all.add(one);
  }
  std::string text =
      fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n",
                  xml_text(name), all.attributes());
  for (const JUnitSuite& suite : suites) {
    text += fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n", xml_text(suite.name),
                        suite.counts.attributes(), suite.cases);
  }
  return text + "</testsuites>\n";
}

void write_junit(const std::filesystem::path& path, std::string_view name,
                 std::span<const JUnitCase> cases) {
  write_file(path, std::string_view(junit_xml(name, cases)));
}

}  // namespace gradspace
