// 03 codec error: a video stream with lost packets at a starving bit rate.
//
// Block-based hybrid coding as in ITU-T H.264 and H.262: macroblocks in raster order, a transform
// (DCT, here its lowest frequencies, which is all that strong quantisation leaves) with a dead
// zone, colour at half the luma's resolution. A lost packet damages all macroblocks to the slice's
// end: motion vectors that point to the wrong place (displaced), blocks concealed with an earlier
// frame's, here the picture moved by the camera's motion (frozen), and lost DC values (wrong
// colours; on grey pictures wrong brightness). See Y. Wang and Q.-F. Zhu, "Error Control and
// Concealment for Video Communication: A Review" (Proc. IEEE 86(5), 1998). Stored samples are what
// a codec works on, so nothing here is in linear light. A macroblock is a twelfth of the shorter
// side and at least 4 pixels, or, with sizes in pixels, the 16 pixels of H.264.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "challenge/light.h"
#include "challenge/types.h"
#include "core/random.h"

namespace gradspace::challenge {
namespace {

/// Share of the slices that are damaged.
constexpr ByLevel<double> kDamaged = {0.06, 0.16, 0.28, 0.42, 0.58};
/// Quantiser step of the lowest frequencies, in stored samples.
constexpr ByLevel<float> kStep = {5.0F, 10.5F, 17.0F, 24.0F, 33.0F};
/// What is left of detail finer than the coded frequencies.
constexpr ByLevel<float> kDetail = {0.8F, 0.6F, 0.4F, 0.2F, 0.0F};
constexpr float kBlocksPerSide = 12.0F;
constexpr int kSmallestBlock = 4;
constexpr int kBlockPx = 16;
/// With sizes in pixels, the most macroblocks of a run; else two thirds of a row.
constexpr int kLongestRun = 16;
/// Coded frequencies along an axis: luma, chroma.
constexpr std::array<int, 2> kFrequencies = {4, 2};

/// Y, Cb, Cr of JFIF (BT.601, full range, chroma around 0), or the grey plane.
Planes to_ycc(const Image& image) {
  Planes planes;
  for (int c = 0; c < image.channels(); ++c) {
    planes.emplace_back(image.width(), image.height());
  }
  const std::uint8_t* in = image.pixels().data();
  if (planes.size() == 1) {
    std::copy_n(in, planes[0].size(), planes[0].samples().begin());
    return planes;
  }
  for (std::size_t i = 0; i < planes[0].size(); ++i, in += 3) {
    const auto r = static_cast<float>(in[0]);
    const auto g = static_cast<float>(in[1]);
    const auto b = static_cast<float>(in[2]);
    const float y = 0.299F * r + 0.587F * g + 0.114F * b;
    planes[0].samples()[i] = y;
    planes[1].samples()[i] = (b - y) / 1.772F;
    planes[2].samples()[i] = (r - y) / 1.402F;
  }
  return planes;
}

Image to_image(const Planes& planes) {
  Image image(planes[0].width(), planes[0].height(), static_cast<int>(planes.size()));
  std::uint8_t* out = image.pixels().data();
  if (planes.size() == 1) {
    for (const float sample : planes[0].samples()) {
      *out++ = to_sample(sample);
    }
    return image;
  }
  for (std::size_t i = 0; i < planes[0].size(); ++i, out += 3) {
    const float y = planes[0].samples()[i];
    const float cb = planes[1].samples()[i];
    const float cr = planes[2].samples()[i];
    out[0] = to_sample(y + 1.402F * cr);
    out[1] = to_sample(y - 0.344136F * cb - 0.714136F * cr);
    out[2] = to_sample(y + 1.772F * cb);
  }
  return image;
}

/// What became of a run of macroblocks.
struct Damage {
  int dx = 0;  ///< where its pixels come from, relative to their place
  int dy = 0;
  std::array<float, 3> offset{};  ///< added to Y, Cb, Cr
  float step_factor = 1;
};

struct Run {
  double threshold;  ///< damaged at levels whose share is this or more
  int blocks;
  Damage damage;
};

int block_px(const Request& request) {
  if (request.in_pixels()) {
    return kBlockPx;
  }
  return std::max(kSmallestBlock, static_cast<int>(side_px(request) / kBlocksPerSide));
}

int longest_run(const Request& request, int columns) {
  return request.in_pixels() ? kLongestRun : std::max(2, columns * 2 / 3);
}

int pixels(double blocks, int block) {
  return static_cast<int>(std::lround(blocks * static_cast<double>(block)));
}

/// Draws a run; always the same number of draws, whatever the level.
Run draw_run(Random& random, int longest, int block, const Damage& frozen, bool grey) {
  Run run{random.uniform(), 1 + static_cast<int>(random.below(static_cast<unsigned>(longest))), {}};
  const double kind = random.uniform();
  const double dx = random.uniform(0.6, 3.0) * (random.chance(0.5) ? 1 : -1);
  const double dy = random.uniform(-1.5, 1.5);
  std::array<float, 3> wrong{};
  for (float& offset : wrong) {
    offset = static_cast<float>(random.uniform(30, 75) * (random.chance(0.5) ? 1 : -1));
  }
  if (kind < 0.45) {
    run.damage.dx = pixels(dx, block);
    run.damage.dy = pixels(dy, block);
  } else if (kind < 0.65) {
    run.damage = frozen;
  } else {
    run.damage.dx = pixels(0.3 * dx, block);
    run.damage.offset = grey ? std::array<float, 3>{wrong[0], 0, 0}
                             : std::array<float, 3>{0.3F * wrong[0], wrong[1], wrong[2]};
  }
  run.damage.step_factor = 1.6F;
  return run;
}

/// The lowest rows of the orthonormal DCT-II of length n, over sqrt(n): a constant c has the first
/// coefficient c.
class Transform {
 public:
  Transform(int n, int frequencies) : n_(n), frequencies_(std::min(n, frequencies)) {
    for (int k = 0; k < frequencies_; ++k) {
      const double scale = (k == 0 ? 1.0 : std::numbers::sqrt2);
      for (int i = 0; i < n; ++i) {
        rows_.push_back(static_cast<float>(scale * std::cos(std::numbers::pi * k * (i + 0.5) / n)));
      }
    }
  }

