#include "matlab/matlab_elements.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include "gradspace/error.h"

namespace gradspace {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kTagBytes = 8;
constexpr std::size_t kMaxInflatedBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxMatrices = 200'000;
constexpr int kMaxDepth = 8;

// Types of elements and classes of arrays, numbered by MATLAB's "MAT-File Format".
constexpr std::uint32_t kInt8 = 1;
constexpr std::uint32_t kInt32 = 5;
constexpr std::uint32_t kUint32 = 6;
constexpr std::uint32_t kMatrix = 14;
constexpr std::uint32_t kCompressed = 15;

constexpr std::uint32_t kCellClass = 1;
constexpr std::uint32_t kStructureClass = 2;
constexpr std::uint32_t kCharacterClass = 4;
constexpr std::uint32_t kSparseClass = 5;
constexpr std::uint32_t kFirstNumericClass = 6;
constexpr std::uint32_t kLastNumericClass = 15;

struct Element {
  std::uint32_t type = 0;
  Bytes data;
};

/// What `compressed` holds, by zlib; nothing when it is damaged, cut off or over the limit.
std::optional<std::vector<std::uint8_t>> inflated(Bytes compressed) {
  z_stream stream = {};
  if (inflateInit(&stream) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = const_cast<std::uint8_t*>(compressed.data());
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::vector<std::uint8_t> bytes;
  int status = Z_OK;
  while (status == Z_OK && bytes.size() < kMaxInflatedBytes) {
    const std::size_t done = bytes.size();
    const std::size_t room = std::clamp<std::size_t>(done, 4096, kMaxInflatedBytes - done);
    bytes.resize(done + room);
    stream.next_out = &bytes[done];
    stream.avail_out = static_cast<uInt>(room);
    status = inflate(&stream, Z_NO_FLUSH);
    bytes.resize(done + room - stream.avail_out);
  }
  if (status == Z_MEM_ERROR) {
    throw std::bad_alloc();
  }
  return status == Z_STREAM_END ? std::optional(std::move(bytes)) : std::nullopt;
}

class ElementCheck {
 public:
  ElementCheck(const std::string& name, bool swapped) : name_(name), swapped_(swapped) {}

  void check_file(Bytes rest) {
    while (!rest.empty()) {
      const Element element = take(rest, false);
      if (element.type != kCompressed) {
        check_variable(element);
        continue;
      }
      const auto bytes = inflated(element.data);
      if (!bytes) {
        fail();
      }
      Bytes inside = *bytes;
      check_variable(take(inside, true));
    }
  }

 private:
  [[noreturn]] void fail() const {
    throw FormatError(fmt::format("{}: truncated or damaged", name_));
  }

  std::uint32_t number(Bytes bytes, std::size_t offset) const {
    std::uint32_t value = 0;
    std::memcpy(&value, &bytes[offset], sizeof value);
    return swapped_ ? __builtin_bswap32(value) : value;
  }

  /// Takes the next element from `rest`. Elements inside others begin at multiples of eight bytes.
  Element take(Bytes& rest, bool padded) const {
    if (rest.size() < kTagBytes) {
      fail();
    }
    const std::uint32_t first = number(rest, 0);
    const std::size_t short_length = first >> 16;
    if (short_length > 0) {  // at most four bytes, which lie in the tag
      if (short_length > 4) {
        fail();
      }
      const Element element{first & 0xFFFF, rest.subspan(4, short_length)};
      rest = rest.subspan(kTagBytes);
      return element;
    }
    const std::size_t length = number(rest, 4);
    if (length > rest.size() - kTagBytes) {
      fail();
    }
    const Element element{first, rest.subspan(kTagBytes, length)};
    const std::size_t whole = kTagBytes + (padded ? (length + 7) / 8 * 8 : length);
    rest = rest.subspan(std::min(whole, rest.size()));
    return element;
  }

  Element take(Bytes& rest, std::uint32_t type) const {
    const Element element = take(rest, true);
    if (element.type != type) {
      fail();
    }
    return element;
  }

  void check_variable(const Element& element) {
    if (element.type != kMatrix || element.data.empty()) {
      fail();
    }
    check_matrix(element.data, 0);
  }

  void check_matrix(Bytes rest, int depth) {
    if (++matrices_ > kMaxMatrices || depth > kMaxDepth) {
      throw FormatError(fmt::format("{}: over {} matrices in cells, or over {} levels of them",
                                    name_, kMaxMatrices, kMaxDepth));
    }
    const Element flags = take(rest, kUint32);
    if (flags.data.size() != 8) {
      fail();
    }
    const std::uint32_t array_class = number(flags.data, 0) & 0xFF;
    const std::size_t bytes = rest.size();
    const std::size_t count = take_count(rest, array_class == kSparseClass ? SIZE_MAX : bytes);
    take(rest, kInt8);  // the name
    if (array_class == kCellClass) {
      check_matrices(rest, count, depth);
    } else if (array_class == kStructureClass) {
      check_matrices(rest, count * take_fields(rest), depth);
    } else if (array_class == kCharacterClass ||
               (array_class >= kFirstNumericClass && array_class <= kLastNumericClass)) {
      if (count > 0 && count > take(rest, true).data.size()) {
        fail();
      }
    } else if (array_class != kSparseClass) {  // no reader of ours takes a sparse array's values
      throw FormatError(fmt::format("{}: holds an object or a function, which is not read", name_));
    }
  }

  /// The product of the dimensions, at most `most`.
  std::size_t take_count(Bytes& rest, std::size_t most) const {
    const Bytes dimensions = take(rest, kInt32).data;
    if (dimensions.size() < 8 || dimensions.size() > 32 || dimensions.size() % 4 != 0) {
      fail();
    }
    std::size_t count = 1;
    for (std::size_t i = 0; i < dimensions.size(); i += 4) {
      if (__builtin_mul_overflow(count, std::size_t{number(dimensions, i)}, &count)) {
        fail();
      }
    }
    if (count > most) {
      fail();
    }
    return count;
  }

  /// The number of a structure's fields, at most as many as bytes there are.
  std::size_t take_fields(Bytes& rest) const {
    const Bytes length = take(rest, kInt32).data;
    const Bytes names = take(rest, kInt8).data;
    if (length.size() != 4) {
      fail();
    }
    const std::size_t characters = number(length, 0);
    if (characters < 1 || characters > 64 || names.size() % characters != 0) {
      fail();
    }
    return names.size() / characters;
  }

  void check_matrices(Bytes& rest, std::size_t count, int depth) {
    if (count > rest.size() / kTagBytes) {
      fail();
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Element element = take(rest, kMatrix);
      if (!element.data.empty()) {
        check_matrix(element.data, depth + 1);
      } else if (++matrices_ > kMaxMatrices) {
        fail();
      }
    }
  }

  const std::string& name_;
  bool swapped_;
  std::size_t matrices_ = 0;
};

}  // namespace

void check_matlab_elements(const std::string& name, std::span<const std::uint8_t> file) {
  if (file.size() <= kHeaderBytes) {
    throw FormatError(fmt::format("{}: truncated or damaged", name));
  }
  ElementCheck(name, file[kHeaderBytes - 2] == 'M').check_file(file.subspan(kHeaderBytes));
}

}  // namespace gradspace
