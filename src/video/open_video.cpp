#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "core/descriptor.h"
#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/video.h"
#include "image/codec.h"
#include "video/media_reader.h"
#include "video/y4m.h"

namespace gradspace {
namespace {

constexpr std::size_t kBegin = 64;

/// What begins a file of a video container, at a place near its begin.
struct ContainerMark {
  std::size_t offset;
  std::string_view bytes;
};
constexpr ContainerMark kContainerMarks[] = {
    {0, "YUV4MPEG2 "}, {0, "\x1A\x45\xDF\xA3"}, {4, "ftyp"}, {4, "moov"},
    {8, "AVI "},       {0, "FLV\x01"},          {0, "DKIF"}, {0, {"\0\0\x01\xBA", 4}}};

constexpr std::string_view kVideoExtensions[] = {
    ".y4m", ".mp4", ".m4v",  ".mov",  ".mkv",  ".webm", ".avi", ".ts",  ".m2ts",
    ".mts", ".mpg", ".mpeg", ".ogv",  ".flv",  ".wmv",  ".ivf", ".obu", ".mxf",
    ".3gp", ".264", ".265",  ".h264", ".h265", ".hevc", ".m2v", ".mj2"};

bool has_video_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(kVideoExtensions, extension) != std::end(kVideoExtensions);
}

/// ISO media files that are pictures.
bool is_still(std::string_view text) {
  return text.substr(0, 8).ends_with("ftyp") &&
         (text.substr(8).starts_with("hei") || text.substr(8).starts_with("mif1"));
}

}  // namespace

bool is_video(const std::filesystem::path& path) {
  std::vector<std::uint8_t> begin;
  try {
    begin = read_file_start(path, kBegin);
  } catch (const IoError&) {
    return false;
  }
  const std::string_view text(reinterpret_cast<const char*>(begin.data()), begin.size());
  if (codec::begins_as_image(begin) || is_still(text)) {
    return false;
  }
  return has_video_extension(path) ||
         std::ranges::any_of(kContainerMarks, [&](const ContainerMark& mark) {
           return text.size() > mark.offset && text.substr(mark.offset).starts_with(mark.bytes);
         });
}

std::unique_ptr<VideoReader> open_video(const std::filesystem::path& path) {
  Input input = open_input(path);
  if (!input.is_pipe) {
    std::array<std::uint8_t, video::kY4mMagic.size()> begin{};
    const std::size_t got = read_at(input.file, 0, begin, path.native());
    const std::string_view text(reinterpret_cast<const char*>(begin.data()), got);
    if (text != video::kY4mMagic) {
      return video::open_by_media_module(path);
    }
  }
  return video::make_y4m_reader(std::move(input), path.native());
}

}  // namespace gradspace
