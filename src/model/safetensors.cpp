#include "gradspace/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/checksum.h"
#include "core/file.h"
#include "core/file_kind.h"
#include "core/json.h"
#include "core/round_up.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

static_assert(std::endian::native == std::endian::little, "values are copied as they lie in files");

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeaderBytes = 16 << 20;  // a hundred thousand tensors
constexpr std::size_t kMaxRank = 32;
constexpr std::size_t kAlignment = 8;
constexpr const char* kMetadataKey = "__metadata__";
constexpr const char* kVersionKey = "gradspace_version";
/// The kinds of files whose tensors may be of float64.
constexpr std::string_view kDoubleKinds[] = {"moments", "unfinished moments"};

/// Where a tensor's values lie, counted from the end of the header.
struct Range {
  std::string tensor;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// The header's JSON, without the length before it.
std::string_view header_text(std::span<const std::uint8_t> bytes, std::string_view name) {
  if (bytes.size() < kLengthBytes) {
    throw FormatError(
        fmt::format("{}: {} bytes; too short for a safetensors file", name, bytes.size()));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  const std::uint64_t left = bytes.size() - kLengthBytes;
  if (length > kMaxHeaderBytes && (left < length || bytes[kLengthBytes] != '{')) {
    throw_unknown_kind(name, bytes, "not a safetensors file");
  }
  if (length > kMaxHeaderBytes) {
    throw FormatError(fmt::format("{}: a header of {} bytes, more than the {} allowed", name,
                                  length, kMaxHeaderBytes));
  }
  if (length > left) {
    throw FormatError(
        fmt::format("{}: truncated: the header takes {} bytes, {} are there", name, length, left));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  if (!text.starts_with('{')) {
    throw_unknown_kind(name, bytes, "not a safetensors file");
  }
  return text;
}

std::map<std::string, std::string> parse_metadata(const nlohmann::json& json,
                                                  std::string_view name) {
  if (!json.is_object()) {
    throw FormatError(fmt::format("{}: __metadata__ is not an object", name));
  }
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) {
      throw FormatError(
          fmt::format("{}: metadata '{}' is {}, not a text", name, printable(key), brief(value)));
    }
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

const nlohmann::json& member(const nlohmann::json& entry, const char* key,
                             const std::string& where) {
  if (!entry.is_object() || !entry.contains(key)) {
    throw FormatError(fmt::format("{}: no '{}'", where, key));
  }
  return entry.at(key);
}

std::vector<std::int64_t> parse_shape(const nlohmann::json& json, const std::string& where) {
  if (!json.is_array() || json.size() > kMaxRank) {
    throw FormatError(fmt::format("{}: shape {} is not a list of at most {} extents", where,
                                  brief(json), kMaxRank));
  }
  std::vector<std::int64_t> shape;
  for (const nlohmann::json& extent : json) {
    shape.push_back(integer_within(extent, 0, INT64_MAX, where + ": an extent"));
  }
  return shape;
}

/// What the header says of one tensor.
struct TensorEntry {
  std::vector<std::int64_t> shape;
  std::size_t count = 0;  ///< of its values
  bool is_double = false;
  Range range;
};

TensorEntry parse_entry(const std::string& tensor, const nlohmann::json& entry,
                        std::size_t data_bytes, bool may_be_double, std::string_view name) {
  const std::string where = fmt::format("{}: tensor '{}'", name, printable(tensor));
  const nlohmann::json& type = member(entry, "dtype", where);
  TensorEntry result;
  result.is_double = may_be_double && type == "F64";
  if (type != "F32" && !result.is_double) {
    throw FormatError(fmt::format("{}: is of type {}; only \"F32\" is read", where, brief(type)));
  }
  result.shape = parse_shape(member(entry, "shape", where), where);
  const nlohmann::json& offsets = member(entry, "data_offsets", where);
  if (!offsets.is_array() || offsets.size() != 2 || entry.size() != 3) {
    throw FormatError(fmt::format("{}: must have dtype, shape and two data_offsets", where));
  }
  const std::int64_t begin = integer_within(offsets[0], 0, INT64_MAX, where + ": its begin");
  const std::int64_t end = integer_within(offsets[1], begin, INT64_MAX, where + ": its end");
  if (std::cmp_greater(end, data_bytes)) {
    throw FormatError(fmt::format("{}: truncated: ends at byte {} of the data, {} are there", where,
                                  end, data_bytes));
  }
  try {
    result.count = element_count(result.shape);
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: {}", where, error.what()));
  }
  const std::size_t value_bytes = result.is_double ? sizeof(double) : sizeof(float);
  const auto bytes = static_cast<std::uint64_t>(end - begin);
  if (bytes % value_bytes != 0 || bytes / value_bytes != result.count) {
    throw FormatError(fmt::format("{}: shape {} takes {} bytes, not {}", where,
                                  shape_text(result.shape), result.count * value_bytes, bytes));
  }
  result.range = {tensor, static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end)};
  return result;
}

template <typename T>
std::vector<T> values_of(const TensorEntry& entry, std::span<const std::uint8_t> data) {
  std::vector<T> values(entry.count);
  if (entry.count > 0) {
    std::memcpy(values.data(), data.data() + entry.range.begin, entry.count * sizeof(T));
  }
  return values;
}

/// Whether the metadata say that the file is of the kind whose tensors may be of float64.
bool is_of_double_kind(const nlohmann::json& header) {
  const nlohmann::json metadata =
      header.is_object() ? header.value(kMetadataKey, nlohmann::json()) : nlohmann::json();
  const nlohmann::json kind =
      metadata.is_object() ? metadata.value("kind", nlohmann::json()) : nlohmann::json();
  return kind.is_string() &&
         std::ranges::count(kDoubleKinds, kind.get_ref<const std::string&>()) > 0;
}

/// Whether the metadata's version is newer than those known here.
bool has_newer_version(const nlohmann::json& header) {
  const nlohmann::json metadata =
      header.is_object() ? header.value(kMetadataKey, nlohmann::json()) : nlohmann::json();
  const nlohmann::json version =
      metadata.is_object() ? metadata.value("format_version", nlohmann::json()) : nlohmann::json();
  return version.is_string() &&
         is_of_newer_format({{"format_version",
                              nlohmann::json::parse(version.get_ref<const std::string&>(), nullptr,
                                                    /*allow_exceptions=*/false)}});
}

/// Whether a tensor's values end beyond the data.
bool is_cut_short(const nlohmann::json& header, std::size_t data_bytes) {
  for (const auto& [key, entry] : header.items()) {
    const nlohmann::json offsets =
        entry.is_object() ? entry.value("data_offsets", nlohmann::json()) : nlohmann::json();
    if (offsets.is_array() && offsets.size() == 2 && offsets[1].is_number_unsigned() &&
        offsets[1].get<std::uint64_t>() > data_bytes) {
      return true;
    }
  }
  return false;
}

/// The tensors must fill the data, one after another.
void check_ranges(std::vector<Range> ranges, std::uint64_t data_bytes, std::string_view name) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (const Range& range : ranges) {
    if (range.begin != covered) {
      throw FormatError(fmt::format("{}: tensor '{}' {}: begins at byte {} of the data, not {}",
                                    name, printable(range.tensor),
                                    range.begin < covered ? "overlaps another" : "leaves a hole",
                                    range.begin, covered));
    }
    covered = range.end;
  }
  if (covered != data_bytes) {
    throw FormatError(
        fmt::format("{}: {} bytes after the last tensor", name, data_bytes - covered));
  }
}

bool is_ours(const SafeTensors& file) {
  return file.metadata.contains("kind") && file.metadata.contains(kVersionKey);
}

std::string header_json(const SafeTensors& file) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!file.metadata.empty()) {
    header[kMetadataKey] = file.metadata;
    if (is_ours(file)) {
      header[kMetadataKey][kChecksumKey] = kUnsealed;
    }
  }
  std::size_t offset = 0;
  const auto add = [&](const std::string& tensor, const auto& content, const char* type,
                       std::size_t value_bytes) {
    const std::size_t count = element_count(content.shape);
    if (tensor == kMetadataKey || content.values.size() != count) {
      throw InvalidArgument(fmt::format("tensor '{}' of shape {} with {} values can't be written",
                                        printable(tensor), shape_text(content.shape),
                                        content.values.size()));
    }
    const std::size_t end = offset + count * value_bytes;
    header[tensor] = {{"dtype", type}, {"shape", content.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  };
  const auto kind = file.metadata.find("kind");
  if (!file.doubles.empty() &&
      (kind == file.metadata.end() || std::ranges::count(kDoubleKinds, kind->second) == 0)) {
    throw InvalidArgument("only moments have tensors of float64");
  }
  // The wider ones first, so that all lie aligned.
  for (const auto& [tensor, content] : file.doubles) {
    add(tensor, content, "F64", sizeof(double));
  }
  for (const auto& [tensor, content] : file.tensors) {
    add(tensor, content, "F32", sizeof(float));
  }
  try {
    return header.dump();
  } catch (const nlohmann::json::exception&) {
    throw InvalidArgument("a tensor's name or the metadata of a safetensors file is not UTF-8");
  }
}

void check_kind_and_version(const SafeTensors& file, std::string_view kind,
                            std::string_view other_kind, std::string_view name) {
  const auto text = [&file](const char* key) {
    const auto entry = file.metadata.find(key);
    return entry == file.metadata.end() ? std::string() : entry->second;
  };
  const bool is_other = !other_kind.empty() && text("kind") == other_kind;
  if (!kind.empty() && text("kind") != kind && !is_other) {
    throw FormatError(
        text("kind").empty()
            ? fmt::format("{}: not a gradspace file (its metadata names no kind)", name)
            : fmt::format("{}: is of kind '{}'; a file of kind '{}' is wanted", name,
                          printable(text("kind")), kind));
  }
  const std::string version_text = text("format_version");
  if (version_text.empty() && text("kind").empty()) {
    return;  // somebody else's file
  }
  int version = 0;
  const char* const end = version_text.data() + version_text.size();
  const auto parsed = std::from_chars(version_text.data(), end, version);
  if (parsed.ec != std::errc() || parsed.ptr != end || version < 1) {
    throw FormatError(fmt::format("{}: its format_version '{}' is not a number from 1", name,
                                  printable(version_text)));
  }
  if (version > kFormatVersion) {
    throw FormatError(
        fmt::format("{}: format version {} (written by gradspace {}) is newer than {}, the newest "
                    "that this gradspace {} reads",
                    name, version, printable(text(kVersionKey)), kFormatVersion, kVersion));
  }
}

}  // namespace

