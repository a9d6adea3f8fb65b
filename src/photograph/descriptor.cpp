#include "photograph/descriptor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "photograph/ranked.h"

namespace gradspace {
namespace {

/// A picture in [0, 1] that was rounded to 8 bits has an error of about this mean square.
constexpr float kFloor = 1e-6F;
/// Where rings of frequency begin, of the highest along an axis.
constexpr std::array kRingBegins = {2.0 / 28, 4.0 / 28, 7.0 / 28, 11.0 / 28, 16.0 / 28, 22.0 / 28};
static_assert(kRingBegins.size() + 1 == kTileBands);

std::size_t band_of(double u, double v) {
  const double radius = std::sqrt(u * u + v * v);
  return static_cast<std::size_t>(
      std::ranges::count_if(kRingBegins, [radius](double begin) { return radius >= begin; }));
}

/// Luma and two opponent colours out of red, green and blue.
constexpr ColourMatrix kOpponents = {
    {{0.299F, 0.587F, 0.114F}, {0.5F, 0, -0.5F}, {-0.25F, 0.5F, -0.25F}}};

BandEnergies bands_of(const Extent& extent) {
  const auto height = static_cast<std::size_t>(extent.height);
  const auto width = static_cast<std::size_t>(extent.width);
  return {static_cast<std::size_t>(extent.channels), height, width, kTileBands,
          [height, width](std::size_t u, std::size_t v) {
            return u == 0 && v == 0  // the mean is in no band
                       ? kTileBands
                       : band_of(static_cast<double>(u) / static_cast<double>(height),
                                 static_cast<double>(v) / static_cast<double>(width));
          }};
}

/// The least value that this share of all is not over, in [0, 1].
float quantile(const Histogram& histogram, double share) {
  const std::uint64_t count = std::reduce(histogram.begin(), histogram.end());
  const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count - 1)) + 1;
  std::uint64_t below = 0;
  for (std::size_t value = 0; value < histogram.size(); ++value) {
    below += histogram[value];
    if (below >= wanted) {
      return static_cast<float>(value) / 255;
    }
  }
  return 1;
}

}  // namespace

TileEnergies::TileEnergies(const Extent& extent)
    : bands_(bands_of(extent)),
      channels_(static_cast<std::size_t>(extent.channels)),
      columns_(channels_ * kTileBands + kTileBands - 1) {}

void TileEnergies::compute(const LanePictures& tiles, float* out) {
  bands_.compute(tiles, kOpponents, kFloor, memory_, out);
  float* differences = out + channels_ * kTileBands * tiles.lanes;
  for (std::size_t i = 0; i < (kTileBands - 1) * tiles.lanes; ++i) {
    differences[i] = out[tiles.lanes + i] - out[i];
  }
}

void append_summary(std::span<const float> column, std::vector<float>& out) {
  double sum = 0;
  double squares = 0;
  for (const double value : column) {
    sum += value;
    squares += value * value;
  }
  const auto tiles = static_cast<double>(column.size());
  const double mean = sum / tiles;
  out.push_back(static_cast<float>(mean));
  out.push_back(static_cast<float>(std::sqrt(std::max(squares / tiles - mean * mean, 0.0))));
  Ranked ranked(column);
  for (const double share : {0.02, 0.1, 0.5, 0.9, 0.98}) {
    out.push_back(ranked.quantile(share));
  }
}

PixelCounts count_pixels(const ImageView& photograph) {
  LevelCounts luma;
  LevelCounts saturation;
  LevelCounts least;
  PixelCounts counts;
  const auto width = static_cast<std::size_t>(photograph.width());
  const std::size_t red = photograph.order() == ChannelOrder::kBgr ? 2 : 0;
  std::array<SplitRow, 2> split;  // of this row and the one above
  std::vector<std::uint8_t> tones(3 * width);
  const ToneRows rows{tones.data(), tones.data() + width, tones.data() + 2 * width};
  const std::uint8_t* above = nullptr;
  for (int y = 0; y < photograph.height(); ++y) {
    const std::uint8_t* row = photograph.row(y).data();
    if (photograph.channels() == 1) {  // whose saturation stays 0
      luma.add(row, width);
      least.add(row, width);
    } else {
      SplitRow& own = split[static_cast<std::size_t>(y) % split.size()];
      own.split(row, width);
      tone_rows(own.channel(red), own.channel(1), own.channel(2 - red), width, rows);
      luma.add(rows.luma, width);
      least.add(rows.least, width);
      row = own.channel(1);  // blocks are looked for in green
    }
    saturation.add(rows.saturation, width);
    Changes changes;
    add_changes(row, above == nullptr ? row : above, width, changes);
    for (std::size_t phase = 0; phase < Changes::kPhases; ++phase) {
      counts.across[phase] += static_cast<double>(changes.across[phase]);
    }
    counts.down[static_cast<std::size_t>(y) % Changes::kPhases] +=
        static_cast<double>(changes.down);
    above = row;
  }
  counts.luma = luma.total();
  counts.saturation = saturation.total();
  counts.least = least.total();
  return counts;
}

void append_tones(const PixelCounts& pixels, std::vector<float>& out) {
  for (const double share : {0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0}) {
    out.push_back(quantile(pixels.luma, share));
  }
  for (const double share : {0.05, 0.5, 0.95}) {
    out.push_back(quantile(pixels.saturation, share));
  }
  for (const double share : {0.0, 0.01, 0.1}) {
    out.push_back(quantile(pixels.least, share));
  }
}

void append_blocking(const PixelCounts& pixels, std::vector<float>& out) {
  for (std::array<double, Changes::kPhases> phases : {pixels.across, pixels.down}) {
    std::ranges::sort(phases);
    const double median = (phases[3] + phases[4]) / 2;
    out.push_back(static_cast<float>(std::log((phases.back() + 1) / (median + 1))));
  }
}

}  // namespace gradspace
