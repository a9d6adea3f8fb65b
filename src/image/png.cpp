// PNG through libpng. The library reports errors by longjmp: every call of it that may fail runs
// inside `guarded_by_png_jump`, in a function that holds no object with a destructor while it does.
#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <optional>

#include "gradspace/error.h"
#include "image/codec.h"
#include "image/raw_image.h"

namespace gradspace::codec {
namespace {

/// What libpng's callbacks know.
struct Context {
  std::jmp_buf on_error;
  std::array<char, 160> message{};
  Bytes unread;                       ///< when reading
  std::vector<std::uint8_t>* output;  ///< when writing
  bool out_of_memory = false;
};

[[noreturn]] void fail(png_structp png, png_const_charp message) {
  auto* context = static_cast<Context*>(png_get_error_ptr(png));
  std::snprintf(context->message.data(), context->message.size(), "%s", message);
  std::longjmp(context->on_error, 1);
}

void ignore_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void read_bytes(png_structp png, png_bytep to, std::size_t count) {
  auto* context = static_cast<Context*>(png_get_io_ptr(png));
  if (context->unread.size() < count) {
    png_error(png, "truncated");
  }
  std::memcpy(to, context->unread.data(), count);
  context->unread = context->unread.subspan(count);
}

void write_bytes(png_structp png, png_bytep from, std::size_t count) {
  auto* context = static_cast<Context*>(png_get_io_ptr(png));
  try {
    context->output->insert(context->output->end(), from, from + count);
    return;
  } catch (const std::bad_alloc&) {
    context->out_of_memory = true;
  }
  png_error(png, "out of memory");
}

void flush_nothing(png_structp /*png*/) {}

/// Runs `step`; false when libpng failed in it. No destructor may be pending inside `step`.
template <typename Step>
bool guarded_by_png_jump(Context& context, const Step& step) {
  if (setjmp(context.on_error) != 0) {
    return false;
  }
  step();
  return true;
}

class PngDecoder {
 public:
  PngDecoder(Bytes bytes, std::string_view name) : name_(name) {
    context_.unread = bytes;
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &context_, fail, ignore_warning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  void decode(RowSink& out) {
    const std::size_t file_size = context_.unread.size();
    require(guarded_by_png_jump(context_, [this] { read_header(); }));
    check_plausible(width_, height_, file_size, kPngPixelsAByte, name_);
    const bool indexed = colour_type_ == PNG_COLOR_TYPE_PALETTE;
    const bool grey = (colour_type_ & PNG_COLOR_MASK_COLOR) == 0;
    require(guarded_by_png_jump(context_, [this] { set_up_transforms(); }));
    const std::size_t row_bytes = png_get_rowbytes(png_, info_);
    const std::size_t stored_channels = indexed || grey ? 1 : 3;
    if (row_bytes != stored_channels * width_) {
      throw FormatError(fmt::format("{}: PNG: rows of {} bytes", name_, row_bytes));
    }
    const RowLayout layout{static_cast<int>(width_), static_cast<int>(height_), grey ? 1 : 3};
    const std::optional<Palette> colours = indexed ? std::optional(palette()) : std::nullopt;
    if (passes_ > 1) {
      read_interlaced(layout, row_bytes, colours, out);
    } else {
      out.begin(layout);
      std::vector<std::uint8_t> stored(indexed ? row_bytes : 0);
      require(guarded_by_png_jump(context_, [&] {
        for (std::uint32_t y = 0; y < height_; ++y) {
          png_read_row(png_, indexed ? stored.data() : out.place(), nullptr);
          give_row(stored, colours, out);
        }
      }));
    }
    require(read_end());
  }

 private:
  void require(bool done) const {
    if (!done) {
      throw FormatError(fmt::format("{}: PNG: {}", name_, context_.message.data()));
    }
  }

  void read_header() {
    png_set_read_fn(png_, &context_, read_bytes);
    png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    // Text, profiles and the like are passed over, not stored, not inflated.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_read_info(png_, info_);
    width_ = png_get_image_width(png_, info_);
    height_ = png_get_image_height(png_, info_);
    colour_type_ = png_get_color_type(png_, info_);
  }

  void set_up_transforms() {
    if (png_get_bit_depth(png_, info_) == 16) {
      png_set_scale_16(png_);  // divides by 257 and rounds
    } else if (colour_type_ == PNG_COLOR_TYPE_PALETTE) {
      png_set_packing(png_);  // one index a byte
    } else if (colour_type_ == PNG_COLOR_TYPE_GRAY) {
      png_set_expand_gray_1_2_4_to_8(png_);
    }
    png_set_strip_alpha(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  }

  /// A row of indices, or, where there is no palette, the one that was read to its place.
  static void give_row(Bytes stored, const std::optional<Palette>& colours, RowSink& out) {
    if (colours) {
      colours->resolve(stored, 3, out.place());
    }
    out.take_placed();
  }

  /// The first row is whole after the last pass alone: all of the image is held until then.
  void read_interlaced(const RowLayout& layout, std::size_t row_bytes,
                       const std::optional<Palette>& colours, RowSink& out) {
    out.expect_memory(row_bytes * height_);
    std::vector<std::uint8_t> stored(row_bytes * height_);
    require(guarded_by_png_jump(context_, [&] {
      for (int pass = 0; pass < passes_; ++pass) {
        for (std::size_t y = 0; y < height_; ++y) {
          png_read_row(png_, stored.data() + y * row_bytes, nullptr);
        }
      }
    }));
    out.begin(layout);
    for (std::size_t y = 0; y < height_; ++y) {
      const Bytes row = Bytes(stored).subspan(y * row_bytes, row_bytes);
      if (!colours) {
        std::memcpy(out.place(), row.data(), row.size());
      }
      give_row(row, colours, out);
    }
  }

  /// Reads on to the end. What stands behind the pixels is of no account, as in Pillow: a damaged text there,
  /// or no end at all, makes the picture no worse. False when it is the pixels that are damaged.
  bool read_end() {
    if (guarded_by_png_jump(context_, [this] { png_read_end(png_, nullptr); })) {
      return true;
    }
    constexpr png_uint_32 kPixels = 0x49444154;  // "IDAT"
    const bool between_chunks = (png_get_io_state(png_) & PNG_IO_MASK_LOC) == PNG_IO_CHUNK_HDR;
    return between_chunks || png_get_io_chunk_type(png_) != kPixels;
  }

  Palette palette() const {
    png_colorp colours = nullptr;
    int count = 0;
    png_get_PLTE(png_, info_, &colours, &count);
    Palette result;
    for (int i = 0; i < count; ++i) {
      const png_color& colour = colours[i];
      result.set(static_cast<std::size_t>(i), colour.red, colour.green, colour.blue);
    }
    return result;
  }

  Context context_{};
  std::string_view name_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;
  unsigned colour_type_ = 0;
  int passes_ = 1;
};

class PngEncoder {
 public:
  explicit PngEncoder(std::vector<std::uint8_t>& output) {
    context_.output = &output;
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, &context_, fail, ignore_warning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_write_struct(&png_, nullptr);
      throw std::bad_alloc();
    }
  }
  ~PngEncoder() { png_destroy_write_struct(&png_, &info_); }
  PngEncoder(const PngEncoder&) = delete;
  PngEncoder& operator=(const PngEncoder&) = delete;

  void encode(const ImageView& image) {
    if (!guarded_by_png_jump(context_, [this, &image] { write(image); })) {
      if (context_.out_of_memory) {
        throw std::bad_alloc();
      }
      throw InvalidArgument(fmt::format("PNG of {}x{} pixels: {}", image.width(), image.height(),
                                        context_.message.data()));
    }
  }

 private:
  void write(const ImageView& image) {
    png_set_write_fn(png_, &context_, write_bytes, flush_nothing);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(image.width()),
                 static_cast<png_uint_32>(image.height()), 8,
                 image.channels() == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    if (is_bgr(image)) {
      png_set_bgr(png_);
    }
    for (int y = 0; y < image.height(); ++y) {
      png_write_row(png_, image.row(y).data());
    }
    png_write_end(png_, nullptr);
  }

  Context context_{};
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

}  // namespace

void decode_png(Bytes bytes, std::string_view name, RowSink& out) {
  PngDecoder(bytes, name).decode(out);
}

std::vector<std::uint8_t> encode_png(const ImageView& image) {
  std::vector<std::uint8_t> bytes;
  PngEncoder(bytes).encode(image);
  return bytes;
}

}  // namespace gradspace::codec
