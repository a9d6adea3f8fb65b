#include "cluster/plan_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "cluster/job_folder.h"
#include "core/checksum.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/object_reader.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr std::string_view kPlanKind = "plan";
constexpr const char* kProject = "project";
constexpr const char* kProjectSeed = "project_seed";
constexpr const char* kTiles = "tiles";
constexpr const char* kMoments = "moments";
constexpr const char* kType = "dtype";
constexpr std::int64_t kMostColumns = std::int64_t{1} << 40;
constexpr std::int64_t kMostMilliseconds = 24 * 3600 * std::int64_t{1000};

/// A list with an entry a shard, or nothing where no shard has a value.
template <typename Value>
void add_column(json& shards, const char* key, const std::vector<Shard>& of, const Value& value) {
  json list = json::array();
  bool has_any = false;
  for (const Shard& shard : of) {
    list.push_back(value(shard));
    has_any = has_any || !list.back().is_null();
  }
  if (has_any) {
    shards[key] = std::move(list);
  }
}

json number_or_null(const std::optional<std::uint64_t>& number) {
  return number ? json(*number) : json(nullptr);
}

/// The list of a column of the shards, `count` long; null where there is no such column.
const json* find_column_list(const json& shards, const char* key, std::size_t count,
                             std::string_view name) {
  const auto found = shards.find(key);
  if (found == shards.end()) {
    return nullptr;
  }
  if (!found->is_array() || found->size() != count) {
    throw FormatError(
        fmt::format("{}: \"shards\": \"{}\" is not a list of {} entries", name, key, count));
  }
  return &*found;
}

std::vector<Shard> parse_shards(const json& shards, std::string_view name) {
  const bool has_uris = shards.is_object() && shards.contains("uri") && shards.at("uri").is_array();
  if (!has_uris) {
    throw FormatError(fmt::format("{}: \"shards\" has no list \"uri\"", name));
  }
  const json& uris = shards.at("uri");
  const std::size_t count = uris.size();
  const json* const bytes = find_column_list(shards, "bytes", count, name);
  const json* const rows = find_column_list(shards, "rows", count, name);
  const json* const sha256 = find_column_list(shards, "sha256", count, name);
  const auto number = [&](const json* list, std::size_t i) -> std::optional<std::uint64_t> {
    if (list == nullptr || (*list)[i].is_null()) {
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(integer_within((*list)[i], 0,
                                                     std::numeric_limits<std::int64_t>::max(),
                                                     fmt::format("{}: shard {}", name, i)));
  };
  const auto text = [&](const json& value, std::size_t i) {
    if (!value.is_string()) {
      throw FormatError(fmt::format("{}: shard {}: {} is not a text", name, i, brief(value)));
    }
    return from_utf8(value.get_ref<const std::string&>());
  };
  std::vector<Shard> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    result[i].uri = text(uris[i], i);
    result[i].bytes = number(bytes, i);
    result[i].rows = number(rows, i);
    if (sha256 != nullptr && !(*sha256)[i].is_null()) {
      result[i].sha256 = text((*sha256)[i], i);
    }
  }
  return result;
}

void require_sha256(const std::string& digest, std::string_view what) {
  constexpr std::size_t kDigits = 64;
  if (digest.size() != kDigits ||
      digest.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw InvalidArgument(fmt::format(
        "{}: \"{}\" is no SHA-256 of 64 lower-case hexadecimal digits", what, printable(digest)));
  }
}

/// No uri twice, and none within another.
void check_apart(const std::vector<Shard>& shards, std::string_view where) {
  // With '/' before all other characters, so that what lies within a folder comes right behind it.
  const auto is_before = [](std::string_view a, std::string_view b) {
    const auto rank = [](char c) { return c == '/' ? -1 : int{static_cast<unsigned char>(c)}; };
    return std::ranges::lexicographical_compare(a, b, {}, rank, rank);
  };
  std::vector<std::string_view> sorted;
  sorted.reserve(shards.size());
  for (const Shard& shard : shards) {
    sorted.push_back(shard.uri);
  }
  std::ranges::sort(sorted, is_before);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const std::string_view outer = sorted[i - 1];
    if (!sorted[i].starts_with(outer)) {
      continue;
    }
    if (sorted[i].size() == outer.size()) {
      throw InvalidArgument(fmt::format("{}: the shard {} stands there twice", where, outer));
    }
    if (outer.ends_with('/') || sorted[i][outer.size()] == '/') {
      throw InvalidArgument(
          fmt::format("{}: the shard {} lies within the shard {}", where, sorted[i], outer));
    }
  }
}

TileDraw parse_plan_tiles(const ObjectReader& reader) {
  constexpr std::int64_t kMostPixels = 65536;
  TileDraw draw;
  draw.tiling.width = static_cast<int>(reader.integer("width", 1, kMostPixels));
  draw.tiling.height = static_cast<int>(reader.integer("height", 1, kMostPixels));
  draw.tiling.stride_x = draw.tiling.width;
  draw.tiling.stride_y = draw.tiling.height;
  draw.per_image = static_cast<std::size_t>(reader.integer("per_image", 1, kMostTiles));
  draw.seed = reader.count("seed");
  draw.tiling.validate();
  return draw;
}

