#include "data/cifar10_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <system_error>
#include <utility>

#include "data/source_format.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"data_batch_1.bin", "data_batch_2.bin",
                                                    "data_batch_3.bin", "data_batch_4.bin",
                                                    "data_batch_5.bin", "test_batch.bin"};
constexpr int kSide = 32;
constexpr std::size_t kPlane = kSide * kSide;
constexpr int kClasses = 10;

}  // namespace

bool is_cifar10_name(std::string_view name) {
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

Cifar10Source::Cifar10Source(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    add(path);
    return;
  }
  for (const std::string_view name : kNames) {
    if (std::filesystem::exists(path / name, error)) {
      add(path / name);
    }
  }
  if (parts_.empty()) {
    throw FormatError(fmt::format(
        "{}: no CIFAR-10 binary (data_batch_1.bin ... test_batch.bin) found", path.string()));
  }
}

void Cifar10Source::add(const std::filesystem::path& file) {
  RandomAccessFile records(file);
  if (records.size() == 0 || records.size() % kCifar10Record != 0) {
    throw FormatError(fmt::format("{}: {} bytes, not a whole number of CIFAR-10's records of {}",
                                  records.name(), records.size(), kCifar10Record));
  }
  const auto count = static_cast<std::size_t>(records.size() / kCifar10Record);
  parts_.push_back({file.filename().string(), std::move(records), size_, file});
  size_ += count;
}

const Cifar10Source::Part& Cifar10Source::part_of(std::size_t i) const {
  const auto after =
      std::upper_bound(parts_.begin(), parts_.end(), i,
                       [](std::size_t at, const Part& part) { return at < part.begin; });
  return *std::prev(after);
}

ImageInfo Cifar10Source::info(std::size_t i) const {
  const Part& part = part_of(i);
  const std::size_t index = i - part.begin;
  std::array<std::uint8_t, 1> label{};
  part.records.read_exactly(index * kCifar10Record, label);
  ImageInfo info;
  info.path = fmt::format("{}#{}", part.name, index);
  info.set = part.name.starts_with("test") ? "test" : "train";
  info.object_class = label[0] < kClasses ? label[0] : -1;
  return info;
}

void Cifar10Source::read(std::size_t i, std::span<std::uint8_t> out_hwc) const {
  const Part& part = part_of(i);
  const std::size_t index = i - part.begin;
  std::array<std::uint8_t, kCifar10Record> record{};
  part.records.read_exactly(index * kCifar10Record, record);
  if (record[0] >= kClasses) {
    throw FormatError(fmt::format("{}#{}: class {} of CIFAR-10's {}", part.records.name(), index,
                                  record[0], kClasses));
  }
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const std::span plane = std::span(record).subspan(1 + channel * kPlane, kPlane);
    for (std::size_t pixel = 0; pixel < kPlane; ++pixel) {
      out_hwc[3 * pixel + channel] = plane[pixel];
    }
  }
}

Image Cifar10Source::load(std::size_t i) const {
  Image image(kSide, kSide, 3);
  read(i, image.pixels());
  return image;
}

void Cifar10Source::load_fitted(std::size_t i, FixedSizeReader& reader,
                                std::span<std::uint8_t> out_hwc) const {
  std::array<std::uint8_t, 3 * kPlane> pixels{};
  read(i, pixels);
  reader.fit({pixels, kSide, kSide, 3, std::size_t{3} * kSide}, out_hwc);
}

namespace {

bool is_cifar10(const std::filesystem::path& file) {
  if (!is_cifar10_name(file.filename().string())) {
    return false;
  }
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  return !error && size > 0 && size % kCifar10Record == 0;
}

}  // namespace

SourceFormat cifar10_format() {
  return {
      "cifar10", SourceKind::kCifar10,
      [](const std::filesystem::path& path, const RandomAccessFile&) { return is_cifar10(path); },
      is_cifar10,
      [](const std::filesystem::path& path) -> std::unique_ptr<Source> {
        return std::make_unique<Cifar10Source>(path);
      }};
}

}  // namespace gradspace
