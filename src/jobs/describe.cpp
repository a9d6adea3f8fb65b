#include "jobs/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/checksum.h"
#include "core/file.h"
#include "core/file_kind.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/random_access_file.h"
#include "decoder/decoder_file.h"
#include "gradspace/describe.h"
#include "gradspace/detector.h"
#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/linear_decoder.h"
#include "gradspace/model.h"
#include "gradspace/moments.h"
#include "gradspace/npy.h"
#include "gradspace/safetensors.h"
#include "jobs/describe_moments.h"
#include "jobs/describe_results.h"
#include "matlab/matlab_file.h"
#include "model/torch_archive.h"
#include "results/results_kind.h"
#include "results/text_table.h"

namespace gradspace {
namespace {

using Json = nlohmann::ordered_json;

std::string extent_text(const Extent& extent) {
  return fmt::format("{}x{}x{}", extent.channels, extent.height, extent.width);
}

const char* kind_text(LayerInfo::Kind kind) {
  switch (kind) {
    case LayerInfo::Kind::kConv:
      return "convolution";
    case LayerInfo::Kind::kConvTranspose:
      return "transposed convolution";
    case LayerInfo::Kind::kLinear:
      break;
  }
  return "linear";
}

void add_network(Json& facts, const AutoencoderSpec& spec) {
  facts["input"] = extent_text(spec.input);
  facts["latent"] = spec.latent;
  Json table = Json::array();
  for (const LayerInfo& layer : layers(spec)) {
    table.push_back({{"layer", layer.name},
                     {"kind", kind_text(layer.kind)},
                     {"in", extent_text(layer.in)},
                     {"out", extent_text(layer.out)},
                     {"weight", layer.weight_shape}});
  }
  facts["layers"] = std::move(table);
}

/// Metadata whose text is JSON becomes JSON; the rest stays text.
Json parsed_metadata(const std::map<std::string, std::string>& metadata) {
  Json result = Json::object();
  for (const auto& [key, text] : metadata) {
    const bool structured = text.starts_with('{') || text.starts_with('[');
    Json parsed = structured ? Json::parse(text, nullptr, /*allow_exceptions=*/false) : Json();
    result[key] = structured && !parsed.is_discarded() ? std::move(parsed) : Json(text);
  }
  return result;
}

Description describe_safetensors(const std::filesystem::path& path) {
  SafeTensors file = read_safetensors(path, "");
  const auto take = [&file](const char* key) {
    const auto node = file.metadata.extract(key);
    return node.empty() ? std::string() : node.mapped();
  };
  const std::string kind = take("kind");
  if (kind == "moments") {
    return describe_moments(path);
  }
  Json facts = first_facts(path, kind.empty() ? "safetensors" : kind.c_str());
  if (!kind.empty()) {
    facts["format_version"] = take("format_version");
    facts["gradspace_version"] = take("gradspace_version");
  }
  facts["sha256"] = sha256_hex_of_file(path);
  std::size_t values = 0;
  Json table = Json::array();
  for (const auto& [name, tensor] : file.tensors) {
    values += tensor.values.size();
    table.push_back({{"tensor", name}, {"shape", tensor.shape}, {"values", tensor.values.size()}});
  }
  facts["values"] = values;
  if (kind == "autoencoder" || kind == "gradcon") {
    const Model model = read_model(path);
    take("spec");  // told as layers
    if (model.members() > 1) {
      facts["members"] = model.members();
    }
    add_network(facts, model.spec);
    if (kind == "gradcon") {
      facts["clean_images"] = read_detector(path).calibration.count();
    }
  } else {
    if (kind == "linear decoder") {
      load_decoder(path);  // as strictly as `iqa` does
      facts["visible"] = LinearDecoder::kVisible;
      facts["hidden"] = LinearDecoder::kHidden;
    }
    facts["tensors"] = std::move(table);
  }
  if (!file.metadata.empty()) {
    facts["metadata"] = parsed_metadata(file.metadata);
  }
  return {std::move(facts), ""};
}

const char* type_text(NpyType type) {
  switch (type) {
    case NpyType::kFloat32:
      return "float32";
    case NpyType::kFloat64:
      return "float64";
    case NpyType::kUint8:
      return "uint8";
    case NpyType::kFloat16:
      return "float16";
    case NpyType::kInt64:
      break;
  }
  return "int64";
}

Description describe_npy(const std::filesystem::path& path) {
  constexpr std::uint64_t kHeaderBytes = 2 << 20;
  const NpyHeader header = parse_npy_header(read_file_start(path, kHeaderBytes), path.string());
  const std::uint64_t wanted =
      header.data_offset + element_count(header.shape) * npy_item_size(header.type);
  const std::uint64_t size = RandomAccessFile(path).size();
  if (size != wanted) {
    throw FormatError(fmt::format("{}: {}shape {} makes {} bytes, the file has {}", path.string(),
                                  size < wanted ? "truncated: " : "", shape_text(header.shape),
                                  wanted, size));
  }
  Json facts = first_facts(path, "npy");
  facts["values"] = type_text(header.type);
  facts["shape"] = header.shape;
  return {std::move(facts), ""};
}

Description describe_feature_set(const std::filesystem::path& path) {
  const FeatureSet set(path);
  const FeatureSetMeta& meta = set.meta();
  Json facts = first_facts(path, "feature-set");
  facts["gradspace_version"] = meta.version;
  facts["rows"] = set.size();
  facts["dimension"] = set.dimension();
  facts["source"] = meta.source;
  facts["source_images"] = meta.source_images;
  facts["failures"] = set.failures().size();
  facts["model_sha256"] = meta.model_sha256;
  facts["options"] = Json::parse(meta.options_json);
  Json columns = Json::array();
  for (const FeatureBlock& block : meta.columns) {
    columns.push_back({{"layer", block.layer},
                       {"loss", block.loss ? Json(name(*block.loss)) : Json()},
                       {"begin", block.begin},
                       {"end", block.end}});
    if (block.projection) {
      columns.back()["projection"] = {{"features", block.projection->features},
                                      {"dimension", block.projection->dimension},
                                      {"seed", block.projection->seed}};
    }
  }
  if (meta.type != FeatureType::kFloat32) {
    facts["dtype"] = name(meta.type);
  }
  facts["columns"] = std::move(columns);
  return {std::move(facts), ""};
}

Description describe_folder(const std::filesystem::path& path) {
  std::error_code unknown;
  if (std::filesystem::exists(path / "meta.json", unknown) ||
      std::filesystem::exists(path / "set.json", unknown)) {
    return describe_feature_set(path);
  }
  if (std::filesystem::exists(path / "results.json", unknown)) {
    return describe_results(path / "results.json");
  }
  if (holds_moments(path)) {
    return describe_moments(path);
  }
  throw FormatError(fmt::format(
      "{}: holds neither a feature set (meta.json) nor results (results.json)", path.string()));
}

Description describe_json(const std::filesystem::path& path) {
  constexpr std::uint64_t kMaxBytes = 1 << 28;
  const nlohmann::json content = parse_sealed_json(read_text_file(path, kMaxBytes), path.string());
  if (content.contains("columns")) {
    return describe_feature_set(std::filesystem::absolute(path).parent_path());
  }
  if (results_kind(content, path)) {
    return describe_results(path);
  }
  Json facts = first_facts(path, "description");
  add_network(facts, read_autoencoder_spec(path));
  return {std::move(facts), ""};
}

// Text for a terminal.

/// A value in one line: texts without quotes, but with control characters escaped.
std::string line_text(const Json& value) {
  if (value.is_null()) {
    return "-";
  }
  std::string text = dump_readable_json(value);
  if (value.is_string()) {
    text = text.substr(1, text.size() - 2);
    for (std::size_t at = text.find("\\\\"); at != std::string::npos;
         at = text.find("\\\\", at + 1)) {
      text.erase(at, 1);
    }
  }
  // JSON leaves alone DEL and what terminals take for control characters in UTF-8, U+0080 to U+009F.
  std::replace(text.begin(), text.end(), '\x7F', '?');
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\xC2' && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      text.replace(i, 2, "?");
    }
  }
  return text;
}

