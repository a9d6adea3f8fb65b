// Checksums that our files bear of their own content, so that a byte that a disk or a network has turned over is
// noticed. Against accidents, not against people: XXH3 of 64 bits, which costs a hundredth of a second for 100 MB.
//
// A file bears its checksum in its JSON (of a safetensors file, the header's metadata), as
// "checksum": "xxh3-64:0123456789abcdef". It is of the whole file as it stands, with zeros for these digits. Files
// of version 0.1.0 have none, and are read all the same.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

namespace gradspace {

/// The checksum of bytes that come one after another.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(Checksum&&) noexcept;
  Checksum& operator=(Checksum&&) noexcept;

  void update(std::span<const std::uint8_t> bytes);
  /// Of all bytes so far; more may follow.
  std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::uint64_t checksum_of(std::span<const std::uint8_t> bytes);

/// Sixteen hexadecimal digits, and back: `parse_checksum` throws FormatError that starts with `what`.
std::string checksum_text(std::uint64_t checksum);
std::uint64_t parse_checksum(const nlohmann::json& digits, std::string_view what);

inline constexpr const char* kChecksumKey = "checksum";
/// What stands for a file's checksum until `seal`.
inline constexpr const char* kUnsealed = "xxh3-64:0000000000000000";

/// Puts a file's checksum where `kUnsealed` stands under kChecksumKey in `text`, which is a part of `file`.
void seal(std::span<std::uint8_t> file, std::string_view text);

/// Verifies a file's checksum, which stands in `text`, a part of `file`. False when there is none: an older file,
/// or unless it is known to be `ours`, somebody else's. Throws FormatError when it does not fit.
bool check_seal(std::span<const std::uint8_t> file, std::string_view text, bool ours,
                std::string_view name);

/// As `parse_json`; what is no JSON may be damaged: then `explain` is called, which may throw in its place.
nlohmann::json parse_json_or(std::string_view text, std::string_view name,
                             const std::function<void()>& explain);

/// Whether an object's "format_version" is newer than those known here. Such files may have other checksums, and
/// are refused for their version.
bool is_of_newer_format(const nlohmann::json& object);

/// A JSON object as text, with its checksum; see `dump_json`.
std::string sealed_json(nlohmann::json object, int indent = -1);

/// Parses JSON of ours and takes the checksum out. Throws FormatError, also when the checksum does not fit.
nlohmann::json parse_sealed_json(std::string_view text, std::string_view name);

/// Throws FormatError: "NAME: is damaged: its checksum is ..., that of its content ...".
[[noreturn]] void throw_damaged(std::string_view name, std::uint64_t noted, std::uint64_t found);

}  // namespace gradspace
