// CIFAR-10's binary files: records of a label and 3 x 32 x 32 bytes, colour plane by colour plane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/random_access_file.h"
#include "gradspace/source.h"

namespace gradspace {

inline constexpr std::size_t kCifar10Record = 1 + 3 * 32 * 32;

/// "data_batch_1.bin" to "data_batch_5.bin", "test_batch.bin".
bool is_cifar10_name(std::string_view name);

class Cifar10Source final : public Source {
 public:
  /// `path` is one of the files (of any name), or a folder that holds some under CIFAR-10's names.
  /// Throws IoError; FormatError when a file is not a whole number of records.
  explicit Cifar10Source(const std::filesystem::path& path);

  SourceKind kind() const override { return SourceKind::kCifar10; }
  std::size_t size() const override { return size_; }
  ImageInfo info(std::size_t i) const override;
  Image load(std::size_t i) const override;
  void load_fitted(std::size_t i, FixedSizeReader& reader,
                   std::span<std::uint8_t> out_hwc) const override;
  std::vector<std::filesystem::path> files(std::size_t i) const override {
    return {part_of(i).file};
  }
  std::span<const std::string> skipped() const override { return {}; }

 private:
  struct Part {
    std::string name;
    RandomAccessFile records;
    std::size_t begin;  // number of its first image in the source
    std::filesystem::path file;
  };

  void add(const std::filesystem::path& file);
  const Part& part_of(std::size_t i) const;
  /// The image's pixels, [32, 32, 3].
  void read(std::size_t i, std::span<std::uint8_t> out_hwc) const;

  std::vector<Part> parts_;
  std::size_t size_ = 0;
};

}  // namespace gradspace
