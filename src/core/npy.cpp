#include "gradspace/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/file.h"
#include "core/half.h"
#include "core/npy_values.h"
#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

static_assert(std::endian::native == std::endian::little, "values are copied as they lie in files");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeaderBytes = 1 << 20;
constexpr std::size_t kMaxRank = 32;  // NumPy's own
constexpr std::size_t kAlignment = 64;

struct TypeName {
  NpyType type;
  std::string_view text;
  std::size_t bytes;
};

constexpr TypeName kTypes[] = {{NpyType::kFloat32, "<f4", 4},
                               {NpyType::kFloat64, "<f8", 8},
                               {NpyType::kUint8, "|u1", 1},
                               {NpyType::kInt64, "<i8", 8},
                               {NpyType::kFloat16, "<f2", 2}};

const TypeName& describe(NpyType type) {
  for (const TypeName& known : kTypes) {
    if (known.type == type) {
      return known;
    }
  }
  throw InvalidArgument(fmt::format("no NPY type {}", static_cast<int>(type)));
}

/// Reads the header's Python dictionary:
/// {'descr': '<f4', 'fortran_order': False, 'shape': (19, 3), }
class DictionaryReader {
 public:
  DictionaryReader(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  /// Fills all but data_offset.
  NpyHeader read() {
    NpyHeader header;
    bool has_type = false;
    bool has_order = false;
    bool has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !std::exchange(has_type, true)) {
        header.type = type();
      } else if (key == "fortran_order" && !std::exchange(has_order, true)) {
        order();
      } else if (key == "shape" && !std::exchange(has_shape, true)) {
        header.shape = shape();
      } else {
        fail(fmt::format("key '{}' is unknown or stands twice", printable(key)));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_spaces();
    if (position_ != text_.size()) {
      fail("text after its end");
    }
    if (!has_type || !has_order || !has_shape) {
      fail("one of descr, fortran_order and shape is missing");
    }
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw FormatError(fmt::format("{}: NPY header: {}", name_, why));
  }

  void skip_spaces() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) {
      ++position_;
    }
  }

  bool accept(char wanted) {
    skip_spaces();
    if (position_ < text_.size() && text_[position_] == wanted) {
      ++position_;
      return true;
    }
    return false;
  }

  void expect(char wanted) {
    if (!accept(wanted)) {
      fail(fmt::format("no '{}' at character {}", wanted, position_));
    }
  }

  bool accept_word(std::string_view word) {
    skip_spaces();
    if (text_.substr(position_).starts_with(word)) {
      position_ += word.size();
      return true;
    }
    return false;
  }

  std::string_view quoted() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') {
      expect('\'');
    }
    const std::size_t end = text_.find(quote, position_);
    if (end == std::string_view::npos) {
      fail("a text without end");
    }
    const std::string_view result = text_.substr(position_, end - position_);
    position_ = end + 1;
    return result;
  }

  NpyType type() {
    skip_spaces();
    if (position_ < text_.size() && text_[position_] == '[') {
      fail("structured arrays are not read");
    }
    const std::string_view text = quoted();
    for (const TypeName& known : kTypes) {
      if (known.text == text) {
        return known.type;
      }
    }
    fail(fmt::format("type '{}' is not read, only <f2, <f4, <f8, |u1 and <i8", printable(text)));
  }

  void order() {
    if (accept_word("True")) {
      fail("Fortran order is not read; save it with numpy.ascontiguousarray");
    }
    if (!accept_word("False")) {
      fail("fortran_order is neither True nor False");
    }
  }

  std::vector<std::int64_t> shape() {
    std::vector<std::int64_t> extents;
    expect('(');
    while (!accept(')')) {
      skip_spaces();
      std::int64_t extent = 0;
      const char* const begin = text_.data() + position_;
      const auto parsed = std::from_chars(begin, text_.data() + text_.size(), extent);
      if (parsed.ec != std::errc() || extent < 0) {
        fail(fmt::format("no extent at character {} of the shape", position_));
      }
      position_ += static_cast<std::size_t>(parsed.ptr - begin);
      extents.push_back(extent);
      if (extents.size() > kMaxRank) {
        fail(fmt::format("more than {} axes", kMaxRank));
      }
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return extents;
  }

  std::string_view text_;
  std::string_view name_;
  std::size_t position_ = 0;
};

/// "(19, 3)", as Python prints a tuple.
std::string tuple_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

}  // namespace

bool is_floating(NpyType type) {
  return type == NpyType::kFloat16 || type == NpyType::kFloat32 || type == NpyType::kFloat64;
}

