// JSON for output and for records: on one line, with names of files as `to_utf8` gives them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gradspace/utf8_text.h"

namespace gradspace::cli {

/// `Json`: nlohmann's json or ordered_json. Keys are our own, and UTF-8.
template <typename Json>
std::string json_text(Json value) {
  const auto correct = [](auto& self, Json& member) -> void {
    if (member.is_string()) {
      member = to_utf8(member.template get_ref<const std::string&>());
    } else if (member.is_structured()) {
      for (Json& inner : member) {
        self(self, inner);
      }
    }
  };
  correct(correct, value);
  return value.dump();
}

}  // namespace gradspace::cli
