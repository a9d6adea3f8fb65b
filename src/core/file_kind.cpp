#include "core/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "gradspace/error.h"

namespace gradspace {
namespace {

/// A kind of file, by the bytes at a place near its begin.
struct OtherKind {
  std::size_t offset;
  std::string_view bytes;
  std::string_view words;
};

// One line a kind.
constexpr OtherKind kOtherKinds[] = {
    {0, "version https://git-lfs.github.com/spec/",
     "is a Git LFS pointer, not the file itself: run git lfs pull"},
    {0, "MATLAB 7.3 MAT-file", "is a MATLAB 7.3 (HDF5) file: save it with -v7"},
    {0, "\x89HDF\r\n\x1A\n", "is an HDF5 file"},
    {8, "WEBP", "is a WebP image"},
    {0, "GIF8", "is a GIF image, which is not read"},
    {0,
     {"II*\0", 4},
     "is a TIFF file or a raw photograph: an image where it is called .tif or .tiff"},
    {0,
     {"MM\0*", 4},
     "is a TIFF file or a raw photograph: an image where it is called .tif or .tiff"},
    {4, "ftypavif", "is an AVIF image"},
    {4, "ftypheic", "is a HEIC image, which is not read"},
    {4, "ftypmif1", "is a HEIF image, which is not read"},
    {0, {"\xFF\x0A", 2}, "is a JPEG XL image"},
    {4, "JXL \r\n", "is a JPEG XL image"},
    {4, "jP  \r\n", "is a JPEG 2000 image, which is not read"},
    {0, "%PDF-", "is a PDF document"},
};

/// Whether text begins, after blanks, as an HTML page does.
bool is_html(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  std::string lower(text.substr(0, 32));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower.starts_with("<!doctype html") || lower.starts_with("<html");
}

}  // namespace

std::string_view other_kind(std::span<const std::uint8_t> begin) {
  const std::string_view text(reinterpret_cast<const char*>(begin.data()), begin.size());
  for (const OtherKind& kind : kOtherKinds) {
    if (text.size() >= kind.offset && text.substr(kind.offset).starts_with(kind.bytes)) {
      return kind.words;
    }
  }
  return is_html(text) ? "is an HTML page, perhaps of a server that refused the download" : "";
}

void throw_unknown_kind(std::string_view name, std::span<const std::uint8_t> begin,
                        std::string_view otherwise) {
  const std::string_view told = other_kind(begin);
  throw FormatError(fmt::format("{}: {}", name, told.empty() ? otherwise : told));
}

}  // namespace gradspace
