// Frames as planes of luma and chroma, and their way to RGB (gradspace/video.h says by which rules).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gradspace/image.h"
#include "gradspace/video.h"

namespace gradspace::video {

/// What the samples of a frame mean.
struct PlaneFormat {
  int width = 0;
  int height = 0;
  int bits = 8;               ///< 8: a byte a sample; 9 to 16: two bytes, of the machine's order
  bool grey = false;          ///< luma alone
  int log2_chroma_width = 0;  ///< a row has 1 chroma sample for 2^n of luma
  int log2_chroma_height = 0;
  ColourMatrix matrix = ColourMatrix::kBt601;
  bool full_range = false;

  int chroma_width() const;
  int chroma_height() const;
  std::size_t sample_bytes() const { return bits > 8 ? 2 : 1; }

  friend bool operator==(const PlaneFormat&, const PlaneFormat&) = default;
};

/// Where a frame's planes lie: Y, Cb, Cr.
struct Planes {
  std::array<const std::uint8_t*, 3> data{};
  std::array<std::ptrdiff_t, 3> stride{};  ///< bytes
};

/// The matrix of a video that does not name one.
inline ColourMatrix matrix_of_size(int width, int height) {
  return width >= 1280 || height > 576 ? ColourMatrix::kBt709 : ColourMatrix::kBt601;
}

/// "4:2:0, 8 bits, limited range".
std::string words(const PlaneFormat& format);

/// Turns frames of one format into images.
class PlaneConverter {
 public:
  explicit PlaneConverter(const PlaneFormat& format);

  const PlaneFormat& format() const { return format_; }
  Image convert(const Planes& planes);

 private:
  /// A value between two neighbouring samples.
  struct Between {
    int first = 0;
    int second = 0;
    float weight = 0;  ///< of the second
  };
  /// `centred`: samples lie in the middle of those that they belong to, and not on the first of them.
  static Between place(int at, int log2_factor, bool centred, int count);

  /// Rows take some forty bytes a pixel of the width: not before there are samples, whatever a header says.
  void make_room();
  void luma_row(const Planes& planes, int y);
  void chroma_row(const Planes& planes, std::size_t plane, int y, std::vector<float>& out);
  void write_rgb(std::uint8_t* out) const;

  PlaneFormat format_;
  float luma_scale_ = 1;
  float luma_offset_ = 0;
  float chroma_scale_ = 1;
  float chroma_offset_ = 0;
  std::vector<Between> columns_;  ///< of chroma, by pixel
  std::vector<float> luma_;
  std::vector<float> blue_;
  std::vector<float> red_;
  std::vector<float> between_rows_;
};

}  // namespace gradspace::video
