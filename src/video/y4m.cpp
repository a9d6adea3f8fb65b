#include "video/y4m.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "gradspace/error.h"
#include "image/codec.h"

namespace gradspace::video {
namespace {

constexpr std::size_t kLongestLine = 1024;

/// How a colour space of the C parameter begins, before its number of bits.
struct Sampling {
  std::string_view name;
  int log2_chroma_width = 0;
  int log2_chroma_height = 0;
  bool grey = false;
  bool alpha = false;
  bool may_be_deep = false;  ///< may be followed by "p10" (mono: "10")
};

constexpr std::array<Sampling, 8> kSamplings = {{
    {"420jpeg", 1, 1, false, false, false},
    {"420mpeg2", 1, 1, false, false, false},
    {"420paldv", 1, 1, false, false, false},
    {"444alpha", 0, 0, false, true, false},
    {"420", 1, 1, false, false, true},
    {"422", 1, 0, false, false, true},
    {"444", 0, 0, false, false, true},
    {"mono", 0, 0, true, false, true},
}};
constexpr Sampling k411 = {"411", 2, 0, false, false, false};

/// A whole number of at least `least`; nothing for anything else.
std::optional<int> number(std::string_view text, int least) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value >= least ? std::optional(value) : std::nullopt;
}

[[noreturn]] void refuse(std::string_view name, std::string_view parameter) {
  throw FormatError(fmt::format("{}: YUV4MPEG2: the parameter {:?} is not understood", name,
                                parameter.substr(0, 40)));
}

void parse_colour_space(std::string_view text, std::string_view parameter, std::string_view name,
                        Y4mHeader& header) {
  const auto begins = [&](const Sampling& sampling) { return text.starts_with(sampling.name); };
  const auto* found = std::ranges::find_if(kSamplings, begins);
  const Sampling* sampling = found != kSamplings.end() ? found : begins(k411) ? &k411 : nullptr;
  if (sampling == nullptr) {
    refuse(name, parameter);
  }
  std::string_view bits = text.substr(sampling->name.size());
  PlaneFormat& format = header.format;
  format.bits = 8;
  if (!bits.empty()) {
    if (bits.starts_with('p') && !sampling->grey) {
      bits.remove_prefix(1);
    }
    format.bits = number(bits, 8).value_or(0);
    if (!sampling->may_be_deep || format.bits < 8 || format.bits > 16) {
      refuse(name, parameter);
    }
  }
  format.log2_chroma_width = sampling->log2_chroma_width;
  format.log2_chroma_height = sampling->log2_chroma_height;
  format.grey = sampling->grey;
  header.alpha = sampling->alpha;
}

void parse_parameter(std::string_view parameter, std::string_view name, Y4mHeader& header) {
  const std::string_view value = parameter.substr(1);
  switch (parameter[0]) {
    case 'W':
      header.format.width = number(value, 1).value_or(0);
      break;
    case 'H':
      header.format.height = number(value, 1).value_or(0);
      break;
    case 'F': {
      const std::size_t colon = value.find(':');
      const auto frames = number(value.substr(0, colon), 0);
      const auto seconds =
          colon == std::string_view::npos ? std::optional(1) : number(value.substr(colon + 1), 0);
      if (!frames || !seconds) {
        refuse(name, parameter);
      }
      header.frames_per_second = *seconds == 0 ? 0 : static_cast<double>(*frames) / *seconds;
      break;
    }
    case 'C':
      parse_colour_space(value, parameter, name, header);
      break;
    case 'X':
      header.format.full_range = header.format.full_range || value == "COLORRANGE=FULL";
      break;
    default:
      break;  // interlacing, the shape of pixels, and what is not known
  }
}

/// A file or pipe, read from its begin to its end.
class Sequential {
 public:
  Sequential(Input input, std::string name) : input_(std::move(input)), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  /// What is left of a regular file.
  std::optional<std::uint64_t> left() const {
    return input_.is_pipe ? std::nullopt
                          : std::optional(input_.size - std::min(input_.size, position_));
  }

  /// Fewer bytes only at the end.
  std::size_t read(std::span<std::uint8_t> bytes) {
    std::size_t got = 0;
    while (got < bytes.size()) {
      const std::size_t more = input_.is_pipe
                                   ? read_from_pipe(input_, bytes.subspan(got), name_)
                                   : read_at(input_.file, position_, bytes.subspan(got), name_);
      if (more == 0) {
        break;
      }
      got += more;
      position_ += more;
    }
    return got;
  }

  /// Passes over bytes of a regular file without reading them.
  void pass_over(std::uint64_t bytes) { position_ += bytes; }

  /// A line without its end; nothing at the end of the file.
  std::optional<std::string> line() {
    std::string text;
    std::uint8_t byte = 0;
    while (read({&byte, 1}) == 1) {
      if (byte == '\n') {
        return text;
      }
      text.push_back(static_cast<char>(byte));
      if (text.size() > kLongestLine) {
        throw FormatError(
            fmt::format("{}: YUV4MPEG2: a line of more than {} bytes", name_, kLongestLine));
      }
    }
    if (!text.empty()) {
      throw FormatError(
          fmt::format("{}: YUV4MPEG2: truncated: the file ends in a line of text", name_));
    }
    return std::nullopt;
  }