  int frequencies() const { return frequencies_; }
  /// The k-th cosine, n values of mean square 1.
  const float* cosine(int k) const { return rows_.data() + k * n_; }

 private:
  int n_;
  int frequencies_;
  std::vector<float> rows_;
};

/// Rounds to multiples of the step, towards zero from a third of a step on.
float quantised(float value, float step) {
  const float levels = std::floor(std::abs(value) / step + 1.0F / 3.0F);
  return std::copysign(levels * step, value);
}

/// Quantiser and its work space, for the blocks of one plane.
class BlockCoder {
 public:
  BlockCoder(int block, int frequencies)
      : block_(block),
        samples_(static_cast<std::size_t>(block * block)),
        partial_(static_cast<std::size_t>(block * frequencies)) {
    // Blocks at the right and lower edges are smaller.
    for (int n = 1; n <= block; ++n) {
      transforms_.emplace_back(n, frequencies);
    }
  }

  /// Codes the block of `out` at (x, y) from the pixels of `in` that are `damage` away.
  void code(const Plane& in, int x, int y, const Damage& damage, float offset, float step,
            float detail, Plane& out) {
    const int width = std::min(block_, in.width() - x);
    const int height = std::min(block_, in.height() - y);
    const int from_x = std::clamp(x + damage.dx, 0, in.width() - width);
    const int from_y = std::clamp(y + damage.dy, 0, in.height() - height);
    const Transform& across = transforms_[static_cast<std::size_t>(width - 1)];
    const Transform& down = transforms_[static_cast<std::size_t>(height - 1)];
    analyse(in, from_x, from_y, width, height, across, down);
    for (int v = 0; v < down.frequencies(); ++v) {
      for (int u = 0; u < across.frequencies(); ++u) {
        float& value = coefficients_[index(v, u)];
        const float fineness = u + v == 0 ? 0.5F : 0.4F * static_cast<float>(u + v);
        value = quantised(value, step * fineness) - detail * value;
      }
    }
    coefficients_[0] += offset;
    synthesise(width, height, across, down, detail);
    for (int i = 0; i < height; ++i) {
      std::copy_n(samples_.data() + i * block_, width, out.row(y + i) + x);
    }
  }

 private:
  static constexpr int kMost = 4;
  static std::size_t index(int v, int u) { return static_cast<std::size_t>(v * kMost + u); }

