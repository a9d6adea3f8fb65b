#include "core/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <vector>

#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr std::size_t kInputBlock = std::size_t{1} << 16;
constexpr int kGzipWindow = 15 + 16;  // zlib's way of asking for gzip's header and checksum

}  // namespace

bool is_gzip(const RandomAccessFile& file) {
  std::array<std::uint8_t, 2> magic{};
  return file.read_some(0, magic) == magic.size() && magic[0] == 0x1F && magic[1] == 0x8B;
}

struct GzipReader::State {
  const RandomAccessFile* file;
  std::uint64_t offset = 0;
  std::vector<std::uint8_t> input = std::vector<std::uint8_t>(kInputBlock);
  z_stream stream = {};
  bool between_members = false;

  /// Whether there is any input left for zlib.
  bool refill() {
    if (stream.avail_in == 0) {
      const std::size_t got = file->read_some(offset, input);
      offset += got;
      stream.next_in = input.data();
      stream.avail_in = static_cast<uInt>(got);
    }
    return stream.avail_in > 0;
  }
};

GzipReader::GzipReader(const RandomAccessFile& file) : state_(std::make_unique<State>()) {
  state_->file = &file;
  if (inflateInit2(&state_->stream, kGzipWindow) != Z_OK) {
    throw std::bad_alloc();
  }
}

GzipReader::~GzipReader() {
  inflateEnd(&state_->stream);
}

std::size_t GzipReader::read(std::span<std::uint8_t> bytes) {
  z_stream& stream = state_->stream;
  std::size_t done = 0;
  while (done < bytes.size()) {
    if (!state_->refill()) {
      if (state_->between_members) {
        break;
      }
      throw FormatError(fmt::format("{}: truncated gzip data", state_->file->name()));
    }
    if (state_->between_members) {
      inflateReset(&stream);
      state_->between_members = false;
    }
    const std::size_t room =
        std::min<std::size_t>(bytes.size() - done, std::numeric_limits<uInt>::max());
    stream.next_out = bytes.data() + done;
    stream.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream, Z_NO_FLUSH);
    done += room - stream.avail_out;
    if (status == Z_STREAM_END) {
      state_->between_members = true;
    } else if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      throw FormatError(fmt::format("{}: damaged gzip data: {}", state_->file->name(),
                                    stream.msg != nullptr ? stream.msg : "unknown method"));
    }
  }
  return done;
}

}  // namespace gradspace
