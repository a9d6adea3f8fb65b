#include "data/idx_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "core/file.h"
#include "core/file_kind.h"
#include "core/gzip.h"
#include "core/temporary_file.h"
#include "data/source_format.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::size_t kImageAxes = 3;
constexpr std::size_t kLabelAxes = 1;
constexpr std::size_t header_size(std::size_t axes) {
  return 4 + 4 * axes;
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> ends) {
  return std::any_of(ends.begin(), ends.end(),
                     [&](std::string_view end) { return name.ends_with(end); });
}

std::string_view without_gz(std::string_view name) {
  return name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
}

/// "train-images-idx3-ubyte" -> "train-labels-idx1-ubyte"; empty where the name has another form.
std::string labels_name(std::string_view images_name) {
  std::string name(images_name);
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>{"images", "labels"}, {"idx3", "idx1"}}) {
    const std::size_t at = name.rfind(from);
    if (at == std::string::npos) {
      return {};
    }
    name.replace(at, from.size(), to);
  }
  return name;
}

std::optional<std::filesystem::path> labels_beside(const std::filesystem::path& images) {
  const std::string name = labels_name(without_gz(images.filename().string()));
  for (const char* extension : {"", ".gz"}) {
    const std::filesystem::path file = images.parent_path() / (name + extension);
    std::error_code error;
    if (!name.empty() && std::filesystem::is_regular_file(file, error)) {
      return file;
    }
  }
  return std::nullopt;
}

std::string set_by_name(std::string_view name) {
  const auto contains = [&](std::string_view part) {
    return name.find(part) != std::string_view::npos;
  };
  if (contains("train")) {
    return "train";
  }
  if (contains("t10k") || contains("test")) {
    return "test";
  }
  return contains("val") ? "val" : "";
}

/// Reads the header, and refuses a promise that the file can't hold before anything is allocated.
IdxHeader checked_header(const RandomAccessFile& file, std::size_t axes,
                         std::span<const std::uint8_t> begin) {
  IdxHeader header = parse_idx_header(begin, axes, file.name());
  const std::uint64_t wanted = header.data_offset + header.values;
  const bool fits =
      is_gzip(file) ? wanted <= max_inflated_size(file.size()) : wanted == file.size();
  if (!fits) {
    throw FormatError(fmt::format("{}: its header promises {} bytes, but the file has {}{}",
                                  file.name(), wanted, file.size(),
                                  is_gzip(file) ? " compressed" : ""));
  }
  return header;
}

/// The beginning of the (decompressed) file: a header, and enough to tell what it is instead.
std::vector<std::uint8_t> first_bytes(const RandomAccessFile& file, std::size_t axes) {
  constexpr std::size_t kTelling = 64;
  std::vector<std::uint8_t> begin(std::max(header_size(axes), kTelling));
  begin.resize(is_gzip(file) ? GzipReader(file).read(begin) : file.read_some(0, begin));
  return begin;
}

/// Calls `take` with the file's values block by block; they must be as many as the header says.
template <typename Take>
void inflate_values(const RandomAccessFile& file, const IdxHeader& header, const Take& take) {
  constexpr std::size_t kBlock = std::size_t{1} << 18;
  GzipReader reader(file);
  std::vector<std::uint8_t> block(header.data_offset);
  reader.read(block);
  block.resize(kBlock);
  std::uint64_t left = header.values;
  while (left > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, kBlock));
    const std::size_t got = reader.read(std::span(block).first(wanted));
    if (got < wanted) {
      throw FormatError(fmt::format("{}: truncated: {} of the {} values its header promises",
                                    file.name(), header.values - left + got, header.values));
    }
    take(std::span<const std::uint8_t>(block).first(wanted));
    left -= wanted;
  }
  if (reader.read(std::span(block).first(1)) != 0) {
    throw FormatError(
        fmt::format("{}: more than the {} values its header promises", file.name(), header.values));
  }
}

std::set<std::string> images_files(const std::filesystem::path& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (is_idx_images_name(name) && entry->is_regular_file(ignored)) {
      names.insert(name);
    }
  }
  if (error) {
    throw IoError(fmt::format("{}: can't list: {}", folder.string(), error.message()));
  }
  return names;
}

std::vector<std::uint8_t> read_labels(const std::filesystem::path& path, std::uint32_t images) {
  const RandomAccessFile file(path);
  const IdxHeader header = checked_header(file, kLabelAxes, first_bytes(file, kLabelAxes));
  if (header.shape[0] != images) {
    throw FormatError(fmt::format("{}: {} labels, but there are {} images", file.name(),
                                  header.shape[0], images));
  }
  std::vector<std::uint8_t> labels;
  labels.reserve(header.values);
  if (is_gzip(file)) {
    inflate_values(file, header, [&](std::span<const std::uint8_t> block) {
      labels.insert(labels.end(), block.begin(), block.end());
    });
  } else {
    labels.resize(header.values);
    file.read_exactly(header.data_offset, labels);
  }
  return labels;
}

}  // namespace

