// JPEG through libjpeg-turbo, with the decoder's default settings as Pillow has them. The library
// reports errors by longjmp: every call of it runs inside `guarded_by_jump`, in a function that holds no
// object with a destructor while it does.
#include <fmt/format.h>

#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it
#include <cstdlib>
#include <limits>
#include <new>
#include <optional>
#include <utility>

#include <jpeglib.h>

#include "gradspace/error.h"
#include "image/codec.h"
#include "image/raw_image.h"

namespace gradspace::codec {
namespace {

/// Nobody writes a file of more scans than some twenty; one of thousands is meant to keep us busy.
constexpr int kMaxScans = 100;

/// What libjpeg's callbacks know; the error manager stands first, so that it can be found by it.
struct ErrorState {
  jpeg_error_mgr manager{};
  std::jmp_buf on_error;
  std::array<char, JMSG_LENGTH_MAX> message{};
};

[[noreturn]] void fail(j_common_ptr jpeg) {
  auto* state = reinterpret_cast<ErrorState*>(jpeg->err);
  jpeg->err->format_message(jpeg, state->message.data());
  std::longjmp(state->on_error, 1);
}

[[noreturn]] void fail_with(j_common_ptr jpeg, const char* message) {
  auto* state = reinterpret_cast<ErrorState*>(jpeg->err);
  std::snprintf(state->message.data(), state->message.size(), "%s", message);
  std::longjmp(state->on_error, 1);
}

void ignore_message(j_common_ptr /*jpeg*/, int /*level*/) {}

void set_up(ErrorState& state) {
  jpeg_std_error(&state.manager);
  state.manager.error_exit = fail;
  state.manager.emit_message = ignore_message;
}

/// Runs `step`; false when libjpeg failed in it. No destructor may be pending inside `step`.
template <typename Step>
bool guarded_by_jump(ErrorState& state, const Step& step) {
  if (setjmp(state.on_error) != 0) {
    return false;
  }
  step();
  return true;
}

// The source: all bytes are there from the start, so asking for more means that the file is cut off.

void start_source(j_decompress_ptr /*jpeg*/) {}

boolean refuse_more(j_decompress_ptr jpeg) {
  fail_with(reinterpret_cast<j_common_ptr>(jpeg), "truncated");
}

void skip_bytes(j_decompress_ptr jpeg, long count) {
  if (count <= 0) {
    return;
  }
  const auto skip = static_cast<std::size_t>(count);
  if (skip > jpeg->src->bytes_in_buffer) {
    refuse_more(jpeg);
  }
  jpeg->src->next_input_byte += skip;
  jpeg->src->bytes_in_buffer -= skip;
}

void check_scans(j_common_ptr jpeg) {
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > kMaxScans) {
    fail_with(jpeg, "more than 100 scans");
  }
}

class JpegDecoder {
 public:
  JpegDecoder(Bytes bytes, std::string_view name) : bytes_(bytes), name_(name) {
    set_up(errors_);
    jpeg_.err = &errors_.manager;
    source_.next_input_byte = bytes.data();
    source_.bytes_in_buffer = bytes.size();
    source_.init_source = start_source;
    source_.fill_input_buffer = refuse_more;
    source_.skip_input_data = skip_bytes;
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = start_source;
    progress_.progress_monitor = check_scans;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&jpeg_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  void decode(RowSink& out, const std::optional<LeastSize>& least) {
    require(guarded_by_jump(errors_, [this] { read_header(); }));
    const int components = jpeg_.num_components;
    if (components != 1 && components != 3) {
      throw FormatError(fmt::format("{}: JPEG of {} components{}; grey and colour are supported",
                                    name_, components, components == 4 ? " (CMYK)" : ""));
    }
    check_plausible(jpeg_.image_width, jpeg_.image_height, bytes_.size(), kJpegPixelsAByte, name_);
    jpeg_.out_color_space = components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    if (least) {
      jpeg_.scale_num = 1;
      jpeg_.scale_denom = largest_denominator(*least);
    }
    if (jpeg_has_multiple_scans(&jpeg_) != FALSE) {
      out.expect_memory(coefficient_bytes());
    }
    require(guarded_by_jump(errors_, [this] { jpeg_start_decompress(&jpeg_); }));
    out.begin(
        {static_cast<int>(jpeg_.output_width), static_cast<int>(jpeg_.output_height), components});
    require(guarded_by_jump(errors_, [this, &out] { read_rows(out); }));
  }

  /// The file's table of luma, as libjpeg lays it out; null where there is none.
  const JQUANT_TBL* luma_table() {
    return guarded_by_jump(errors_, [this] { read_header(); }) ? jpeg_.quant_tbl_ptrs[0] : nullptr;
  }

 private:
  void require(bool done) const {
    if (!done) {
      throw FormatError(fmt::format("{}: JPEG: {}", name_, errors_.message.data()));
    }
  }

  void read_header() {
    jpeg_create_decompress(&jpeg_);
    jpeg_.src = &source_;
    jpeg_.progress = &progress_;
    jpeg_read_header(&jpeg_, TRUE);
  }

  /// As Pillow's `draft` chooses it for this size.
  unsigned largest_denominator(const LeastSize& least) const {
    for (const unsigned denominator : {8U, 4U, 2U}) {
      if (jpeg_.image_width / denominator >= least.width &&
          jpeg_.image_height / denominator >= least.height) {
        return denominator;
      }
    }
    return 1;
  }

  /// What libjpeg holds of a file of several scans, until the last one is there.
  std::size_t coefficient_bytes() const {
    std::size_t bytes = 0;
    for (int i = 0; i < jpeg_.num_components; ++i) {
      const jpeg_component_info& component = jpeg_.comp_info[i];
      bytes += std::size_t{component.width_in_blocks} * component.height_in_blocks * sizeof(JBLOCK);
    }
    return bytes;
  }

  void read_rows(RowSink& out) {
    while (jpeg_.output_scanline < jpeg_.output_height) {
      JSAMPROW row = out.place();
      jpeg_read_scanlines(&jpeg_, &row, 1);
      out.take(row);
    }
    jpeg_finish_decompress(&jpeg_);
  }

  Bytes bytes_;
  std::string_view name_;
  ErrorState errors_;
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct jpeg_{};
};

/// Collects the encoder's output, a block at a time.
struct Destination {
  jpeg_destination_mgr manager{};  ///< stands first, so that it can be found by it
  std::array<JOCTET, 1 << 14> block{};
  std::vector<std::uint8_t> bytes;

