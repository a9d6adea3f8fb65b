// The report page: a shell of markup, style and script that was bundled from web/, and the data it
// shows.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace gradspace {

/// `data` as JSON that is safe inside a script element: no '<', '>', '&' and nothing but ASCII;
/// bytes that are no UTF-8 become U+FFFD.
std::string json_for_html(const nlohmann::json& data);

/// The whole page. Throws InvalidArgument when this build has no page.
std::string html_page(const nlohmann::json& data);

}  // namespace gradspace