 private:
  Input input_;
  std::string name_;
  std::uint64_t position_ = 0;
};

/// Two bytes a sample, the lower first, as this machine has them.
void swap_on_big_endian(std::vector<std::uint8_t>& samples) {
  if constexpr (std::endian::native == std::endian::big) {
    for (std::size_t i = 0; i + 1 < samples.size(); i += 2) {
      std::swap(samples[i], samples[i + 1]);
    }
  }
}

class Y4mReader final : public VideoReader {
 public:
  Y4mReader(Sequential file, const Y4mHeader& header)
      : file_(std::move(file)), header_(header), converter_(header.format) {
    const PlaneFormat& format = header.format;
    info_ = {format.width, format.height, header.frames_per_second,
             std::nullopt, std::nullopt,  fmt::format("YUV4MPEG2, {}", words(format))};
    if (const auto left = file_.left()) {
      info_.frames = *left / (kFrameLine.size() + 1 + header.frame_bytes());
    }
  }

  const VideoInfo& info() const override { return info_; }

  void assume_matrix(ColourMatrix matrix) override {
    header_.format.matrix = matrix;
    converter_ = PlaneConverter(header_.format);
  }

  std::optional<VideoFrame> next() override {
    if (!begin_frame()) {
      return std::nullopt;
    }
    read_samples();
    const std::uint64_t number = number_++;
    const double rate = header_.frames_per_second;
    return VideoFrame{number, rate > 0 ? static_cast<double>(number) / rate : 0,
                      converter_.convert(planes())};
  }

  bool skip() override {
    if (!begin_frame()) {
      return false;
    }
    if (file_.left()) {
      file_.pass_over(header_.frame_bytes());
    } else {
      read_samples();
    }
    ++number_;
    return true;
  }

 private:
  static constexpr std::string_view kFrameLine = "FRAME";

  /// Reads the line before a frame; false behind the last frame.
  bool begin_frame() {
    if (ended_) {
      return false;
    }
    ended_ = true;  // unless all goes well
    const std::optional<std::string> line = file_.line();
    if (!line) {
      return false;
    }
    if (!line->starts_with(kFrameLine)) {
      throw FormatError(
          fmt::format("{}: YUV4MPEG2: frame {} does not begin with FRAME", file_.name(), number_));
    }
    if (const auto left = file_.left(); left && *left < header_.frame_bytes()) {
      throw_cut_off();
    }
    ended_ = false;
    return true;
  }

  [[noreturn]] void throw_cut_off() const {
    throw FormatError(
        fmt::format("{}: YUV4MPEG2: truncated: the file ends in frame {}", file_.name(), number_));
  }

  /// In steps, so that a pipe must bring what its header promises before there is room for it.
  void read_samples() {
    constexpr std::size_t kStep = std::size_t{1} << 24;
    const std::size_t size = header_.frame_bytes();
    std::size_t got = 0;
    while (got < size) {
      const std::size_t step = std::min(kStep, size - got);
      samples_.resize(std::max(samples_.size(), got + step));
      const std::size_t read = file_.read(std::span(samples_).subspan(got, step));
      got += read;
      if (read < step) {
        ended_ = true;
        throw_cut_off();
      }
    }
    if (header_.format.bits > 8) {
      swap_on_big_endian(samples_);
    }
  }

  Planes planes() const {
    const PlaneFormat& format = header_.format;
    const auto bytes = static_cast<std::ptrdiff_t>(format.sample_bytes());
    const std::ptrdiff_t luma = format.width * bytes;
    const std::ptrdiff_t chroma = format.chroma_width() * bytes;
    const std::uint8_t* const begin = samples_.data();
    const std::uint8_t* const blue = begin + luma * format.height;
    return {{begin, blue, blue + chroma * format.chroma_height()}, {luma, chroma, chroma}};
  }

  Sequential file_;
  Y4mHeader header_;
  PlaneConverter converter_;
  VideoInfo info_;
  std::uint64_t number_ = 0;  ///< of the next frame
  bool ended_ = false;
  std::vector<std::uint8_t> samples_;
};

}  // namespace

std::size_t Y4mHeader::frame_bytes() const {
  const auto area = [](int width, int height) {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  };
  const std::size_t luma = area(format.width, format.height);
  const std::size_t chroma = area(format.chroma_width(), format.chroma_height());
  return (luma * (alpha ? 2 : 1) + 2 * chroma) * format.sample_bytes();
}

Y4mHeader parse_y4m_header(std::string_view line, std::string_view name) {
  if (!line.starts_with(kY4mMagic)) {
    throw FormatError(fmt::format("{}: not a YUV4MPEG2 file", name));
  }
  Y4mHeader header;
  header.format.log2_chroma_width = 1;  // without C it is 420jpeg
  header.format.log2_chroma_height = 1;
  line.remove_prefix(kY4mMagic.size());
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) {
      parse_parameter(line.substr(0, end), name, header);
    }
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  codec::check_size(header.format.width, header.format.height, name);
  header.format.matrix = matrix_of_size(header.format.width, header.format.height);
  return header;
}

std::unique_ptr<VideoReader> make_y4m_reader(Input file, std::string name) {
  Sequential sequential(std::move(file), std::move(name));
  const std::string line = sequential.line().value_or("");
  const Y4mHeader header = parse_y4m_header(line, sequential.name());
  return std::make_unique<Y4mReader>(std::move(sequential), header);
}

}  // namespace gradspace::video
