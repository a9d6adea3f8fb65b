#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "gradspace/source.h"

namespace gradspace {
namespace {

/// Challenge and level stand in the same fields of both.
constexpr std::size_t kFieldsOfTree = 7;
constexpr std::size_t kFieldsAsDistributed = 5;
constexpr std::size_t kFieldsBeforeIndex = 4;
/// Of the index of a name with five fields. The data set's have four digits; two would be the seconds of a time.
constexpr std::size_t kLeastIndexDigits = 3;
constexpr std::size_t kMaxIndexDigits = 9;

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

bool is_number(std::string_view field) {
  return !field.empty() && std::all_of(field.begin(), field.end(), is_digit);
}

/// A field of exactly two digits within low .. high.
std::optional<int> two_digits(std::string_view field, int low, int high) {
  if (field.size() != 2 || !is_number(field)) {
    return std::nullopt;
  }
  const int value = 10 * (field[0] - '0') + (field[1] - '0');
  return value >= low && value <= high ? std::optional(value) : std::nullopt;
}

std::string_view without_folders_and_extension(std::string_view name) {
  if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  return name.substr(0, name.rfind('.'));
}

/// What stands between the underscores; nothing where that is more than `room` holds.
std::span<const std::string_view> split_into(std::span<std::string_view> room,
                                             std::string_view text) {
  for (std::size_t count = 0; count < room.size(); ++count) {
    const std::size_t end = text.find('_');
    room[count] = text.substr(0, end);
    if (end == std::string_view::npos) {
      return room.first(count + 1);
    }
    text.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace

std::optional<CureTsrName> CureTsrName::parse(std::string_view file_name) {
  const std::string_view stem = without_folders_and_extension(file_name);
  std::array<std::string_view, kFieldsOfTree> room;
  const std::span<const std::string_view> fields = split_into(room, stem);
  if (fields.size() != kFieldsOfTree && fields.size() != kFieldsAsDistributed) {
    return std::nullopt;
  }
  const auto sequence = two_digits(fields[0], 1, 2);
  const auto sign = two_digits(fields[1], 1, 14);
  const auto challenge = two_digits(fields[2], 0, 12);
  const auto level = two_digits(fields[3], 0, 5);
  const bool index_is_right =
      std::ranges::all_of(fields.subspan(kFieldsBeforeIndex),
                          [](std::string_view field) {
                            return is_number(field) && field.size() <= kMaxIndexDigits;
                          }) &&
      (fields.size() == kFieldsOfTree || fields.back().size() >= kLeastIndexDigits);
  if (!sequence || !sign || !challenge || !level || !index_is_right) {
    return std::nullopt;
  }
  const auto index_begin =
      static_cast<std::size_t>(fields[kFieldsBeforeIndex].data() - stem.data());
  return CureTsrName{*sequence, *sign, *challenge, *level, std::string(stem.substr(index_begin))};
}

std::string CureTsrName::text() const {
  return fmt::format("{:02}_{:02}_{:02}_{:02}_{}", sequence, sign, challenge, level, index);
}

}  // namespace gradspace
