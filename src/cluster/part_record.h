// Finished parts: their record, part.json, and what is held against it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "gradspace/cluster.h"

namespace gradspace {

/// Sizes in bytes of a part's files.
struct PartBytes {
  std::uint64_t features = 0;
  std::uint64_t index = 0;
  std::uint64_t failures = 0;  ///< 0: there is no such file
  std::uint64_t moments = 0;   ///< of a part of moments, which has neither features nor index

  friend bool operator==(const PartBytes&, const PartBytes&) = default;
};

/// `part.json`.
struct PartRecord {
  std::string plan;  ///< its digest
  std::uint32_t shard = 0;
  std::string uri;
  std::uint64_t rows = 0;
  std::uint64_t failures = 0;
  PartBytes bytes;
  /// Of what has the checksums of the other files: `meta.json`, or the header of `moments.safetensors`.
  std::string meta_sha256;
  std::string worker;
  double seconds = 0;  ///< that its last worker took

  friend bool operator==(const PartRecord&, const PartRecord&) = default;
};

std::string part_record_to_json(const PartRecord& record);
/// Throws FormatError, also for a newer format version or when it is damaged; `name` stands in messages.
PartRecord parse_part_record(std::string_view text, std::string_view name);

/// What lies in a folder with a feature set, or with moments: sizes and the SHA-256. Throws FormatError where a file is
/// missing; IoError.
void measure_part(const std::filesystem::path& folder, bool of_moments, PartRecord& record);

/// Reads the record of a part and holds it against plan and files, by sizes and the digest of meta.json. Throws
/// FormatError where it is not as it should be; IoError where that can't be told.
PartRecord check_part(const std::filesystem::path& folder, const ShardPlan& plan,
                      std::uint32_t shard);

/// Reads all of a part, too, and holds it against its checksums. Throws FormatError, IoError.
void verify_part(const std::filesystem::path& folder);

/// Why a shard failed: JOB/failed/NNNNNN.json, in one line; what can be made out of the file.
std::string failure_note_to_json(std::string_view reason);
std::string read_failure_note(const std::filesystem::path& file);

}  // namespace gradspace
