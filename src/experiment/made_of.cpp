#include "experiment/made_of.h"

#include <fmt/format.h>

#include <set>
#include <string_view>

#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "train/record.h"

namespace gradspace {
namespace {

using nlohmann::json;

/// Ingredients that are digests: what to say of them when they differ.
const std::map<std::string, std::string>& words_for_digests() {
  static const std::map<std::string, std::string> words = {
      {"train", "the images of the clean train set have changed"},
      {"val", "the images of the clean val set have changed"},
      {"set", "its images have changed"},
      {"model", "its autoencoder is another one"},
      {"sets", "its feature sets are others"},
      {"entries", "its detectors are others"}};
  return words;
}

/// Ingredients that are left out where they are what they were before there was a choice: what that was.
const json& unsaid() {
  static const json ingredients = {{"strength", "image"}};
  return ingredients;
}

/// Of ingredients that are left out on one side only.
void add_unsaid_reasons(const json& there, const json& wanted, std::set<std::string>& reasons) {
  for (const auto& [key, value] : unsaid().items()) {
    if (there.contains(key) != wanted.contains(key)) {
      reasons.insert(
          difference({{key, there.value(key, value)}}, {{key, wanted.value(key, value)}}));
    }
  }
}

void add_reasons(const json& there, const json& wanted, std::set<std::string>& reasons) {
  add_unsaid_reasons(there, wanted, reasons);
  for (const auto& [key, value] : wanted.items()) {
    const auto other = there.find(key);
    const bool is_there = other != there.end();
    if ((is_there && *other == value) || (!is_there && unsaid().contains(key))) {
      continue;
    }
    if (const auto words = words_for_digests().find(key); words != words_for_digests().end()) {
      reasons.insert(words->second);
    } else if (is_there && other->is_object() && value.is_object()) {
      add_reasons(*other, value, reasons);
    } else {
      reasons.insert(difference({{key, is_there ? *other : json()}}, {{key, value}}));
    }
  }
}

}  // namespace

std::string key_of(const json& ingredients) {
  const std::string text = dump_json(ingredients);
  return sha256_hex(bytes_of(text));
}

void note_made_of(ResultMetadata& metadata, const json& ingredients) {
  metadata[kExperimentKey] = key_of(ingredients);
  metadata[kMadeOfKey] = dump_json(ingredients);
}

bool is_made_of(const ResultMetadata& metadata, const json& ingredients) {
  const auto found = metadata.find(kExperimentKey);
  return found != metadata.end() && found->second == key_of(ingredients);
}

std::string why_anew(const ResultMetadata& metadata, const json& wanted) {
  const auto noted = metadata.find(kMadeOfKey);
  const json there = noted == metadata.end()       ? json()
                     : json::accept(noted->second) ? load_json(noted->second)
                                                   : json();
  if (!there.is_object()) {
    return "what it was made of is not known, as of version 0.1.0";
  }
  std::set<std::string> reasons;
  add_reasons(there, wanted, reasons);
  std::string text;
  for (const std::string& reason : reasons) {
    text += (text.empty() ? "" : "; ") + reason;
  }
  return text.empty() ? "it was made otherwise" : text;
}

}  // namespace gradspace
