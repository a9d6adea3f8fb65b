#include "data/set_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/made_once.h"
#include "core/text.h"
#include "data/feature_meta.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

using nlohmann::json;

constexpr std::int64_t kMostRows = std::int64_t{1} << 48;

const json& list_of(const json& object, const char* key, std::size_t wanted,
                    std::string_view where) {
  if (!object.is_object() || !object.contains(key) || !object.at(key).is_array()) {
    throw FormatError(fmt::format("{}: \"parts\": the list \"{}\" is missing", where, key));
  }
  const json& list = object.at(key);
  if (list.size() != wanted) {
    throw FormatError(fmt::format("{}: \"parts\": \"{}\" has {} entries, wanted {}", where, key,
                                  list.size(), wanted));
  }
  return list;
}

/// A manifest names folders below its own and no others.
std::string part_folder(const json& value, std::string_view where) {
  std::string folder =
      value.is_string() ? from_utf8(value.get_ref<const std::string&>()) : std::string();
  const std::filesystem::path path = folder;
  if (folder.empty() || path.is_absolute() || folder.find('\0') != std::string::npos ||
      std::ranges::find(path, "..") != path.end()) {
    throw FormatError(fmt::format("{}: \"parts\": {} is no folder of a part", where, brief(value)));
  }
  return folder;
}

std::string digest_of(const json& value, std::string_view where) {
  constexpr std::size_t kDigits = 64;
  std::string digest = value.is_string() ? value.get<std::string>() : std::string();
  if (digest.size() != kDigits ||
      digest.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw FormatError(fmt::format("{}: \"parts\": {} is no SHA-256", where, brief(value)));
  }
  return digest;
}

FeatureMetaFile read_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kSetManifest;
  FeatureMetaFile file = parse_feature_meta(read_text_file(path), path.string());
  if (file.parts.empty()) {
    throw FormatError(fmt::format("{}: names no part", path.string()));
  }
  return file;
}

class SetOfParts final : public StoredRows {
 public:
  explicit SetOfParts(const std::filesystem::path& folder)
      : folder_(folder), file_(read_manifest(folder)), sets_(file_.parts.size()) {
    begins_.reserve(file_.parts.size());
    for (const SetPart& part : file_.parts) {
      begins_.push_back(rows_);
      rows_ += part.rows;
    }
  }

  std::size_t size() const override { return rows_; }
  const FeatureSetMeta& meta() const override { return file_.meta; }

  std::span<const float> row(std::size_t i) const override {
    const std::size_t part = part_of(i);
    return set(part).row(i - begins_[part]);
  }

  std::size_t rows_together(std::size_t i) const override {
    const std::size_t part = part_of(i);
    return set(part).rows_together(i - begins_[part]);
  }

  FeatureRow index_row(std::size_t i) const override {
    const std::size_t part = part_of(i);
    return set(part).index_row(i - begins_[part]);
  }

  const std::vector<FailedImage>& failures() const override {
    return failures_.get([this] {
      std::vector<FailedImage> all;
      for (std::size_t part = 0; part < file_.parts.size(); ++part) {
        if (file_.parts[part].failures > 0) {
          std::ranges::copy(set(part).failures(), std::back_inserter(all));
        }
      }
      return all;
    });
  }

  void verify() const override {
    for (std::size_t part = 0; part < file_.parts.size(); ++part) {
      set(part).verify();
    }
  }

 private:
  /// Every part has rows, so that no two begin at one row.
  std::size_t part_of(std::size_t i) const {
    return static_cast<std::size_t>(std::ranges::upper_bound(begins_, i) - begins_.begin()) - 1;
  }

  const FeatureSet& set(std::size_t part) const {
    return sets_[part].get([&] { return open(file_.parts[part]); });
  }

  FeatureSet open(const SetPart& part) const {
    const std::filesystem::path path = folder_ / part.folder;
    std::error_code unknown;
    if (std::filesystem::exists(path / kSetManifest, unknown)) {
      throw FormatError(fmt::format("{}: is a set of parts itself, not a part", path.string()));
    }
    if (sha256_hex(bytes_of(read_text_file(path / "meta.json"))) != part.meta_sha256) {
      throw FormatError(fmt::format("{}: is not of the part that {} names: its SHA-256 is another",
                                    (path / "meta.json").string(), kSetManifest));
    }
    FeatureSet set(path);
    const FeatureSetMeta& meta = set.meta();
    if (set.size() != part.rows || set.failures().size() != part.failures ||
        meta.columns != file_.meta.columns || meta.type != file_.meta.type ||
        meta.model_sha256 != file_.meta.model_sha256) {
      throw FormatError(fmt::format(
          "{}: has {} rows and {} failures, {} has {} and {}, or it has other columns or types",
          path.string(), set.size(), set.failures().size(), kSetManifest, part.rows,
          part.failures));
    }
    return set;
  }

  std::filesystem::path folder_;
  FeatureMetaFile file_;
  std::vector<std::size_t> begins_;
  std::size_t rows_ = 0;
  mutable std::vector<MadeOnce<FeatureSet>> sets_;
  mutable MadeOnce<std::vector<FailedImage>> failures_;
};

}  // namespace

json set_parts_to_json(const std::vector<SetPart>& parts) {
  json folders = json::array();
  json rows = json::array();
  json failures = json::array();
  json metas = json::array();
  for (const SetPart& part : parts) {
    folders.push_back(part.folder);
    rows.push_back(part.rows);
    failures.push_back(part.failures);
    metas.push_back(part.meta_sha256);
  }
  return {{"folder", std::move(folders)},
          {"rows", std::move(rows)},
          {"failures", std::move(failures)},
          {"meta_sha256", std::move(metas)}};
}

std::vector<SetPart> parse_set_parts(const json& object, std::string_view where) {
  const bool has_folders = object.is_object() && object.contains("folder");
  const std::size_t count = has_folders ? object.at("folder").size() : 0;
  if (count > kMaxSetParts) {
    throw FormatError(fmt::format("{}: {} parts; {} are possible", where, count, kMaxSetParts));
  }
  const json& folders = list_of(object, "folder", count, where);
  const json& rows = list_of(object, "rows", count, where);
  const json& failures = list_of(object, "failures", count, where);
  const json& metas = list_of(object, "meta_sha256", count, where);
  const std::string what = fmt::format("{}: \"parts\": a part's number of rows", where);
  std::vector<SetPart> parts(count);
  std::int64_t all_rows = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t of_part = integer_within(rows[i], 1, kMostRows, what);
    all_rows += of_part;
    if (all_rows > kMostRows) {
      throw FormatError(fmt::format("{}: \"parts\": more than {} rows", where, kMostRows));
    }
    parts[i] = {part_folder(folders[i], where), static_cast<std::uint64_t>(of_part),
                static_cast<std::uint64_t>(integer_within(failures[i], 0, kMostRows, what)),
                digest_of(metas[i], where)};
  }
  return parts;
}

std::unique_ptr<StoredRows> open_set_parts(const std::filesystem::path& folder) {
  return std::make_unique<SetOfParts>(folder);
}

}  // namespace gradspace
