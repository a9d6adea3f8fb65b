// In the place of the page where the build has no Node.js to bundle it.
#include "live/page.h"

namespace gradspace::live {
namespace {

constexpr std::string_view kNoPage[] = {
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>gradspace monitor</title>"
    "<p>This gradspace was built without its page (-DGRADSPACE_REPORT=OFF). "
    "<a href=\"/api/cameras\">/api/cameras</a>, <a href=\"/api/alarms\">/api/alarms</a> and "
    "<a href=\"/metrics\">/metrics</a> say what it would show.</p></html>\n"};
constexpr std::string_view kNothing[] = {""};

}  // namespace

PageAssets page_assets() {
  return {kNoPage, kNothing, kNothing, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"};
}

}  // namespace gradspace::live
