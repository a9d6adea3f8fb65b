#include "core/checksum.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <functional>
#include <optional>
#include <utility>

// All of it in this object, so that nothing is to be linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/json.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

constexpr std::string_view kQuotedKey = "\"checksum\"";
constexpr std::string_view kSealPrefix = "\"xxh3-64:";
constexpr std::size_t kSealDigits = 16;
constexpr std::string_view kSealZeros = "0000000000000000";

std::optional<std::uint64_t> number_of(std::string_view digits) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::uint64_t value = 0;
  if (digits.size() != kSealDigits ||
      digits.find_first_not_of(kHexDigits) != std::string_view::npos) {
    return std::nullopt;
  }
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

/// Where the digits begin that belong to the key at `key`; nothing when it has another value.
std::optional<std::size_t> digits_after(std::string_view text, std::size_t key) {
  std::size_t at = key + kQuotedKey.size();
  for (const char expected : {':', ' '}) {
    at += at < text.size() && text[at] == expected ? 1 : 0;
  }
  if (text.substr(at, kSealPrefix.size()) != kSealPrefix) {
    return std::nullopt;
  }
  at += kSealPrefix.size();
  const bool whole =
      number_of(text.substr(at, kSealDigits)) && text.substr(at + kSealDigits, 1) == "\"";
  return whole ? std::optional(at) : std::nullopt;
}

/// Where the digits of a file's checksum begin. A quote within a text is escaped, so that no text can pass for
/// the key.
std::optional<std::size_t> find_digits(std::string_view text) {
  for (std::size_t key = text.find(kQuotedKey); key != std::string_view::npos;
       key = text.find(kQuotedKey, key + 1)) {
    if (const std::optional<std::size_t> digits = digits_after(text, key)) {
      return digits;
    }
  }
  return std::nullopt;
}

/// The checksum of a file with zeros for the digits at `digits`.
std::uint64_t sealed_checksum(std::span<const std::uint8_t> file, std::size_t digits) {
  Checksum sum;
  sum.update(file.first(digits));
  sum.update(bytes_of(kSealZeros));
  sum.update(file.subspan(digits + kSealDigits));
  return sum.value();
}

std::size_t offset_in(std::span<const std::uint8_t> file, std::string_view text) {
  return static_cast<std::size_t>(reinterpret_cast<const std::uint8_t*>(text.data()) - file.data());
}

}  // namespace

struct Checksum::State {
  XXH3_state_t xxh3;
};

Checksum::Checksum() : state_(std::make_unique<State>()) {
  XXH3_64bits_reset(&state_->xxh3);
}

Checksum::~Checksum() = default;
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;

void Checksum::update(std::span<const std::uint8_t> bytes) {
  XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

std::uint64_t Checksum::value() const {
  return XXH3_64bits_digest(&state_->xxh3);
}

std::uint64_t checksum_of(std::span<const std::uint8_t> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string checksum_text(std::uint64_t checksum) {
  return fmt::format("{:016x}", checksum);
}

std::uint64_t parse_checksum(const nlohmann::json& digits, std::string_view what) {
  const std::optional<std::uint64_t> value =
      digits.is_string() ? number_of(digits.get_ref<const std::string&>()) : std::nullopt;
  if (!value) {
    throw FormatError(fmt::format("{} is {}, not a checksum", what, brief(digits)));
  }
  return *value;
}

void throw_damaged(std::string_view name, std::uint64_t noted, std::uint64_t found) {
  throw FormatError(fmt::format(
      "{}: is damaged: its checksum is {:016x}, that of its content {:016x}", name, noted, found));
}

void seal(std::span<std::uint8_t> file, std::string_view text) {
  const std::optional<std::size_t> digits = find_digits(text);
  assert(digits && text.substr(*digits, kSealDigits) == kSealZeros);
  const std::size_t at = offset_in(file, text) + *digits;
  const std::string sum = checksum_text(sealed_checksum(file, at));
  std::ranges::copy(sum, file.begin() + static_cast<std::ptrdiff_t>(at));
}

bool check_seal(std::span<const std::uint8_t> file, std::string_view text, bool ours,
                std::string_view name) {
  const std::optional<std::size_t> digits = find_digits(text);
  if (!digits) {
    // Half of what bears a checksum: the other half is damaged.
    const bool half = text.find(kSealPrefix) != std::string_view::npos ||
                      text.find(kQuotedKey) != std::string_view::npos;
    if (ours && half) {
      throw FormatError(fmt::format("{}: is damaged: its checksum can't be read", name));
    }
    return false;
  }
  const std::uint64_t noted = *number_of(text.substr(*digits, kSealDigits));
  const std::uint64_t found = sealed_checksum(file, offset_in(file, text) + *digits);
  if (noted != found) {
    throw_damaged(name, noted, found);
  }
  return true;
}

nlohmann::json parse_json_or(std::string_view text, std::string_view name,
                             const std::function<void()>& explain) {
  try {
    return parse_json(text, name);
  } catch (const FormatError&) {
    explain();
    throw;
  }
}

bool is_of_newer_format(const nlohmann::json& object) {
  const auto version = object.is_object() ? object.find("format_version") : object.end();
  return object.is_object() && version != object.end() && version->is_number_integer() &&
         version->get<std::int64_t>() > kFormatVersion;
}

std::string sealed_json(nlohmann::json object, int indent) {
  object[kChecksumKey] = kUnsealed;
  std::string text = dump_json(object, indent) + "\n";
  seal({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}, text);
  return text;
}

nlohmann::json parse_sealed_json(std::string_view text, std::string_view name) {
  const auto is_sealed = [&] { return check_seal(bytes_of(text), text, /*ours=*/true, name); };
  nlohmann::json object = parse_json_or(text, name, is_sealed);
  if (!is_of_newer_format(object) && is_sealed() && object.is_object()) {
    object.erase(kChecksumKey);
  }
  return object;
}

}  // namespace gradspace