SafeTensors parse_safetensors(std::span<const std::uint8_t> bytes, std::string_view name) {
  const std::string_view text = header_text(bytes, name);
  const std::span<const std::uint8_t> data = bytes.subspan(kLengthBytes + text.size());
  const bool ours = text.find(fmt::format("\"{}\"", kVersionKey)) != std::string_view::npos;
  const auto is_sealed = [&] { return check_seal(bytes, text, ours, name); };
  const nlohmann::json header = parse_json_or(text, fmt::format("{}: header", name), is_sealed);
  // What is cut short, or of a newer version, is refused in words that say so.
  const bool sealed =
      !is_cut_short(header, data.size()) && !has_newer_version(header) && is_sealed();

  const bool may_be_double = is_of_double_kind(header);
  SafeTensors file;
  std::vector<Range> ranges;
  std::uint64_t bytes_named = 0;
  for (const auto& [key, entry] : header.items()) {
    if (key == kMetadataKey) {
      file.metadata = parse_metadata(entry, name);
      continue;
    }
    TensorEntry tensor = parse_entry(key, entry, data.size(), may_be_double, name);
    // Many tensors over the same bytes would take far more memory than the file is long.
    bytes_named += tensor.range.end - tensor.range.begin;
    if (bytes_named > data.size()) {
      throw FormatError(fmt::format("{}: tensor '{}' overlaps another", name, printable(key)));
    }
    if (tensor.is_double) {
      file.doubles[key] = {tensor.shape, values_of<double>(tensor, data)};
    } else {
      file.tensors[key] = {tensor.shape, values_of<float>(tensor, data)};
    }
    ranges.push_back(std::move(tensor.range));
  }
  check_ranges(std::move(ranges), data.size(), name);
  if (sealed) {
    file.metadata.erase(kChecksumKey);
  }
  return file;
}

