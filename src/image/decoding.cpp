#include "gradspace/decoding.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr const char* kPreprocessing = "preprocessing";
constexpr const char* kDecode = "decode";

/// Empty where the metadata have none, or a text for people, as files of older versions.
nlohmann::json preprocessing_of(const std::map<std::string, std::string>& metadata) {
  const auto found = metadata.find(kPreprocessing);
  if (found == metadata.end()) {
    return nlohmann::json::object();
  }
  auto record = nlohmann::json::parse(found->second, nullptr, /*allow_exceptions=*/false);
  return record.is_object() ? record : nlohmann::json::object();
}

}  // namespace

std::string_view name(Decoding decoding) {
  return decoding == Decoding::kFast ? "fast" : "exact";
}

Decoding parse_decoding(std::string_view text, std::string_view where) {
  for (const Decoding decoding : {Decoding::kExact, Decoding::kFast}) {
    if (text == name(decoding)) {
      return decoding;
    }
  }
  throw FormatError(fmt::format("{}: \"decode\" is {:.40}, not exact or fast", where, text));
}

std::optional<Decoding> decoding_in(const std::map<std::string, std::string>& metadata) {
  const nlohmann::json record = preprocessing_of(metadata);
  const auto decode = record.find(kDecode);
  if (decode == record.end()) {
    return std::nullopt;
  }
  return parse_decoding(decode->is_string() ? decode->get<std::string>() : decode->dump(),
                        kPreprocessing);
}

void record_decoding(Decoding decoding, std::map<std::string, std::string>& metadata) {
  nlohmann::json record = preprocessing_of(metadata);
  record[kDecode] = name(decoding);
  metadata[kPreprocessing] = record.dump();
}

}  // namespace gradspace
