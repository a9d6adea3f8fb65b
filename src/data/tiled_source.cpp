// Tiles of photographs as images of their own.
#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/tiles.h"

namespace gradspace {
namespace {

/// The photograph that a thread decoded last: its next tile is of the same one as a rule.
struct LastPhotograph {
  std::size_t number = std::numeric_limits<std::size_t>::max();
  std::optional<Image> image;
};

class TiledSource : public Source {
 public:
  TiledSource(std::shared_ptr<const Source> photographs, const TileDraw& draw)
      : photographs_(std::move(photographs)), draw_(draw), frames_(photographs_->size()) {}

  SourceKind kind() const override { return photographs_->kind(); }
  std::size_t size() const override { return photographs_->size() * draw_.per_image; }
  ImageInfo info(std::size_t i) const override { return photographs_->info(photograph_of(i)); }

  Image load(std::size_t i) const override {
    const ImageView tile = view(i);
    return tile.channels() == 1 ? to_grey(tile) : to_rgb(tile);
  }

  void load_fitted(std::size_t i, FixedSizeReader& reader,
                   std::span<std::uint8_t> out_hwc) const override {
    reader.fit(view(i), out_hwc);
  }

  std::vector<std::filesystem::path> files(std::size_t i) const override {
    return photographs_->files(photograph_of(i));
  }

  std::optional<TilePlace> tile(std::size_t i) const override {
    const std::uint64_t frame = frames_[photograph_of(i)];
    return frame == 0 ? std::nullopt
                      : std::optional(place(i, static_cast<int>(frame >> 32),
                                            static_cast<int>(frame & 0xFFFF'FFFF)));
  }

  std::span<const std::string> skipped() const override { return photographs_->skipped(); }
  std::size_t skipped_count() const override { return photographs_->skipped_count(); }

 private:
  std::size_t photograph_of(std::size_t i) const { return i / draw_.per_image; }

  /// Of the thread's own copy of the photograph.
  ImageView view(std::size_t i) const {
    const std::size_t number = photograph_of(i);
    LastPhotograph& last = last_.local();
    if (last.number != number) {
      last.image.reset();  // before the next one takes its memory
      last.number = std::numeric_limits<std::size_t>::max();
      last.image = photographs_->load(number);
      last.number = number;
    }
    const Image& image = *last.image;
    const Tiling& tiling = draw_.tiling;
    if (image.width() < tiling.width || image.height() < tiling.height) {
      throw FormatError(fmt::format("{}: {}x{} pixels are smaller than a tile of {}x{}",
                                    photographs_->info(number).path, image.width(), image.height(),
                                    tiling.width, tiling.height));
    }
    frames_[number] = std::uint64_t{static_cast<std::uint32_t>(image.width())} << 32 |
                      static_cast<std::uint32_t>(image.height());
    return part_of(image, place(i, image.width(), image.height()), tiling.width, tiling.height);
  }

  TilePlace place(std::size_t i, int width, int height) const {
    Random random(combine(combine(draw_.seed, hash_text(info(i).path)), i % draw_.per_image));
    const auto x = random.below(static_cast<std::uint64_t>(width - draw_.tiling.width) + 1);
    const auto y = random.below(static_cast<std::uint64_t>(height - draw_.tiling.height) + 1);
    return {static_cast<int>(x), static_cast<int>(y)};
  }

  std::shared_ptr<const Source> photographs_;
  TileDraw draw_;
  mutable tbb::enumerable_thread_specific<LastPhotograph> last_;
  mutable std::vector<std::atomic<std::uint64_t>> frames_;  ///< width and height; 0 = not read yet
};

}  // namespace

void TileDraw::require_size(int width, int height, std::string_view what) const {
  if (tiling.width != width || tiling.height != height) {
    throw InvalidArgument(fmt::format("{}: tiles of {}x{} are not of the model's size, {}x{}", what,
                                      tiling.width, tiling.height, width, height));
  }
}

std::string tile_draw_record(const TileDraw& draw) {
  return nlohmann::json{{"size", {draw.tiling.width, draw.tiling.height}},
                        {"stride", nullptr},
                        {"per_image", draw.per_image},
                        {"seed", draw.seed}}
      .dump();
}

std::size_t default_tiles_per_image(std::size_t photographs) {
  constexpr std::size_t kInAll = 20'000;
  return std::clamp<std::size_t>(kInAll / std::max<std::size_t>(photographs, 1), 4, 100);
}

std::size_t tiles_per_image(std::size_t wanted, std::size_t photographs) {
  return wanted > 0 ? wanted : default_tiles_per_image(photographs);
}

std::unique_ptr<Source> draw_tiles(std::shared_ptr<const Source> source, const TileDraw& draw) {
  draw.tiling.validate();
  if (draw.per_image < 1 ||
      draw.per_image > std::numeric_limits<std::size_t>::max() / source->size()) {
    throw InvalidArgument(fmt::format("tiles: {} of each of {} photographs can't be drawn",
                                      draw.per_image, source->size()));
  }
  return std::make_unique<TiledSource>(std::move(source), draw);
}

}  // namespace gradspace
