#include "data/tar_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <vector>

#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr std::size_t kTarBlock = 512;
/// Of names and records in headers of their own: more than any file system takes.
constexpr std::uint64_t kMaxTarText = std::uint64_t{1} << 20;

using TarBlock = std::array<std::uint8_t, kTarBlock>;

std::string_view text_of(const TarBlock& block, std::size_t at, std::size_t length) {
  const std::string_view field(reinterpret_cast<const char*>(block.data()) + at, length);
  return field.substr(0, std::min(field.find('\0'), length));
}

/// Octal digits between blanks; or GNU's binary number, whose first bit is set. Nothing for what is neither, and for
/// what is negative or over 2^63.
std::optional<std::uint64_t> number_of(const TarBlock& block, std::size_t at, std::size_t length) {
  if ((block[at] & 0x80U) != 0) {
    std::uint64_t value = block[at] & 0x7FU;
    for (std::size_t i = 1; i < length; ++i) {
      if (value >> 55 != 0) {
        return std::nullopt;
      }
      value = value << 8 | block[at + i];
    }
    return value;
  }
  std::string_view digits = text_of(block, at, length);
  digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
  digits = digits.substr(0, std::min(digits.find(' '), digits.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole            ? std::optional(value)
         : digits.empty() ? std::optional(std::uint64_t{0})
                          : std::nullopt;
}

/// Bytes are summed without signs, as the standard has it, or with signs, as some old programs did.
bool has_right_checksum(const TarBlock& block) {
  constexpr std::size_t kAt = 148;
  constexpr std::size_t kLength = 8;
  const std::optional<std::uint64_t> promised = number_of(block, kAt, kLength);
  std::int64_t unsigned_sum = 0;
  std::int64_t signed_sum = 0;
  for (std::size_t i = 0; i < kTarBlock; ++i) {
    const std::uint8_t byte = i >= kAt && i < kAt + kLength ? std::uint8_t{' '} : block[i];
    unsigned_sum += byte;
    signed_sum += static_cast<std::int8_t>(byte);
  }
  return promised && (static_cast<std::int64_t>(*promised) == unsigned_sum ||
                      static_cast<std::int64_t>(*promised) == signed_sum);
}

bool is_zero(const TarBlock& block) {
  return std::ranges::all_of(block, [](std::uint8_t byte) { return byte == 0; });
}

/// Why a member of a type holds no file's bytes; empty where it does.
std::string_view why_no_file(char type) {
  switch (type) {
    case '\0':
    case '0':
    case '7':
      return {};
    case '1':
    case '2':
      return "a link";
    case 'S':
      return "a sparse file";
    default:
      return "no file";
  }
}

}  // namespace

struct TarReader::Header {
  std::string name;
  std::uint64_t size = 0;
  char type = '0';
  bool has_sparse_map = false;  ///< goes on in the next block
};

void TarReader::fail(std::string_view why) const {
  throw FormatError(
      fmt::format("{}: damaged or truncated: at byte {} {}", file_.name(), position_, why));
}

std::optional<TarReader::Header> TarReader::read_header() {
  TarBlock block{};
  const std::size_t got = file_.read_some(position_, block);
  if (got == 0) {
    return std::nullopt;
  }
  if (got < kTarBlock) {
    fail("the archive ends within a header");
  }
  if (is_zero(block)) {
    has_end_mark_ = true;
    return std::nullopt;
  }
  if (!has_right_checksum(block)) {
    fail("there is no tar header");
  }
  const std::optional<std::uint64_t> size = number_of(block, 124, 12);
  if (!size) {
    fail("a header's size is no number");
  }
  Header header;
  header.name = text_of(block, 0, 100);
  header.size = *size;
  header.type = static_cast<char>(block[156]);
  const std::string_view magic(reinterpret_cast<const char*>(block.data()) + 257, 6);
  const std::string_view prefix = text_of(block, 345, 155);
  if (magic == std::string_view("ustar\0", 6) && !prefix.empty()) {
    header.name = fmt::format("{}/{}", prefix, header.name);
  }
  header.has_sparse_map = header.type == 'S' && block[482] != 0;
  position_ += kTarBlock;
  return header;
}

/// The data of a header of its own.
std::string TarReader::read_text(const Header& header) {
  if (header.size > kMaxTarText) {
    fail(fmt::format("a header of {} bytes is too large", header.size));
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(header.size));
  if (file_.read_some(position_, bytes) < bytes.size()) {
    fail("the archive ends within a header");
  }
  return {bytes.begin(), bytes.end()};
}

/// "LENGTH KEY=VALUE\n", one after the other; LENGTH counts all of a record.
void TarReader::take_pax(std::string_view records) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, error] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    if (error != std::errc() || length > records.size() || length < digits + 2 ||
        records[digits] != ' ' || records[length - 1] != '\n') {
      fail("a pax header's record is none");
    }
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    records.remove_prefix(length);
    const std::size_t sign = record.find('=');
    const std::string_view key = record.substr(0, sign);
    const std::string_view value =
        sign == std::string_view::npos ? std::string_view() : record.substr(sign + 1);
    if (key == "path") {
      long_name_ = value.substr(0, value.find('\0'));
    } else if (key == "size") {
      std::uint64_t size = 0;
      const auto [last, wrong] = std::from_chars(value.data(), value.data() + value.size(), size);
      if (wrong != std::errc() || last != value.data() + value.size()) {
        fail("a pax header's size is no number");
      }
      long_size_ = size;
    } else if (key.starts_with("GNU.sparse.")) {
      is_sparse_ = true;
    }
  }
}

/// Old GNU archives go on with the map of a sparse file in blocks behind its header.
void TarReader::skip_sparse_map() {
  TarBlock block{};
  do {
    if (file_.read_some(position_, block) < kTarBlock) {
      fail("the archive ends within a header");
    }
    position_ += kTarBlock;
  } while (block[504] != 0);
}

std::optional<TarMember> TarReader::next() {
  while (std::optional<Header> header = read_header()) {
    if (header->has_sparse_map) {
      skip_sparse_map();
    }
    const bool of_next =
        header->type == 'L' || header->type == 'K' || header->type == 'x' || header->type == 'g';
    TarMember member;
    member.offset = position_;
    member.size = of_next ? header->size : long_size_.value_or(header->size);
    const bool is_link = header->type == '1' || header->type == '2';
    if (is_link) {
      member.size = 0;  // whatever is said of what it leads to
    }
    if (member.size > file_.size() - std::min(position_, file_.size())) {
      fail(fmt::format("{} bytes are promised, but {} are left", member.size,
                       file_.size() - std::min(position_, file_.size())));
    }
    if (header->type == 'L') {
      long_name_ = read_text(*header);
      long_name_.resize(std::min(long_name_.find('\0'), long_name_.size()));
    } else if (header->type == 'x') {
      take_pax(read_text(*header));
    }
    position_ += (member.size + kTarBlock - 1) / kTarBlock * kTarBlock;
    if (of_next) {
      continue;
    }
    member.name = long_name_.empty() ? std::move(header->name) : std::move(long_name_);
    member.no_file = is_sparse_ ? "a sparse file" : why_no_file(header->type);
    long_name_.clear();
    long_size_.reset();
    is_sparse_ = false;
    if (header->type != '5' && !member.name.ends_with('/')) {
      return member;
    }
  }
  return std::nullopt;
}

bool is_tar(const RandomAccessFile& file) {
  TarBlock block{};
  return file.read_some(0, block) == kTarBlock && !is_zero(block) && has_right_checksum(block);
}

}  // namespace gradspace