std::vector<std::uint8_t> serialise_safetensors(const SafeTensors& file) {
  std::string header = header_json(file);
  // Spaces at its end, so that the values lie aligned.
  header.resize(round_up_to(kAlignment, header.size()), ' ');
  if (header.size() > kMaxHeaderBytes) {
    throw InvalidArgument(fmt::format("a safetensors header of {} bytes, more than the {} allowed",
                                      header.size(), kMaxHeaderBytes));
  }
  std::size_t total = kLengthBytes + header.size();
  for (const auto& [tensor, content] : file.doubles) {
    total += content.values.size() * sizeof(double);
  }
  for (const auto& [tensor, content] : file.tensors) {
    total += content.values.size() * sizeof(float);
  }
  std::vector<std::uint8_t> bytes(total);
  std::uint8_t* position = bytes.data();
  const auto put = [&position](const void* source, std::size_t size) {
    if (size > 0) {
      std::memcpy(position, source, size);
      position += size;
    }
  };
  const std::uint64_t length = header.size();
  put(&length, kLengthBytes);
  put(header.data(), header.size());
  for (const auto& [tensor, content] : file.doubles) {
    put(content.values.data(), content.values.size() * sizeof(double));
  }
  for (const auto& [tensor, content] : file.tensors) {
    put(content.values.data(), content.values.size() * sizeof(float));
  }
  if (is_ours(file)) {
    seal(bytes, {reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, header.size()});
  }
  return bytes;
}

SafeTensors parse_safetensors(std::span<const std::uint8_t> bytes, std::string_view name,
                              std::string_view kind, std::string_view other_kind) {
  SafeTensors file = parse_safetensors(bytes, name);
  check_kind_and_version(file, kind, other_kind, name);
  return file;
}

std::vector<std::uint8_t> serialise_safetensors(std::string_view kind, SafeTensors file) {
  file.metadata["kind"] = kind;
  file.metadata["format_version"] = std::to_string(kFormatVersion);
  file.metadata[kVersionKey] = kVersion;
  return serialise_safetensors(file);
}

SafeTensors read_safetensors(const std::filesystem::path& path, std::string_view kind,
                             std::string_view other_kind) {
  return parse_safetensors(read_file(path), path.string(), kind, other_kind);
}

void write_safetensors(const std::filesystem::path& path, std::string_view kind, SafeTensors file) {
  write_file(path, serialise_safetensors(kind, std::move(file)));
}

}  // namespace gradspace
