#include "report/html_page.h"

#include "core/json.h"
#include "gradspace/error.h"
#include "gradspace/report.h"
#include "report/page_shell.h"

namespace gradspace {

bool can_write_report() {
  return !page_shell().empty();
}

std::string json_for_html(const nlohmann::json& data) {
  const std::string text = dump_readable_json(data, -1, true);
  std::string safe;
  safe.reserve(text.size());
  for (const char character : text) {
    // They occur in JSON only within strings, where an escape means the same.
    switch (character) {
      case '<':
        safe += "\\u003c";
        break;
      case '>':
        safe += "\\u003e";
        break;
      case '&':
        safe += "\\u0026";
        break;
      default:
        safe += character;
    }
  }
  return safe;
}

std::string html_page(const nlohmann::json& data) {
  if (!can_write_report()) {
    throw InvalidArgument(
        "report: this gradspace was built without reports (-DGRADSPACE_REPORT=OFF)");
  }
  std::string before;
  std::string after;
  bool found = false;
  for (const std::string_view part : page_shell()) {
    const std::size_t at = found ? std::string_view::npos : part.find(kPageDataMarker);
    if (at == std::string_view::npos) {
      (found ? after : before) += part;
    } else {
      found = true;
      before += part.substr(0, at);
      after += part.substr(at + kPageDataMarker.size());
    }
  }
  return before + json_for_html(data) + after;
}

}  // namespace gradspace
