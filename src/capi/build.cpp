// What this library is.
#include <nlohmann/json.hpp>
#include <string>

#include "capi/boundary.h"
#include "gradspace/challenge.h"
#include "gradspace/gradient.h"
#include "gradspace/linear_decoder.h"
#include "gradspace/one_class.h"
#include "gradspace/photograph.h"
#include "gradspace/quality.h"
#include "gradspace/version.h"

namespace gradspace::capi {
namespace {

/// The names that `name_of` gives of a list's entries.
template <typename List, typename NameOf>
nlohmann::json names_of(const List& list, const NameOf& name_of) {
  nlohmann::json names = nlohmann::json::array();
  for (const auto& entry : list) {
    names.push_back(std::string(name_of(entry)));
  }
  return names;
}

bool has_decoder() {
  try {
    shipped_decoder();
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string build_json() {
  const auto name_of = [](const auto& entry) { return entry.name; };
  return nlohmann::json{
      {"version", std::string(version())},
      {"interface", gradspace_interface_version()},
      {"instruction_sets",
       names_of(available_instruction_sets(), [](InstructionSet set) { return name(set); })},
      {"quality_metrics", names_of(all_quality_metrics(), name_of)},
      {"one_class_methods", names_of(one_class_methods(), name_of)},
      {"photograph_methods", names_of(photograph_methods(), name_of)},
      {"challenges", names_of(challenge::all_types(), name_of)},
      {"decoder", has_decoder()},
      {"torch", GRADSPACE_BUILT_WITH_TORCH != 0},
      {"report", GRADSPACE_BUILT_WITH_REPORT != 0}}
      .dump();
}

}  // namespace
}  // namespace gradspace::capi

extern "C" {

const char* gradspace_version(void) {
  return gradspace::kVersion;
}

int32_t gradspace_interface_version(void) {
  return 1000 * GRADSPACE_INTERFACE_MAJOR + GRADSPACE_INTERFACE_MINOR;
}

const char* gradspace_build(void) {
  try {
    // Never destroyed, as callers hold on to it.
    static const auto* const text = new std::string(gradspace::capi::build_json());
    return text->c_str();
  } catch (const std::exception&) {
    return "{}";
  }
}

}  // extern "C"
