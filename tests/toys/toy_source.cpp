#include "core/file.h"
#include "data/source_format.h"

namespace gradspace {
namespace {

constexpr auto kToyKind = static_cast<SourceKind>(100);

/// A file X.toy holds a grey of 8 x 8 pixels for each of its bytes.
class ToySource final : public Source {
 public:
  explicit ToySource(const std::filesystem::path& path) : greys_(read_file(path)) {}

  SourceKind kind() const override { return kToyKind; }
  std::size_t size() const override { return greys_.size(); }
  ImageInfo info(std::size_t i) const override {
    ImageInfo info;
    info.path = std::to_string(i);
    return info;
  }
  Image load(std::size_t i) const override {
    constexpr int kSide = 8;
    Image image(kSide, kSide, 1);
    for (std::uint8_t& value : image.pixels()) {
      value = greys_[i];
    }
    return image;
  }
  std::span<const std::string> skipped() const override { return {}; }

 private:
  std::vector<std::uint8_t> greys_;
};

bool is_toy(const std::filesystem::path& path) {
  return path.extension() == ".toy";
}

}  // namespace

SourceFormat toy_format() {
  return {"toy-source", kToyKind,
          [](const std::filesystem::path& path, const RandomAccessFile&) { return is_toy(path); },
          is_toy,
          [](const std::filesystem::path& path) -> std::unique_ptr<Source> {
            return std::make_unique<ToySource>(path);
          }};
}

}  // namespace gradspace
