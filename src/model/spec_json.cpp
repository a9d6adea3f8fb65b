#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "gradspace/model.h"

namespace gradspace {
namespace {

using Json = nlohmann::json;

/// More layers than any autoencoder of this family has.
constexpr std::size_t kMaxLayers = 64;

/// Any int: what a field may hold is said by validate(), which names the layer.
int number(const Json& value, const std::string& what) {
  return static_cast<int>(integer_within(value, -1'000'000, 1'000'000, what));
}

struct Field {
  const char* key;
  int ConvSpec::*member;
};

constexpr std::array<Field, 5> kFields{{{"out_channels", &ConvSpec::out_channels},
                                        {"kernel", &ConvSpec::kernel},
                                        {"stride", &ConvSpec::stride},
                                        {"padding", &ConvSpec::padding},
                                        {"output_padding", &ConvSpec::output_padding}}};

const Field* find_field(std::string_view key) {
  const auto* const found = std::find_if(kFields.begin(), kFields.end(),
                                         [&](const Field& field) { return key == field.key; });
  return found == kFields.end() ? nullptr : found;
}

[[noreturn]] void unknown_key(const std::string& where, const std::string& key, const char* known) {
  throw FormatError(
      fmt::format("{}: unknown key {}; the known ones are {}", where, brief(Json(key)), known));
}

ConvSpec parse_conv(const Json& json, const std::string& where) {
  if (!json.is_object()) {
    throw FormatError(fmt::format("{} is {}; it must be an object such as {{\"out_channels\": 3}}",
                                  where, brief(json)));
  }
  if (!json.contains("out_channels")) {
    throw FormatError(fmt::format("{}: out_channels is missing", where));
  }
  ConvSpec conv;
  for (const auto& [key, value] : json.items()) {
    const Field* const field = find_field(key);
    if (field == nullptr) {
      unknown_key(where, key, "out_channels, kernel, stride, padding, output_padding");
    }
    conv.*(field->member) = number(value, fmt::format("{}: {}", where, key));
  }
  return conv;
}

std::vector<ConvSpec> parse_convs(const Json& json, const std::string& where) {
  if (!json.is_array() || json.empty() || json.size() > kMaxLayers) {
    throw FormatError(fmt::format("{} is {}; it must be an array of 1 to {} layers", where,
                                  brief(json), kMaxLayers));
  }
  std::vector<ConvSpec> convs;
  for (std::size_t i = 0; i < json.size(); ++i) {
    convs.push_back(parse_conv(json[i], fmt::format("{}[{}]", where, i)));
  }
  return convs;
}

Extent parse_extent(const Json& json, const std::string& where) {
  if (!json.is_array() || json.size() != 3) {
    throw FormatError(
        fmt::format("{} is {}; it must be [channels, height, width]", where, brief(json)));
  }
  return {number(json[0], where + "[0]"), number(json[1], where + "[1]"),
          number(json[2], where + "[2]")};
}

nlohmann::ordered_json conv_to_json(const ConvSpec& conv, bool transposed) {
  nlohmann::ordered_json json;
  for (const Field& field : kFields) {
    if (transposed || field.member != &ConvSpec::output_padding) {
      json[field.key] = conv.*(field.member);
    }
  }
  return json;
}

}  // namespace

std::string to_json(const AutoencoderSpec& spec) {
  nlohmann::ordered_json json;
  json["input"] = {spec.input.channels, spec.input.height, spec.input.width};
  json["down"] = nlohmann::ordered_json::array();
  for (const ConvSpec& conv : spec.down) {
    json["down"].push_back(conv_to_json(conv, false));
  }
  json["latent"] = spec.latent;
  json["up"] = nlohmann::ordered_json::array();
  for (const ConvSpec& conv : spec.up) {
    json["up"].push_back(conv_to_json(conv, true));
  }
  return json.dump();
}

AutoencoderSpec parse_autoencoder_spec(std::string_view json, std::string_view name) {
  const Json object = parse_json(json, name);
  if (!object.is_object()) {
    throw FormatError(
        fmt::format("{}: is {}; a model's description must be a JSON object", name, brief(object)));
  }
  AutoencoderSpec spec;
  for (const auto& [key, value] : object.items()) {
    const std::string where = fmt::format("{}: {}", name, key);
    if (key == "input") {
      spec.input = parse_extent(value, where);
    } else if (key == "down") {
      spec.down = parse_convs(value, where);
    } else if (key == "latent") {
      spec.latent = number(value, where);
    } else if (key == "up") {
      spec.up = parse_convs(value, where);
    } else {
      unknown_key(std::string(name), key, "input, down, latent, up");
    }
  }
  try {
    spec.validate();
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: {}", name, error.what()));
  }
  return spec;
}

AutoencoderSpec read_autoencoder_spec(const std::filesystem::path& path) {
  constexpr std::uint64_t kMaxBytes = 1 << 20;
  return parse_autoencoder_spec(read_text_file(path, kMaxBytes), path.string());
}

}  // namespace gradspace
