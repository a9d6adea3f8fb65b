#include "media/file_decoder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "media/libav_decoder.h"

namespace gradspace::video {
namespace {

/// The one file that is read. libavformat is let to open nothing by itself: a file must not have others opened that it
/// names (a playlist's parts, addresses).
class InputFile {
 public:
  ~InputFile() {
    if (io_ != nullptr) {
      av_freep(&io_->buffer);
      avio_context_free(&io_);
    }
    if (file_ >= 0) {
      ::close(file_);
    }
  }
  InputFile() = default;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Under 0 where that failed.
  int open(const std::string& path) {
    constexpr int kBuffer = 1 << 16;
    file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) {
      return AVERROR(errno);
    }
    auto* buffer = static_cast<unsigned char*>(allocated(av_malloc(kBuffer)));
    io_ = avio_alloc_context(buffer, kBuffer, 0, this, read, nullptr, seek);
    if (io_ == nullptr) {
      av_free(buffer);
      throw std::bad_alloc();
    }
    return 0;
  }
  AVIOContext* io() const { return io_; }

 private:
  static int read(void* self, std::uint8_t* to, int size) {
    const ssize_t got =
        ::read(static_cast<InputFile*>(self)->file_, to, static_cast<std::size_t>(size));
    return got > 0 ? static_cast<int>(got) : got == 0 ? AVERROR_EOF : AVERROR(errno);
  }

  static std::int64_t seek(void* self, std::int64_t offset, int whence) {
    const int file = static_cast<InputFile*>(self)->file_;
    if ((whence & AVSEEK_SIZE) != 0) {
      struct stat status = {};
      return ::fstat(file, &status) == 0 ? std::int64_t{status.st_size} : AVERROR(errno);
    }
    const off_t place = ::lseek(file, offset, whence & ~AVSEEK_FORCE);
    return place < 0 ? AVERROR(errno) : std::int64_t{place};
  }

  int file_ = -1;
  AVIOContext* io_ = nullptr;
};

class FileDecoder final : public LibavDecoder {
 public:
  // The input is closed before the file that it reads.
  ~FileDecoder() override { close(); }

  std::string open(const std::string& path, std::int64_t most_pixels) {
    int error = file_.open(path);
    if (error < 0) {
      return error_text(error);
    }
    AVFormatContext* context = allocated(avformat_alloc_context());
    context->pb = file_.io();
    AVDictionary* options = nullptr;
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    error = avformat_open_input(&context, path.c_str(), nullptr, &options);
    av_dict_free(&options);
    // Where that failed, the context was freed.
    return error < 0 ? error_text(error) : begin(context, most_pixels);
  }

 private:
  InputFile file_;
};

}  // namespace

std::unique_ptr<MediaDecoder> open_media_file(const std::string& path, std::int64_t most_pixels,
                                              std::string& failure) {
  auto decoder = std::make_unique<FileDecoder>();
  failure = decoder->open(path, most_pixels);
  return failure.empty() ? std::move(decoder) : nullptr;
}

}  // namespace gradspace::video
