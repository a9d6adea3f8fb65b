#include "cluster/part_record.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "cluster/claim.h"
#include "cluster/moments_part.h"
#include "core/checksum.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/object_reader.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/moments.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kPartKind = "part";
constexpr std::string_view kFailureKind = "shard-failure";
constexpr std::uint64_t kMostNoteBytes = 1 << 20;
// Of safetensors.
constexpr std::size_t kHeaderLengthBytes = 8;
constexpr std::uint64_t kMostHeaderBytes = 16 << 20;

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

/// SHA-256 of the header of a file of moments, which has the checksum of the whole file.
std::string moments_header_sha256(const fs::path& file) {
  const std::vector<std::uint8_t> length_bytes = read_file_start(file, kHeaderLengthBytes);
  std::uint64_t length = kMostHeaderBytes + 1;
  if (length_bytes.size() == kHeaderLengthBytes) {
    std::memcpy(&length, length_bytes.data(), kHeaderLengthBytes);
  }
  const std::vector<std::uint8_t> header = length > kMostHeaderBytes
                                               ? std::vector<std::uint8_t>()
                                               : read_file_start(file, kHeaderLengthBytes + length);
  if (header.size() != kHeaderLengthBytes + length) {
    throw FormatError(
        fmt::format("{}: is truncated or damaged: it has no whole header", file.string()));
  }
  return sha256_hex(header);
}

}  // namespace

std::string part_record_to_json(const PartRecord& record) {
  json bytes = {{"features.npy", record.bytes.features},
                {"index.csv", record.bytes.index},
                {"failures.csv", record.bytes.failures}};
  if (record.bytes.moments > 0) {
    bytes[kMomentsFile] = record.bytes.moments;
  }
  return sealed_json({{"kind", kPartKind},
                      {"format_version", kFormatVersion},
                      {"version", kVersion},
                      {"plan", record.plan},
                      {"shard", record.shard},
                      {"uri", record.uri},
                      {"rows", record.rows},
                      {"failures", record.failures},
                      {"bytes", std::move(bytes)},
                      {"meta_sha256", record.meta_sha256},
                      {"worker", record.worker},
                      {"seconds", record.seconds}},
                     2);
}

PartRecord parse_part_record(std::string_view text, std::string_view name) {
  const json all = parse_sealed_json(text, name);
  const ObjectReader reader(all, name);
  if (reader.decoded_text("kind") != kPartKind) {
    throw FormatError(fmt::format("{}: not the record of a part", name));
  }
  reader.require_format_version(kFormatVersion);
  PartRecord record;
  record.plan = reader.decoded_text("plan");
  record.shard = static_cast<std::uint32_t>(reader.integer("shard", 0, kMaxShards - 1));
  record.uri = reader.decoded_text("uri");
  record.rows = reader.count("rows");
  record.failures = reader.count("failures");
  const ObjectReader bytes(reader.member("bytes"), name);
  record.bytes = {bytes.count("features.npy"), bytes.count("index.csv"),
                  bytes.count("failures.csv")};
  if (all.at("bytes").contains(kMomentsFile)) {
    record.bytes.moments = bytes.count(kMomentsFile);
  }
  record.meta_sha256 = reader.decoded_text("meta_sha256");
  record.worker = reader.decoded_text("worker");
  const json& seconds = reader.member("seconds");
  if (!seconds.is_number()) {
    throw FormatError(fmt::format("{}: \"seconds\" is {}, not a number", name, brief(seconds)));
  }
  record.seconds = seconds.get<double>();
  return record;
}

void measure_part(const fs::path& folder, bool of_moments, PartRecord& record) {
  std::error_code error;
  const bool has_failures = fs::exists(folder / "failures.csv", error);
  record.bytes.failures = has_failures ? bytes_of_file(folder / "failures.csv") : 0;
  if (of_moments) {
    record.bytes.moments = bytes_of_file(folder / kMomentsFile);
    record.meta_sha256 = moments_header_sha256(folder / kMomentsFile);
    return;
  }
  record.bytes.features = bytes_of_file(folder / "features.npy");
  record.bytes.index = bytes_of_file(folder / "index.csv");
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
  found.bytes = {};
  const bool of_moments = plan.options.moments.has_value();
  measure_part(folder, of_moments, found);
  if (of_moments && found.bytes != record.bytes) {
    throw FormatError(
        fmt::format("{}: its files have {} and {} bytes, wanted {} and {}: truncated or damaged",
                    folder.string(), found.bytes.moments, found.bytes.failures,
                    record.bytes.moments, record.bytes.failures));
  }
  if (found.bytes != record.bytes) {
    throw FormatError(fmt::format(
        "{}: its files have {}, {} and {} bytes, wanted {}, {} and {}: truncated or damaged",
        folder.string(), found.bytes.features, found.bytes.index, found.bytes.failures,
        record.bytes.features, record.bytes.index, record.bytes.failures));
  }
  if (found.meta_sha256 != record.meta_sha256) {
    throw FormatError(fmt::format("{}: is damaged: its SHA-256 is not that of its record",
                                  (folder / (of_moments ? kMomentsFile : "meta.json")).string()));
  }
  return record;
}

void verify_part(const fs::path& folder) {
  if (holds_moments(folder)) {
    read_moments(folder);
  } else {
    FeatureSet(folder).verify();
  }
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
    return readable_utf8(ObjectReader(note, name).decoded_text("reason"));
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace gradspace