  void start_block() {
    manager.next_output_byte = block.data();
    manager.free_in_buffer = block.size();
  }
};

Destination& destination_of(j_compress_ptr jpeg) {
  return *reinterpret_cast<Destination*>(jpeg->dest);
}

void start_destination(j_compress_ptr jpeg) {
  destination_of(jpeg).start_block();
}

/// Appends what the block holds; false when there is no memory for it.
bool append_block(Destination& destination) {
  const std::size_t used = destination.block.size() - destination.manager.free_in_buffer;
  const JOCTET* block = destination.block.data();
  try {
    destination.bytes.insert(destination.bytes.end(), block, block + used);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

void finish_destination(j_compress_ptr jpeg) {
  if (!append_block(destination_of(jpeg))) {
    fail_with(reinterpret_cast<j_common_ptr>(jpeg), "out of memory");
  }
}

boolean empty_block(j_compress_ptr jpeg) {
  Destination& destination = destination_of(jpeg);
  destination.manager.free_in_buffer = 0;  // libjpeg leaves it stale: the whole block is meant
  finish_destination(jpeg);
  destination.start_block();
  return TRUE;
}

class JpegEncoder {
 public:
  JpegEncoder() {
    set_up(errors_);
    jpeg_.err = &errors_.manager;
    destination_.manager.init_destination = start_destination;
    destination_.manager.empty_output_buffer = empty_block;
    destination_.manager.term_destination = finish_destination;
  }
  ~JpegEncoder() { jpeg_destroy_compress(&jpeg_); }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;

  std::vector<std::uint8_t> encode(const ImageView& image, int quality) {
    row_.resize(image.row(0).size());
    if (!guarded_by_jump(errors_, [this, &image, quality] { write(image, quality); })) {
      throw InvalidArgument(fmt::format("JPEG of {}x{} pixels: {}", image.width(), image.height(),
                                        errors_.message.data()));
    }
    return std::move(destination_.bytes);
  }

  /// The quality whose table of luma differs least from `table`.
  std::optional<int> nearest_quality(const JQUANT_TBL& table) {
    int nearest = 0;
    long least = std::numeric_limits<long>::max();
    const bool done = guarded_by_jump(errors_, [&] {
      jpeg_create_compress(&jpeg_);
      jpeg_.in_color_space = JCS_RGB;
      jpeg_.input_components = 3;
      jpeg_set_defaults(&jpeg_);
      for (int quality = 1; quality <= 100; ++quality) {
        jpeg_set_quality(&jpeg_, quality, TRUE);
        long difference = 0;
        for (int i = 0; i < DCTSIZE2; ++i) {
          difference += std::abs(static_cast<long>(table.quantval[i]) -
                                 static_cast<long>(jpeg_.quant_tbl_ptrs[0]->quantval[i]));
        }
        if (difference < least) {
          least = difference;
          nearest = quality;
        }
      }
    });
    return done ? std::optional(nearest) : std::nullopt;
  }

 private:
  void write(const ImageView& image, int quality) {
    constexpr int kFullChromaQuality = 90;
    jpeg_create_compress(&jpeg_);
    jpeg_.dest = &destination_.manager;
    jpeg_.image_width = static_cast<JDIMENSION>(image.width());
    jpeg_.image_height = static_cast<JDIMENSION>(image.height());
    jpeg_.input_components = image.channels();
    jpeg_.in_color_space = image.channels() == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&jpeg_);
    jpeg_set_quality(&jpeg_, quality, TRUE);
    const int luma_factor = image.channels() == 3 && quality < kFullChromaQuality ? 2 : 1;
    jpeg_.comp_info[0].h_samp_factor = luma_factor;
    jpeg_.comp_info[0].v_samp_factor = luma_factor;
    jpeg_start_compress(&jpeg_, TRUE);
    while (jpeg_.next_scanline < jpeg_.image_height) {
      copy_rgb_row(image, static_cast<int>(jpeg_.next_scanline), row_.data());
      JSAMPROW row = row_.data();
      jpeg_write_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_compress(&jpeg_);
  }

  ErrorState errors_;
  Destination destination_;
  std::vector<std::uint8_t> row_;
  jpeg_compress_struct jpeg_{};
};

}  // namespace

void decode_jpeg(Bytes bytes, std::string_view name, RowSink& out,
                 const std::optional<LeastSize>& least) {
  JpegDecoder(bytes, name).decode(out, least);
}

std::optional<int> jpeg_quality(Bytes bytes) {
  JpegDecoder decoder(bytes, "");
  const JQUANT_TBL* table = decoder.luma_table();
  return table == nullptr ? std::nullopt : JpegEncoder().nearest_quality(*table);
}

std::vector<std::uint8_t> encode_jpeg(const ImageView& image, int quality) {
  return JpegEncoder().encode(image, quality);
}

}  // namespace gradspace::codec
