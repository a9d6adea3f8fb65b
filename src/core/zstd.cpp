#include "core/zstd.h"

#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <array>
#include <new>
#include <utility>
#include <vector>

#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Of windows that compressors use up to their highest level; `zstd --long` takes the same where nothing else is said.
constexpr int kLargestWindowLog = 27;

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

}  // namespace

bool is_zstd(const RandomAccessFile& file) {
  std::array<std::uint8_t, 4> magic{};
  if (file.read_some(0, magic) < magic.size() || magic[3] != (magic[0] == 0x28 ? 0xFD : 0x18)) {
    return false;
  }
  const bool is_frame = magic[0] == 0x28 && magic[1] == 0xB5 && magic[2] == 0x2F;
  const bool is_skipped = (magic[0] & 0xF0U) == 0x50 && magic[1] == 0x2A && magic[2] == 0x4D;
  return is_frame || is_skipped;
}

struct ZstdReader::State {
  const RandomAccessFile* file;
  std::uint64_t offset = 0;
  std::uint64_t written = 0;
  std::vector<std::uint8_t> block = std::vector<std::uint8_t>(ZSTD_DStreamInSize());
  ZSTD_inBuffer input = {};
  std::unique_ptr<ZSTD_DStream, FreeStream> stream{ZSTD_createDStream()};
  bool between_frames = false;

  /// Whether there is any input left.
  bool refill() {
    if (input.pos == input.size) {
      const std::size_t got = file->read_some(offset, block);
      offset += got;
      input = {block.data(), got, 0};
    }
    return input.pos < input.size;
  }

  [[noreturn]] void fail(std::size_t status) const {
    const ZSTD_ErrorCode code = ZSTD_getErrorCode(status);
    if (code == ZSTD_error_memory_allocation) {
      throw std::bad_alloc();
    }
    if (code == ZSTD_error_frameParameter_windowTooLarge) {
      throw FormatError(fmt::format(
          "{}: its Zstandard data want a window of more than {} MiB: compress it without --long",
          file->name(), 1 << (kLargestWindowLog - 20)));
    }
    throw FormatError(
        fmt::format("{}: damaged Zstandard data: {}", file->name(), ZSTD_getErrorName(status)));
  }
};

ZstdReader::ZstdReader(const RandomAccessFile& file) : state_(std::make_unique<State>()) {
  state_->file = &file;
  if (!state_->stream) {
    throw std::bad_alloc();
  }
  ZSTD_DCtx_setParameter(state_->stream.get(), ZSTD_d_windowLogMax, kLargestWindowLog);
}

ZstdReader::~ZstdReader() = default;

struct ZstdCompressor::State {
  /// Compresses `text`; ends the frame where `end` says so.
  void run(std::string_view text, ZSTD_EndDirective end) {
    ZSTD_inBuffer input = {text.data(), text.size(), 0};
    std::size_t left = 1;
    while (input.pos < input.size || (end == ZSTD_e_end && left > 0)) {
      ZSTD_outBuffer output = {block.data(), block.size(), 0};
      left = ZSTD_compressStream2(context.get(), &output, &input, end);
      if (ZSTD_isError(left) != 0) {  // of a context that is used as it should be, memory alone
        throw std::bad_alloc();
      }
      sink(std::span(block).first(output.pos));
    }
  }

  Sink sink;
  std::unique_ptr<ZSTD_CCtx, FreeContext> context{ZSTD_createCCtx()};
  std::vector<std::uint8_t> block = std::vector<std::uint8_t>(ZSTD_CStreamOutSize());
};

ZstdCompressor::ZstdCompressor(Sink sink) : state_(std::make_unique<State>()) {
  if (!state_->context) {
    throw std::bad_alloc();
  }
  state_->sink = std::move(sink);
  ZSTD_CCtx_setParameter(state_->context.get(), ZSTD_c_checksumFlag, 1);
}

ZstdCompressor::~ZstdCompressor() = default;

void ZstdCompressor::write(std::string_view text) {
  state_->run(text, ZSTD_e_continue);
}

void ZstdCompressor::finish() {
  state_->run({}, ZSTD_e_end);
}

std::size_t ZstdReader::read(std::span<std::uint8_t> bytes) {
  State& state = *state_;
  ZSTD_outBuffer output = {bytes.data(), bytes.size(), 0};
  while (output.pos < output.size) {
    const std::size_t before = output.pos;
    const bool has_input = state.refill();
    if (!has_input && state.between_frames) {
      break;
    }
    const std::size_t taken_before = state.input.pos;
    const std::size_t status = ZSTD_decompressStream(state.stream.get(), &output, &state.input);
    if (ZSTD_isError(status) != 0) {
      state.fail(status);
    }
    // Without input it may still have had something to hand out.
    if (!has_input && output.pos == before && state.input.pos == taken_before) {
      throw FormatError(fmt::format("{}: truncated Zstandard data", state.file->name()));
    }
    state.between_frames = status == 0;
    state.written += output.pos - before;
    if (state.written > max_zstd_size(state.file->size())) {
      throw FormatError(
          fmt::format("{}: {} bytes of Zstandard data become more than {}, which no images do",
                      state.file->name(), state.file->size(), max_zstd_size(state.file->size())));
    }
  }
  return output.pos;
}

}  // namespace gradspace