IdxHeader parse_idx_header(std::span<const std::uint8_t> bytes, std::size_t axes,
                           std::string_view name) {
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0) {
    throw_unknown_kind(name, bytes, "not an IDX file");
  }
  if (bytes[2] != kUnsignedByte || bytes[3] != axes) {
    throw FormatError(
        fmt::format("{}: IDX elements of type 0x{:02x} with {} axes; wanted bytes (0x08) with {}",
                    name, bytes[2], bytes[3], axes));
  }
  if (bytes.size() < header_size(axes)) {
    throw FormatError(fmt::format("{}: truncated IDX header", name));
  }
  IdxHeader header;
  header.data_offset = header_size(axes);
  header.values = 1;
  for (std::size_t i = 0; i < axes; ++i) {
    const std::span<const std::uint8_t> field = bytes.subspan(4 + 4 * i, 4);
    const std::uint32_t extent = std::uint32_t{field[0]} << 24 | std::uint32_t{field[1]} << 16 |
                                 std::uint32_t{field[2]} << 8 | std::uint32_t{field[3]};
    constexpr std::uint64_t kMaxValues = std::uint64_t{1} << 48;
    if (extent == 0 || header.values > kMaxValues / extent) {
      throw FormatError(fmt::format("{}: an IDX axis of {} elements", name, extent));
    }
    header.values *= extent;
    header.shape.push_back(extent);
  }
  return header;
}

bool is_idx(const RandomAccessFile& file) {
  std::vector<std::uint8_t> begin;
  try {
    begin = first_bytes(file, 0);
  } catch (const FormatError&) {
    return false;  // gzip of something else, or damaged
  }
  return begin.size() >= 4 && begin[0] == 0 && begin[1] == 0 && begin[2] == kUnsignedByte &&
         (begin[3] == kImageAxes || begin[3] == kLabelAxes);
}

bool is_idx_images_name(std::string_view name) {
  return ends_with_any(without_gz(name), {"images-idx3-ubyte", "images.idx3-ubyte"});
}

IdxSource::IdxSource(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    add(path);
    return;
  }
  const std::set<std::string> names = images_files(path);
  for (const std::string& name : names) {
    if (name.ends_with(".gz") && names.contains(std::string(without_gz(name)))) {
      skipped_.push_back(fmt::format("{}: the file without .gz is used", name));
    } else {
      add(path / name);
    }
  }
  if (parts_.empty()) {
    throw FormatError(fmt::format("{}: no IDX images file (such as train-images-idx3-ubyte) found",
                                  path.string()));
  }
}

void IdxSource::add(const std::filesystem::path& images) {
  RandomAccessFile file(images);
  const IdxHeader header = checked_header(file, kImageAxes, first_bytes(file, kImageAxes));
  const std::uint64_t image_size = header.values / header.shape[0];
  if (image_size > kMaxPixels) {
    throw FormatError(
        fmt::format("{}: images of {}x{}", file.name(), header.shape[2], header.shape[1]));
  }

  const std::string name = images.filename().string();
  std::vector<std::uint8_t> labels;
  std::vector<std::filesystem::path> files{images};
  if (const auto labels_file = labels_beside(images)) {
    labels = read_labels(*labels_file, header.shape[0]);
    files.push_back(*labels_file);
  } else {
    skipped_.push_back(fmt::format("{}: no labels file beside it; classes are unknown", name));
  }

  std::size_t data_offset = header.data_offset;
  if (is_gzip(file)) {
    TemporaryFile inflated;
    inflate_values(file, header,
                   [&](std::span<const std::uint8_t> block) { inflated.append(block); });
    file = inflated.release(file.name());
    data_offset = 0;
  }
  parts_.push_back({name, set_by_name(name), std::move(file), data_offset,
                    static_cast<int>(header.shape[2]), static_cast<int>(header.shape[1]), size_,
                    std::move(labels), std::move(files)});
  size_ += header.shape[0];
}

const IdxSource::Part& IdxSource::part_of(std::size_t i) const {
  const auto after =
      std::upper_bound(parts_.begin(), parts_.end(), i,
                       [](std::size_t at, const Part& part) { return at < part.begin; });
  return *std::prev(after);
}

ImageInfo IdxSource::info(std::size_t i) const {
  const Part& part = part_of(i);
  const std::size_t index = i - part.begin;
  ImageInfo info;
  info.path = fmt::format("{}#{}", part.name, index);
  info.set = part.set;
  info.object_class = part.labels.empty() ? -1 : part.labels[index];
  return info;
}

Image IdxSource::load(std::size_t i) const {
  const Part& part = part_of(i);
  Image image(part.width, part.height, 1);
  part.read(i, image.pixels());
  return image;
}

void IdxSource::load_fitted(std::size_t i, FixedSizeReader& reader,
                            std::span<std::uint8_t> out_hwc) const {
  const Part& part = part_of(i);
  const std::span<std::uint8_t> pixels = reader.scratch(part.image_size());
  part.read(i, pixels);
  reader.fit({pixels, part.width, part.height, 1, static_cast<std::size_t>(part.width)}, out_hwc);
}

namespace {

/// Whether it is worth opening: as what it is, or to say what it is instead.
bool is_idx_or_told(const std::filesystem::path& path) {
  return is_idx(RandomAccessFile(path)) || !other_kind(read_file_start(path, 64)).empty();
}

}  // namespace

SourceFormat idx_format() {
  return {"idx", SourceKind::kIdx,
          [](const std::filesystem::path&, const RandomAccessFile& file) { return is_idx(file); },
          [](const std::filesystem::path& entry) {
            std::error_code error;
            return is_idx_images_name(entry.filename().string()) &&
                   std::filesystem::is_regular_file(entry, error) && is_idx_or_told(entry);
          },
          [](const std::filesystem::path& path) -> std::unique_ptr<Source> {
            return std::make_unique<IdxSource>(path);
          }};
}

}  // namespace gradspace