bool is_table(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const Json& row) { return row.is_object(); });
}

std::string table_text(const Json& rows) {
  std::vector<std::string> header;
  for (const auto& [key, value] : rows.front().items()) {
    header.push_back(line_text(key));
  }
  TextTable table(header);
  for (const Json& row : rows) {
    std::vector<std::string> cells;
    for (const auto& [key, value] : rows.front().items()) {
      cells.push_back(row.contains(key) ? line_text(row.at(key)) : "");
    }
    table.add_row(std::move(cells));
  }
  return table.text();
}

struct Line {
  std::string key;
  std::string value;
};

/// Objects within objects become "outer.inner"; tables are put aside.
void flatten(const Json& object, const std::string& prefix, std::vector<Line>& lines,
             std::vector<std::string>& tables) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = prefix + line_text(key);
    if (value.is_object() && !value.empty()) {
      flatten(value, name + ".", lines, tables);
    } else if (is_table(value)) {
      tables.push_back(name + ":\n" + table_text(value));
    } else {
      lines.push_back({name, line_text(value)});
    }
  }
}

}  // namespace

Json first_facts(const std::filesystem::path& path, const char* type) {
  return {{"file", path.string()}, {"type", type}};
}

Description describe(const std::filesystem::path& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) {
    return describe_folder(path);
  }
  constexpr std::uint64_t kStartBytes = 64;
  const std::vector<std::uint8_t> start_bytes = read_file_start(path, kStartBytes);
  const std::string_view text(reinterpret_cast<const char*>(start_bytes.data()),
                              start_bytes.size());
  constexpr std::size_t kSafetensorsBrace = 8;  // after the length of the header
  if (text.starts_with("\x93NUMPY")) {
    return describe_npy(path);
  }
  if (text.size() > kSafetensorsBrace && text[kSafetensorsBrace] == '{' &&
      text.find('\0') < kSafetensorsBrace) {
    return describe_safetensors(path);
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') {
    return describe_json(path);
  }
  if (looks_like_matlab_file(start_bytes) && other_kind(start_bytes).empty()) {
    throw FormatError(fmt::format(
        "{}: is a MATLAB file; gradspace import turns a quality decoder into one of ours",
        path.string()));
  }
  if (other_kind(start_bytes).empty() && looks_like_torch_file(start_bytes)) {
    throw FormatError(
        fmt::format("{}: is another program's file, maybe a PyTorch checkpoint; "
                    "gradspace import turns that into one of ours",
                    path.string()));
  }
  throw_unknown_kind(path.string(), start_bytes,
                     "is none of gradspace's files (safetensors, npy, a feature set, results, a "
                     "network's description)");
}

std::string description_text(const Description& description) {
  std::vector<Line> lines;
  std::vector<std::string> tables;
  flatten(description.facts, "", lines, tables);
  std::size_t width = 0;
  for (const Line& line : lines) {
    width = std::max(width, character_count(line.key));
  }
  std::string text;
  for (const Line& line : lines) {
    text += line.key + std::string(width - character_count(line.key) + 2, ' ') + line.value + "\n";
  }
  for (const std::string& table : tables) {
    text += "\n" + table;
  }
  if (!description.text.empty()) {
    text += "\n" + description.text;
  }
  return text;
}

FileDescription describe_file(const std::filesystem::path& path) {
  const Description description = describe(path);
  return {dump_readable_json(description.facts, 2) + "\n", description_text(description)};
}

}  // namespace gradspace
