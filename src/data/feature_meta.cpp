#include "data/feature_meta.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/json.h"
#include "core/object_reader.h"
#include "gradspace/error.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr std::string_view kKind = "feature-set";
constexpr const char* kPreprocessing = "preprocessing";
constexpr const char* kDecode = "decode";
constexpr const char* kDtype = "dtype";
constexpr std::int64_t kMaxDimension = std::int64_t{1} << 40;
constexpr std::int64_t kMaxMember = 63;  // kMaxMembers of model.h, less one

bool columns_chain(const std::vector<FeatureBlock>& columns) {
  std::size_t next = 0;
  for (const FeatureBlock& block : columns) {
    if (block.begin != next || block.end <= block.begin) {
      return false;
    }
    next = block.end;
  }
  return next > 0;
}

/// The member stands in it only where there are several, so that other files are as they were before there were any.
json column_to_json(const FeatureBlock& block, bool several_members) {
  json column = {{"layer", block.layer},
                 {"loss", block.loss ? json(name(*block.loss)) : json(nullptr)},
                 {"begin", block.begin},
                 {"end", block.end}};
  if (several_members) {
    column["member"] = block.member;
  }
  if (block.projection) {
    column["projection"] = {{"features", block.projection->features},
                            {"dimension", block.projection->dimension},
                            {"seed", block.projection->seed}};
  }
  return column;
}

std::optional<Loss> read_loss(const ObjectReader& column, std::string_view where) {
  if (column.member("loss").is_null()) {
    return std::nullopt;
  }
  try {
    return parse_loss(column.text("loss"));
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: {}", where, error.what()));
  }
}

std::optional<FeatureProjection> read_projection(const json& column, std::string_view where) {
  if (!column.contains(kProjection)) {
    return std::nullopt;
  }
  const ObjectReader reader(column.at(kProjection), where);
  return FeatureProjection{reader.text("features"),
                           static_cast<std::size_t>(reader.integer("dimension", 1, kMaxDimension)),
                           reader.count("seed")};
}

}  // namespace

json feature_columns_to_json(const std::vector<FeatureBlock>& columns) {
  const bool several = member_count(columns) > 1;
  json list = json::array();
  for (const FeatureBlock& block : columns) {
    list.push_back(column_to_json(block, several));
  }
  return list;
}

std::vector<FeatureBlock> parse_feature_columns(const json& list, std::string_view where) {
  if (!list.is_array()) {
    throw FormatError(fmt::format("{}: \"columns\" is {}, not a list", where, brief(list)));
  }
  std::vector<FeatureBlock> columns;
  for (const json& entry : list) {
    const ObjectReader column(entry, where);
    columns.push_back({column.text("layer"), read_loss(column, where),
                       static_cast<std::size_t>(column.integer("begin", 0, kMaxDimension)),
                       static_cast<std::size_t>(column.integer("end", 0, kMaxDimension)),
                       static_cast<std::size_t>(
                           entry.contains("member") ? column.integer("member", 0, kMaxMember) : 0),
                       read_projection(entry, where)});
  }
  if (!columns_chain(columns)) {
    throw FormatError(fmt::format("{}: \"columns\" do not follow each other from 0 on", where));
  }
  return columns;
}

namespace {

json meta_object(const FeatureSetMeta& meta) {
  if (!columns_chain(meta.columns)) {
    throw InvalidArgument("feature set: the columns do not follow each other from 0 on");
  }
  const json options = json::parse(meta.options_json.empty() ? "{}" : meta.options_json, nullptr,
                                   /*allow_exceptions=*/false);
  if (!options.is_object()) {
    throw InvalidArgument("feature set: the options are not a JSON object");
  }
  json all = {{"kind", kKind},
              {"format_version", kFormatVersion},
              {"version", meta.version},
              {"model_sha256", meta.model_sha256},
              {"source", meta.source},
              {"source_images", meta.source_images},
              {"source_digest", meta.source_digest},
              {"options", with_texts(options, from_utf8)},
              {kPreprocessing, {{kDecode, name(meta.decoding)}}},
              {"columns", feature_columns_to_json(meta.columns)}};
  if (meta.type != FeatureType::kFloat32) {  // sets of the usual type are as they always were
    all[kDtype] = name(meta.type);
  }
  if (!meta.tiles_json.empty()) {
    all["tiles"] = json::parse(meta.tiles_json);
  }
  return all;
}

}  // namespace

std::string feature_meta_to_json(const FeatureSetMeta& meta,
                                 const std::optional<FeatureChecksums>& checksums) {
  json all = meta_object(meta);
  if (checksums) {
    all["checksums"] = feature_checksums_to_json(*checksums);
  }
  return sealed_json(std::move(all), 2);
}

std::string set_manifest_to_json(const FeatureSetMeta& meta, const std::vector<SetPart>& parts) {
  json all = meta_object(meta);
  all["parts"] = set_parts_to_json(parts);
  return sealed_json(std::move(all), 1);
}

FeatureMetaFile parse_feature_meta(std::string_view text, std::string_view name) {
  const json all = parse_sealed_json(text, name);
  const ObjectReader reader(all, name);
  if (reader.text("kind") != kKind) {
    throw FormatError(fmt::format("{}: not the meta.json of a feature set", name));
  }
  reader.require_format_version(kFormatVersion);
  FeatureMetaFile file;
  FeatureSetMeta& meta = file.meta;
  meta.version = reader.text("version");
  meta.model_sha256 = reader.text("model_sha256");
  meta.source = reader.decoded_text("source");
  meta.source_images = reader.count("source_images");
  meta.source_digest = reader.text("source_digest");
  const json& options = reader.member("options");
  ObjectReader(options, fmt::format("{}: \"options\"", name));
  meta.options_json = options.dump();
  meta.columns = parse_feature_columns(reader.member("columns"), name);
  if (all.contains(kPreprocessing)) {
    const ObjectReader preprocessing(all.at(kPreprocessing),
                                     fmt::format("{}: \"{}\"", name, kPreprocessing));
    meta.decoding = parse_decoding(preprocessing.text(kDecode), name);
  }
  if (all.contains(kDtype)) {
    try {
      meta.type = parse_feature_type(reader.text(kDtype));
    } catch (const InvalidArgument& error) {
      throw FormatError(fmt::format("{}: {}", name, error.what()));
    }
  }
  if (all.contains("tiles")) {
    ObjectReader(all.at("tiles"), fmt::format("{}: \"tiles\"", name));
    meta.tiles_json = all.at("tiles").dump();
  }
  if (all.contains("checksums")) {
    file.checksums = parse_feature_checksums(all.at("checksums"), name);
  }
  if (all.contains("parts")) {
    file.parts = parse_set_parts(all.at("parts"), name);
  }
  return file;
}

}  // namespace gradspace
