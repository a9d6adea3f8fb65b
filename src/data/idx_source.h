// MNIST's IDX files (images [N,H,W] and labels [N] of bytes), plain or gzip.
//
// A gzip file is decompressed once, on opening, into an unlinked temporary file: images are then
// read where they lie, and memory stays flat.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/random_access_file.h"
#include "gradspace/source.h"

namespace gradspace {

/// An IDX file of unsigned bytes.
struct IdxHeader {
  std::vector<std::uint32_t> shape;
  std::size_t data_offset = 0;
  std::uint64_t values = 0;
};

/// Reads the header at the beginning of `bytes`. Throws FormatError for another element type,
/// another number of axes than `axes`, an extent of 0, or a size that overflows.
IdxHeader parse_idx_header(std::span<const std::uint8_t> bytes, std::size_t axes,
                           std::string_view name);

/// Whether a file, decompressed where it is gzip, begins as an IDX file of images or labels does.
bool is_idx(const RandomAccessFile& file);

/// Whether a file is called as an images file is: "...images-idx3-ubyte", "...images.idx3-ubyte",
/// either with ".gz".
bool is_idx_images_name(std::string_view name);

class IdxSource final : public Source {
 public:
  /// `path` is an images file, or a folder that holds some. Throws IoError, FormatError.
  explicit IdxSource(const std::filesystem::path& path);

  SourceKind kind() const override { return SourceKind::kIdx; }
  std::size_t size() const override { return size_; }
  ImageInfo info(std::size_t i) const override;
  Image load(std::size_t i) const override;
  void load_fitted(std::size_t i, FixedSizeReader& reader,
                   std::span<std::uint8_t> out_hwc) const override;
  std::vector<std::filesystem::path> files(std::size_t i) const override {
    return part_of(i).files;
  }
  std::span<const std::string> skipped() const override { return skipped_; }

 private:
  struct Part {
    std::string name;
    std::string set;
    RandomAccessFile pixels;
    std::size_t data_offset;
    int width;
    int height;
    std::size_t begin;                 // number of its first image in the source
    std::vector<std::uint8_t> labels;  // empty where there is no labels file
    std::vector<std::filesystem::path> files;

    std::size_t image_size() const {
      return static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    }
    /// The pixels of the source's image `i`, which is one of this part's.
    void read(std::size_t i, std::span<std::uint8_t> out) const {
      pixels.read_exactly(data_offset + (i - begin) * image_size(), out);
    }
  };

  void add(const std::filesystem::path& images);
  const Part& part_of(std::size_t i) const;

  std::vector<Part> parts_;
  std::size_t size_ = 0;
  std::vector<std::string> skipped_;
};

}  // namespace gradspace