void copy_npy_values(std::span<const std::uint8_t> data, NpyType type, std::span<float> values) {
  const auto value_at = [&]<typename T>(std::size_t i, T value) {
    std::memcpy(&value, data.data() + i * sizeof value, sizeof value);
    return value;
  };
  if (type == NpyType::kFloat32 && !values.empty()) {
    std::memcpy(values.data(), data.data(), values.size_bytes());
  } else if (type == NpyType::kFloat16) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = float_of_half(value_at(i, std::uint16_t{0}));
    }
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(value_at(i, 0.0));
    }
  }
}

std::size_t npy_item_size(NpyType type) {
  return describe(type).bytes;
}

NpyHeader parse_npy_header(std::span<const std::uint8_t> bytes, std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic)) {
    throw FormatError(fmt::format("{}: not an NPY file", name));
  }
  const std::size_t version_at = kMagic.size();
  const auto truncated = [name, &bytes](std::size_t wanted) {
    return FormatError(fmt::format("{}: truncated: the NPY header takes {} bytes, {} are there",
                                   name, wanted, bytes.size()));
  };
  if (bytes.size() < version_at + 2) {
    throw truncated(version_at + 2);
  }
  const int major = bytes[version_at];
  if (major < 1 || major > 3 || bytes[version_at + 1] != 0) {
    throw FormatError(fmt::format("{}: NPY version {}.{} is not known, only 1.0 to 3.0", name,
                                  major, bytes[version_at + 1]));
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  const std::size_t begin = version_at + 2 + length_bytes;
  if (bytes.size() < begin) {
    throw truncated(begin);
  }
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + version_at + 2, length_bytes);
  if (length > kMaxHeaderBytes) {
    throw FormatError(fmt::format("{}: an NPY header of {} bytes, more than the {} allowed", name,
                                  length, kMaxHeaderBytes));
  }
  if (bytes.size() < begin + length) {
    throw truncated(begin + length);
  }
  NpyHeader header = DictionaryReader(text.substr(begin, length), name).read();
  header.data_offset = begin + length;
  try {
    element_count(header.shape);
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: NPY header: {}", name, error.what()));
  }
  return header;
}

std::vector<std::uint8_t> npy_header(NpyType type, const std::vector<std::int64_t>& shape,
                                     std::size_t size) {
  const std::string dictionary =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", describe(type).text,
                  tuple_text(shape));
  constexpr std::size_t kBefore = kMagic.size() + 4;  // version and length
  if (size % kAlignment != 0 || size < kBefore + dictionary.size() + 1 || size > 65536) {
    throw InvalidArgument(
        fmt::format("an NPY header of {} bytes can't hold shape {}", size, shape_text(shape)));
  }
  std::string text(kMagic);
  const std::size_t length = size - kBefore;
  text += {'\x01', '\x00', static_cast<char>(length & 0xFF), static_cast<char>(length >> 8)};
  text += dictionary;
  text.resize(size - 1, ' ');
  text += '\n';
  return {text.begin(), text.end()};
}

Tensor parse_npy(std::span<const std::uint8_t> bytes, std::string_view name) {
  NpyHeader header = parse_npy_header(bytes, name);
  if (!is_floating(header.type)) {
    throw FormatError(fmt::format("{}: holds {}; floating-point values are wanted", name,
                                  describe(header.type).text));
  }
  const std::size_t count = element_count(header.shape);
  const std::span<const std::uint8_t> data = bytes.subspan(header.data_offset);
  const std::size_t wanted = count * npy_item_size(header.type);
  if (data.size() != wanted) {
    throw FormatError(fmt::format("{}: {}shape {} takes {} bytes, {} are there", name,
                                  data.size() < wanted ? "truncated: " : "",
                                  shape_text(header.shape), wanted, data.size()));
  }
  Tensor tensor{std::move(header.shape), std::vector<float>(count)};
  if (count == 0) {
    return tensor;
  }
  copy_npy_values(data, header.type, tensor.values);
  return tensor;
}

Tensor read_npy(const std::filesystem::path& path) {
  return parse_npy(read_file(path), path.string());
}

void write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  if (tensor.values.size() != element_count(tensor.shape)) {
    throw InvalidArgument(fmt::format("{}: shape {} with {} values can't be written", path.string(),
                                      shape_text(tensor.shape), tensor.values.size()));
  }
  // 128 bytes, as NumPy has it, unless there are many axes.
  const std::size_t header_bytes = tensor.shape.size() <= 8 ? 128 : 256;
  AtomicFile file(path);
  file.write(npy_header(NpyType::kFloat32, tensor.shape, header_bytes));
  file.write(std::span(reinterpret_cast<const std::uint8_t*>(tensor.values.data()),
                       tensor.values.size() * sizeof(float)));
  file.commit();
}

}  // namespace gradspace