PlanOptions parse_plan_options(const ObjectReader& reader, std::string_view name) {
  PlanOptions options;
  options.features = reader.decoded_text("features");
  options.backend = {reader.decoded_text("backend"), reader.decoded_text("device")};
  options.instruction_set = parse_instruction_set(reader.decoded_text("instruction_set"));
  options.source = reader.decoded_text("source");
  options.source_options.hidden = reader.boolean("hidden");
  options.lost_after =
      std::chrono::milliseconds(reader.integer("lost_after_ms", 1, kMostMilliseconds));
  parse_source_kind(options.source);
  if (reader.has(kProject)) {
    options.project = static_cast<std::size_t>(reader.integer(kProject, 1, kMostColumns));
    options.project_seed = reader.count(kProjectSeed);
  }
  if (reader.has(kMoments)) {
    options.moments = parse_moments_kind(reader.text(kMoments));
  }
  if (reader.has(kTiles)) {
    const std::string where = fmt::format("{}: \"{}\"", name, kTiles);
    options.tiles = parse_plan_tiles(ObjectReader(reader.member(kTiles), where));
  }
  if (reader.has(kType)) {
    options.type = parse_feature_type(reader.text(kType));
  }
  if (options.backend.name != "native" && options.backend.name != "torch") {
    throw InvalidArgument(fmt::format("backend \"{}\" is not known; native and torch are",
                                      printable(options.backend.name)));
  }
  return options;
}

}  // namespace

InstructionSet parse_instruction_set(std::string_view text) {
  for (const InstructionSet set :
       {InstructionSet::kBest, InstructionSet::kSse4, InstructionSet::kAvx2,
        InstructionSet::kAvx512, InstructionSet::kNeon}) {
    if (name(set) == text) {
      return set;
    }
  }
  throw InvalidArgument(
      fmt::format("instruction set \"{}\" is not known; sse4, avx2, avx512, neon and best are",
                  printable(text)));
}

void check_shards(const std::vector<Shard>& shards, std::string_view where) {
  if (shards.empty() || shards.size() > kMaxShards) {
    throw InvalidArgument(
        fmt::format("{}: {} shards; 1 to {} are possible", where, shards.size(), kMaxShards));
  }
  for (const Shard& shard : shards) {
    if (shard.uri.empty() || shard.uri.find('\0') != std::string::npos) {
      throw InvalidArgument(fmt::format("{}: a shard has no uri", where));
    }
    if (!shard.sha256.empty()) {
      require_sha256(shard.sha256, shard.uri);
    }
  }
  check_apart(shards, where);
}

std::string plan_to_json(const ShardPlan& plan) {
  json shards = json::object();
  add_column(shards, "uri", plan.shards, [](const Shard& shard) { return json(shard.uri); });
  add_column(shards, "bytes", plan.shards,
             [](const Shard& shard) { return number_or_null(shard.bytes); });
  add_column(shards, "rows", plan.shards,
             [](const Shard& shard) { return number_or_null(shard.rows); });
  add_column(shards, "sha256", plan.shards, [](const Shard& shard) {
    return shard.sha256.empty() ? json(nullptr) : json(shard.sha256);
  });
  json all = {{"kind", kPlanKind},
              {"format_version", kFormatVersion},
              {"version", plan.version},
              {"model_sha256", plan.model_sha256},
              {"detector_sha256", plan.detector_sha256},
              {"features", plan.options.features},
              {"backend", plan.options.backend.name},
              {"device", plan.options.backend.device},
              {"instruction_set", name(plan.options.instruction_set)},
              {"source", plan.options.source},
              {"hidden", plan.options.source_options.hidden},
              {"lost_after_ms", plan.options.lost_after.count()}};
  // Other plans are as they were before there was any of these.
  if (plan.options.project > 0) {
    all[kProject] = plan.options.project;
    all[kProjectSeed] = plan.options.project_seed;
  }
  if (plan.options.tiles) {
    const TileDraw& draw = *plan.options.tiles;
    all[kTiles] = {{"width", draw.tiling.width},
                   {"height", draw.tiling.height},
                   {"per_image", draw.per_image},
                   {"seed", draw.seed}};
  }
  if (plan.options.type != FeatureType::kFloat32) {
    all[kType] = name(plan.options.type);
  }
  if (plan.options.moments) {
    all[kMoments] = name(*plan.options.moments);
  }
  all["shards"] = std::move(shards);
  return sealed_json(std::move(all), 1);
}

ShardPlan parse_plan(std::string_view text, std::string_view name) {
  const json all = parse_sealed_json(text, name);
  const ObjectReader reader(all, name);
  if (reader.decoded_text("kind") != kPlanKind) {
    throw FormatError(fmt::format("{}: not the plan of a job", name));
  }
  reader.require_format_version(kFormatVersion);
  ShardPlan plan;
  plan.version = reader.decoded_text("version");
  plan.model_sha256 = reader.decoded_text("model_sha256");
  plan.detector_sha256 = reader.decoded_text("detector_sha256");
  plan.shards = parse_shards(reader.member("shards"), name);
  try {
    require_sha256(plan.model_sha256, "\"model_sha256\"");
    if (!plan.detector_sha256.empty()) {
      require_sha256(plan.detector_sha256, "\"detector_sha256\"");
    }
    plan.options = parse_plan_options(reader, name);
    check_shards(plan.shards, "\"shards\"");
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: {}", name, error.what()));
  }
  plan.digest = sha256_hex(bytes_of(text));
  return plan;
}

ShardPlan read_plan(const std::filesystem::path& job) {
  const std::filesystem::path path = JobFolder(job).plan();
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    throw IoError(
        fmt::format("{}: has no plan.json: not a job that gradspace plan has made", job.string()));
  }
  return parse_plan(read_text_file(path), path.string());
}

}  // namespace gradspace
