#include "photograph/learning.h"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/file.h"
#include "core/parallel.h"
#include "core/random.h"
#include "data/scenes.h"
#include "gradspace/error.h"
#include "photograph/damage.h"

namespace gradspace {
namespace {

/// Damaged copies in all, and of each photograph.
constexpr std::size_t kCopiesInAll = 2400;
constexpr std::size_t kMinCopies = 4;
constexpr std::size_t kMaxCopies = 12;
/// Windows of the clean photograph, beside itself.
constexpr std::size_t kCleanCopies = 4;
/// Rows that the tiles' networks learn from, in all.
constexpr std::size_t kTileRows = 60'000;
/// Of a clean photograph so many tiles at most are kept for what clean tiles score.
constexpr std::size_t kMaxCleanTiles = 512;
/// A tile of a damaged copy is of the damaged class where its samples have changed by more than the one, and of the
/// clean class where by less than the other.
constexpr double kChangedBy = 1.5;
constexpr double kUnchangedBy = 0.3;

std::size_t copies_of(std::size_t photographs) {
  return std::clamp(kCopiesInAll / photographs, kMinCopies, kMaxCopies);
}

/// Mean absolute difference of a tile's samples.
double change_of(const Image& a, const Image& b, const TilePlace& place, const Tiling& tiling) {
  const ImageView first = part_of(a, place, tiling.width, tiling.height);
  const ImageView second = part_of(b, place, tiling.width, tiling.height);
  double sum = 0;
  for (int y = 0; y < tiling.height; ++y) {
    const auto row = first.row(y);
    const auto other = second.row(y);
    for (std::size_t x = 0; x < row.size(); ++x) {
      sum += std::abs(static_cast<int>(row[x]) - static_cast<int>(other[x]));
    }
  }
  return sum / (static_cast<double>(tiling.width) * tiling.height * a.channels());
}

class Learner {
 public:
  Learner(const Source& source, const PhotographOptions& options, std::size_t photographs)
      : source_(source),
        options_(options),
        copies_(copies_of(photographs)),
        tiles_per_copy_(std::clamp<std::size_t>(kTileRows / (photographs * (copies_ + 1)), 2, 48)) {
  }

  /// Photograph `i` of the source.
  Learned learn(std::size_t i, PhotographDescriber& describer) const {
    Learned learned;
    learned.path = source_.info(i).path;
    Random random(combine(options_.seed, hash_text(learned.path)));
    const Image photograph = source_.load(i);
    learned.hash = perceptual_hash(photograph);
    const Coding coding = coding_of_file(i);
    const PhotographNumbers& numbers =
        add(photograph, photograph, false, describer, random, learned);
    keep_clean_tiles(numbers, random, learned);
    for (std::size_t k = 0; k < kCleanCopies; ++k) {
      const Image part = window(photograph, random);
      add(random.chance(0.5) ? coded_again(part, coding) : part, part, false, describer, random,
          learned);
    }
    learned.clean_copies = std::max(learned.gradients.size(), learned.image.size());
    for (std::size_t k = 0; k < copies_; ++k) {
      const Image part = window(photograph, random);
      add(damaged(part, coding, random), coded_again(part, coding), true, describer, random,
          learned);
    }
    return learned;
  }

 private:
  /// A part of the photograph, from a half to all of its width and height, so that a scene has more to teach than its
  /// one view. It begins at a multiple of 8, as the blocks of JPEG do.
  Image window(const Image& photograph, Random& random) const {
    const auto side = [&random](int whole, int tile) {
      const int least = std::min(whole, std::max(whole / 2, tile));
      const int length =
          least + static_cast<int>(random.below(static_cast<std::uint64_t>(whole - least) + 1));
      const int first =
          static_cast<int>(random.below(static_cast<std::uint64_t>(whole - length) + 1)) / 8 * 8;
      return std::pair(first, length);
    };
    const auto [x, width] = side(photograph.width(), options_.tiling.width);
    const auto [y, height] = side(photograph.height(), options_.tiling.height);
    const ImageView view = part_of(photograph, {x, y}, width, height);
    return view.channels() == 1 ? to_grey(view) : to_rgb(view);
  }

  /// A file's coding; that of images out of archives is not known.
  Coding coding_of_file(std::size_t i) const {
    const std::vector<std::filesystem::path> files = source_.files(i);
    return files.size() == 1 ? coding_of(read_file(files.front())) : Coding{};
  }

  /// Returns the copy's numbers, until the describer is used again.
  const PhotographNumbers& add(const Image& copy, const Image& original, bool is_damaged,
                               PhotographDescriber& describer, Random& random,
                               Learned& learned) const {
    const PhotographNumbers& numbers = describer.describe(copy, learned.path);
    if (!numbers.gradients.empty()) {
      learned.gradients.push_back(numbers.gradients);
    }
    if (!numbers.image.empty()) {
      learned.image.push_back(numbers.image);
    }
    const TileGrid grid(options_.tiling, copy.width(), copy.height(), learned.path);
    for (std::size_t k = 0; k < tiles_per_copy_; ++k) {
      const std::size_t tile = random.below(grid.size());
      const double change =
          is_damaged ? change_of(original, copy, grid.place(tile), options_.tiling) : 0;
      if (change > kChangedBy || change < kUnchangedBy) {
        learned.tiles.add(row_of(numbers, tile), change > kChangedBy, 0);
      }
    }
    return numbers;
  }

  static std::span<const float> row_of(const PhotographNumbers& numbers, std::size_t tile) {
    return std::span(numbers.tiles).subspan(tile * numbers.tile_columns, numbers.tile_columns);
  }

  static void keep_clean_tiles(const PhotographNumbers& numbers, Random& random, Learned& learned) {
    const std::size_t count = numbers.tiles.size() / numbers.tile_columns;
    if (count <= kMaxCleanTiles) {
      learned.clean_tiles = numbers.tiles;
      return;
    }
    for (std::size_t k = 0; k < kMaxCleanTiles; ++k) {
      const auto row = row_of(numbers, random.below(count));
      learned.clean_tiles.insert(learned.clean_tiles.end(), row.begin(), row.end());
    }
  }

  const Source& source_;
  const PhotographOptions& options_;
  std::size_t copies_;
  std::size_t tiles_per_copy_;
};

}  // namespace

std::vector<std::size_t> chosen_photographs(std::size_t count) {
  std::vector<std::size_t> chosen;
  const std::size_t wanted = std::min(count, kMaxPhotographs);
  for (std::size_t k = 0; k < wanted; ++k) {
    chosen.push_back(k * count / wanted);
  }
  return chosen;
}

std::vector<Learned> learn_all(const Model* model, const Source& clean,
                               const PhotographOptions& options, const PhotographParts& parts,
                               Watched& watched) {
  const std::vector<std::size_t> chosen = chosen_photographs(clean.size());
  const Learner learner(clean, options, chosen.size());
  std::vector<Learned> all(chosen.size());
  tbb::enumerable_thread_specific<PhotographDescriber> describers(
      [&] { return PhotographDescriber(model, parts, options.tiling); });
  Counted counted(watched, chosen.size());
  parallel_for(chosen.size(), [&](std::size_t k) {
    try {
      all[k] = learner.learn(chosen[k], describers.local());
    } catch (const Error& error) {
      all[k].failure = error.what();
    }
    counted.add();
  });
  std::erase_if(all, [&](const Learned& learned) {
    if (!learned.failure.empty()) {
      watched.failure(learned.failure);
    }
    return !learned.failure.empty();
  });
  return all;
}

}  // namespace gradspace
