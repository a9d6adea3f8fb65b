#include "cluster/part_record.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "cluster/claim.h"
#include "core/checksum.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kPartKind = "part";
constexpr std::string_view kFailureKind = "shard-failure";
constexpr std::uint64_t kMostNoteBytes = 1 << 20;

const json& record_member(const json& all, const char* key, std::string_view name) {
  if (!all.is_object() || !all.contains(key)) {
    throw FormatError(fmt::format("{}: \"{}\" is missing", name, key));
  }
  return all.at(key);
}

std::string record_text(const json& all, const char* key, std::string_view name) {
  const json& value = record_member(all, key, name);
  if (!value.is_string()) {
    throw FormatError(fmt::format("{}: \"{}\" is {}, not a text", name, key, brief(value)));
  }
  return from_utf8(value.get_ref<const std::string&>());
}

std::uint64_t record_count(const json& all, const char* key, std::string_view name) {
  return static_cast<std::uint64_t>(integer_within(record_member(all, key, name), 0,
                                                   std::numeric_limits<std::int64_t>::max(),
                                                   fmt::format("{}: \"{}\"", name, key)));
}

std::uint64_t bytes_of_file(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(file, error);
  if (error == std::errc::no_such_file_or_directory) {
    throw FormatError(fmt::format("{}: is missing", file.string()));
  }
  if (error) {
    throw IoError(fmt::format("{}: {}", file.string(), error.message()));
  }
  return bytes;
}

std::string text_of_file(const fs::path& file) {
  bytes_of_file(file);  // says it where the file is missing
  return read_text_file(file);
}

}  // namespace

std::string part_record_to_json(const PartRecord& record) {
  return sealed_json({{"kind", kPartKind},
                      {"format_version", kFormatVersion},
                      {"version", kVersion},
                      {"plan", record.plan},
                      {"shard", record.shard},
                      {"uri", record.uri},
                      {"rows", record.rows},
                      {"failures", record.failures},
                      {"bytes",
                       {{"features.npy", record.bytes.features},
                        {"index.csv", record.bytes.index},
                        {"failures.csv", record.bytes.failures}}},
                      {"meta_sha256", record.meta_sha256},
                      {"worker", record.worker},
                      {"seconds", record.seconds}},
                     2);
}

PartRecord parse_part_record(std::string_view text, std::string_view name) {
  const json all = parse_sealed_json(text, name);
  if (record_text(all, "kind", name) != kPartKind) {
    throw FormatError(fmt::format("{}: not the record of a part", name));
  }
  const std::uint64_t version = record_count(all, "format_version", name);
  if (version > kFormatVersion) {
    throw FormatError(fmt::format("{}: format version {} is newer than the {} known here", name,
                                  version, kFormatVersion));
  }
  PartRecord record;
  record.plan = record_text(all, "plan", name);
  record.shard = static_cast<std::uint32_t>(integer_within(
      record_member(all, "shard", name), 0, kMaxShards - 1, fmt::format("{}: \"shard\"", name)));
  record.uri = record_text(all, "uri", name);
  record.rows = record_count(all, "rows", name);
  record.failures = record_count(all, "failures", name);
  const json& bytes = record_member(all, "bytes", name);
  record.bytes = {record_count(bytes, "features.npy", name), record_count(bytes, "index.csv", name),
                  record_count(bytes, "failures.csv", name)};
  record.meta_sha256 = record_text(all, "meta_sha256", name);
  record.worker = record_text(all, "worker", name);
  const json& seconds = record_member(all, "seconds", name);
  if (!seconds.is_number()) {
    throw FormatError(fmt::format("{}: \"seconds\" is {}, not a number", name, brief(seconds)));
  }
  record.seconds = seconds.get<double>();
  return record;
}

void measure_part(const fs::path& folder, PartRecord& record) {
  record.bytes.features = bytes_of_file(folder / "features.npy");
  record.bytes.index = bytes_of_file(folder / "index.csv");
  std::error_code error;
  const bool has_failures = fs::exists(folder / "failures.csv", error);
  record.bytes.failures = has_failures ? bytes_of_file(folder / "failures.csv") : 0;
  record.meta_sha256 = sha256_hex(bytes_of(text_of_file(folder / "meta.json")));
}

PartRecord check_part(const fs::path& folder, const ShardPlan& plan, std::uint32_t shard) {
  const fs::path file = folder / "part.json";
  PartRecord record = parse_part_record(text_of_file(file), file.string());
  if (record.plan != plan.digest) {
    throw FormatError(fmt::format("{}: is of another plan ({:.12}..., wanted {:.12}...)",
                                  file.string(), printable(record.plan), plan.digest));
  }
  if (record.shard != shard || record.uri != plan.shards[shard].uri) {
    throw FormatError(
        fmt::format("{}: is of shard {}, {}", file.string(), record.shard, printable(record.uri)));
  }
  PartRecord found = record;
  measure_part(folder, found);
  if (found.bytes != record.bytes) {
    throw FormatError(fmt::format(
        "{}: its files have {}, {} and {} bytes, wanted {}, {} and {}: truncated or damaged",
        folder.string(), found.bytes.features, found.bytes.index, found.bytes.failures,
        record.bytes.features, record.bytes.index, record.bytes.failures));
  }
  if (found.meta_sha256 != record.meta_sha256) {
    throw FormatError(fmt::format("{}: is damaged: its SHA-256 is not that of its record",
                                  (folder / "meta.json").string()));
  }
  return record;
}

void verify_part(const fs::path& folder) {
  FeatureSet(folder).verify();
}

std::string failure_note_to_json(std::string_view reason) {
  return sealed_json({{"kind", kFailureKind},
                      {"format_version", kFormatVersion},
                      {"version", kVersion},
                      {"worker", worker_name()},
                      {"reason", std::string(reason)}},
                     2);
}

std::string read_failure_note(const fs::path& file) {
  try {
    const std::string name = file.string();
    const json note = parse_sealed_json(read_text_file(file, kMostNoteBytes), name);
    return readable_utf8(record_text(note, "reason", name));
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace gradspace
