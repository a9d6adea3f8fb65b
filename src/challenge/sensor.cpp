#include "challenge/sensor.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <vector>

#include "challenge/light.h"

namespace gradspace::challenge {
namespace {

constexpr int kBlock = 4;
/// The mean over the smoothest tenth of the blocks over the mean over all, in white noise
/// (measured: 0.563 at 35x35, 0.559 at 64x64, 0.554 at 512x512 pixels).
constexpr double kSmoothestTenth = 0.559;
/// Standard deviation of the mask's response to white noise of unit variance.
constexpr double kMaskGain = 6.0;
/// More than this is texture, not a floor.
constexpr float kLargestSigma = 12.0F;

/// x with erfc(x / sqrt 2) / 2 = upper_tail, by bisection.
double normal_quantile(double upper_tail) {
  double low = 0;
  double high = 8;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(middle / std::numbers::sqrt2) > upper_tail ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

/// The sums over each row of blocks of the absolute response; a negative sum marks a clipped block.
class BlockResponses {
 public:
  BlockResponses(const Image& image, int channel)
      : width_(image.width()), horizontal_(3, std::vector<int>(static_cast<std::size_t>(width_))) {
    const int inner_height = image.height() - 2;
    const int columns = std::max(1, (width_ - 2) / kBlock);
    const int rows = std::max(1, inner_height / kBlock);
    for (int block_row = 0; block_row < rows; ++block_row) {
      const int first = 1 + block_row * kBlock;
      const int last = std::min(first + kBlock, image.height() - 1);
      add_row_of_blocks(image, channel, first, last, columns);
    }
  }

  std::vector<float>& means() { return means_; }

 private:
  void second_difference(const Image& image, int channel, int y) {
    std::vector<int>& out = horizontal_[static_cast<std::size_t>(y % 3)];
    const int channels = image.channels();
    const std::uint8_t* row = image.row(y).data() + channel;
    for (int x = 1; x + 1 < width_; ++x) {
      const std::uint8_t* at = row + x * channels;
      out[static_cast<std::size_t>(x)] = at[-channels] - 2 * at[0] + at[channels];
    }
  }

  void add_row_of_blocks(const Image& image, int channel, int first, int last, int columns) {
    std::vector<std::int64_t> sums(static_cast<std::size_t>(columns), 0);
    std::vector<char> clipped(static_cast<std::size_t>(columns), 0);
    second_difference(image, channel, first - 1);
    second_difference(image, channel, first);
    const int block_width = std::min(kBlock, width_ - 2);
    for (int y = first; y < last; ++y) {
      second_difference(image, channel, y + 1);
      const int* above = horizontal_[static_cast<std::size_t>((y - 1) % 3)].data();
      const int* here = horizontal_[static_cast<std::size_t>(y % 3)].data();
      const int* below = horizontal_[static_cast<std::size_t>((y + 1) % 3)].data();
      const std::uint8_t* row = image.row(y).data() + channel;
      for (int block = 0; block < columns; ++block) {
        int sum = 0;
        int extremes = 0;
        for (int i = 0; i < block_width; ++i) {
          const int x = 1 + block * kBlock + i;
          sum += std::abs(above[x] - 2 * here[x] + below[x]);
          const int sample = row[x * image.channels()];
          extremes += static_cast<int>(sample == 0) + static_cast<int>(sample == 255);
        }
        sums[static_cast<std::size_t>(block)] += sum;
        clipped[static_cast<std::size_t>(block)] |= static_cast<char>(extremes > 0);
      }
    }
    const auto count = static_cast<float>(block_width * (last - first));
    for (std::size_t block = 0; block < sums.size(); ++block) {
      if (clipped[block] == 0) {
        means_.push_back(static_cast<float>(sums[block]) / count);
      }
    }
  }

  int width_;
  std::vector<std::vector<int>> horizontal_;  ///< of rows y - 1, y, y + 1, by y mod 3
  std::vector<float> means_;
};

}  // namespace

const NormalSource::Table& NormalSource::quantiles() {
  static const Table table = [] {
    Table values{};
    const std::size_t half = values.size() / 2;
    double squares = 0;
    std::vector<double> exact(half);
    for (std::size_t i = 0; i < half; ++i) {
      exact[i] =
          normal_quantile((static_cast<double>(i) + 0.5) / static_cast<double>(values.size()));
      squares += exact[i] * exact[i];
    }
    const double scale = std::sqrt(static_cast<double>(half) / squares);
    for (std::size_t i = 0; i < half; ++i) {
      // So few bits that the last bit of a processor's erfc does not show in any image.
      const auto value = static_cast<float>(std::round(exact[i] * scale * 0x1p16) * 0x1p-16);
      values[2 * i] = value;
      values[2 * i + 1] = -value;
    }
    return values;
  }();
  return table;
}

float noise_sigma(const Image& image, int channel) {
  BlockResponses responses(image, channel);
  std::vector<float>& means = responses.means();
  if (means.empty()) {
    return 0;
  }
  const std::size_t tenth = (means.size() + 9) / 10;
  std::nth_element(means.begin(), means.begin() + static_cast<std::ptrdiff_t>(tenth - 1),
                   means.end());
  double sum = 0;
  for (std::size_t i = 0; i < tenth; ++i) {
    sum += static_cast<double>(means[i]);
  }
  // Mean absolute value of a normal distribution: sigma * sqrt(2 / pi).
  const double sigma = sum / static_cast<double>(tenth) * std::sqrt(std::numbers::pi / 2.0) /
                       kMaskGain / kSmoothestTenth;
  return std::min(static_cast<float>(sigma), kLargestSigma);
}

Sensor::Sensor(const Request& request) : seed_(combine(request.seed, hash_text("sensor"))) {
  if (!request.options.post_production) {
    for (int c = 0; c < request.image.channels(); ++c) {
      sigma_[static_cast<std::size_t>(c)] = noise_sigma(request.image, c);
    }
  }
}

namespace {

/// Encodes row by row; `amplitude(c, y, x)` times a normal number is added to each sample.
template <class Amplitude>
Image encode(const Planes& linear, std::uint64_t seed, bool noisy, const Amplitude& amplitude) {
  const SrgbEncoder& encoder = srgb_encoder();
  const int width = linear.front().width();
  const int height = linear.front().height();
  const auto channels = linear.size();
  Image image(width, height, static_cast<int>(channels));
  NormalSource normal(seed);
  for (int y = 0; y < height; ++y) {
    for (std::size_t c = 0; c < channels; ++c) {
      const float* in = linear[c].row(y);
      std::uint8_t* out = image.row(y).data() + c;
      if (noisy) {
        for (int x = 0; x < width; ++x) {
          out[static_cast<std::size_t>(x) * channels] =
              to_sample(encoder(in[x]) + amplitude(c, y, x) * normal.next());
        }
      } else {
        for (int x = 0; x < width; ++x) {
          out[static_cast<std::size_t>(x) * channels] = to_sample(encoder(in[x]));
        }
      }
    }
  }
  return image;
}

bool any(const std::array<float, 3>& sigma) {
  return sigma[0] > 0 || sigma[1] > 0 || sigma[2] > 0;
}

/// What must be added to noise of amplitude `kept` to make it 1.
float missing(float kept) {
  return std::sqrt(std::max(0.0F, 1.0F - kept * kept));
}

}  // namespace

Image Sensor::develop(const Planes& linear, float kept) const {
  std::array<float, 3> amplitude = sigma_;
  for (float& value : amplitude) {
    value *= missing(kept);
  }
  return encode(linear, seed_, any(amplitude),
                [&](std::size_t c, int, int) { return amplitude[c]; });
}

Image Sensor::develop(const Planes& linear, const Plane& kept) const {
  return encode(linear, seed_, any(sigma_),
                [&](std::size_t c, int y, int x) { return sigma_[c] * missing(kept.row(y)[x]); });
}

}  // namespace gradspace::challenge