  void analyse(const Plane& in, int x, int y, int width, int height, const Transform& across,
               const Transform& down) {
    std::fill(partial_.begin(), partial_.end(), 0.0F);
    for (int i = 0; i < height; ++i) {
      const float* row = in.row(y + i) + x;
      std::copy_n(row, width, samples_.data() + i * block_);
      for (int v = 0; v < down.frequencies(); ++v) {
        const float weight = down.cosine(v)[i];
        float* sums = partial_.data() + v * block_;
        for (int j = 0; j < width; ++j) {
          sums[j] += weight * row[j];
        }
      }
    }
    const float scale = 1.0F / static_cast<float>(width * height);
    for (int v = 0; v < down.frequencies(); ++v) {
      const float* sums = partial_.data() + v * block_;
      for (int u = 0; u < across.frequencies(); ++u) {
        const float* cosine = across.cosine(u);
        float sum = 0;
        for (int j = 0; j < width; ++j) {
          sum += cosine[j] * sums[j];
        }
        coefficients_[index(v, u)] = sum * scale;
      }
    }
  }

  /// samples = detail * samples + the coefficients' picture.
  void synthesise(int width, int height, const Transform& across, const Transform& down,
                  float detail) {
    std::fill(partial_.begin(), partial_.end(), 0.0F);
    for (int v = 0; v < down.frequencies(); ++v) {
      float* sums = partial_.data() + v * block_;
      for (int u = 0; u < across.frequencies(); ++u) {
        const float weight = coefficients_[index(v, u)];
        const float* cosine = across.cosine(u);
        for (int j = 0; j < width; ++j) {
          sums[j] += weight * cosine[j];
        }
      }
    }
    for (int i = 0; i < height; ++i) {
      float* row = samples_.data() + i * block_;
      for (int j = 0; j < width; ++j) {
        row[j] *= detail;
      }
      for (int v = 0; v < down.frequencies(); ++v) {
        const float weight = down.cosine(v)[i];
        const float* sums = partial_.data() + v * block_;
        for (int j = 0; j < width; ++j) {
          row[j] += weight * sums[j];
        }
      }
    }
  }

  int block_;
  std::vector<Transform> transforms_;  ///< by length - 1
  std::vector<float> samples_;
  std::vector<float> partial_;
  std::array<float, kMost * kMost> coefficients_{};
};

/// The damage of every macroblock, row by row. At least one run is damaged.
std::vector<Damage> draw_damage(const Request& request, int block, int columns, int rows) {
  Random random(request.seed);
  Damage frozen;
  frozen.dx = pixels(random.uniform(0.5, 1.2) * (random.chance(0.5) ? 1 : -1), block);
  frozen.dy = pixels(random.uniform(-0.4, 0.4), block);
  const int longest = longest_run(request, columns);
  std::vector<Run> runs;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; column += runs.back().blocks) {
      runs.push_back(draw_run(random, longest, block, frozen, request.image.channels() == 1));
      runs.back().blocks = std::min(runs.back().blocks, columns - column);
    }
  }
  const double first = std::min_element(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
                         return a.threshold < b.threshold;
                       })->threshold;
  const double share = std::max(at_level(kDamaged, request), first);
  std::vector<Damage> damage;
  for (const Run& run : runs) {
    damage.insert(damage.end(), static_cast<std::size_t>(run.blocks),
                  run.threshold <= share ? run.damage : Damage{});
  }
  return damage;
}

}  // namespace

Image codec_error(const Request& request) {
  const Image& image = request.image;
  const int block = block_px(request);
  const int columns = (image.width() + block - 1) / block;
  const int rows = (image.height() + block - 1) / block;
  const std::vector<Damage> damage = draw_damage(request, block, columns, rows);
  const float step = at_level(kStep, request);
  const float detail = at_level(kDetail, request);

  const Planes in = to_ycc(image);
  Planes out;
  for (std::size_t c = 0; c < in.size(); ++c) {
    Plane& plane = out.emplace_back(image.width(), image.height());
    BlockCoder coder(block, kFrequencies[c == 0 ? 0 : 1]);
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < columns; ++column) {
        const Damage& here = damage[static_cast<std::size_t>(row * columns + column)];
        coder.code(in[c], column * block, row * block, here, here.offset[c],
                   step * here.step_factor, detail, plane);
      }
    }
  }
  return to_image(out);
}

}  // namespace gradspace::challenge
