// A network that tells clean images from distorted copies of them.
//
// Its features are standardised by the clean images and held within +-kClip deviations, so that what
// lies far out of all it was trained on can't turn a weight's sign into a verdict. Three networks of
// the paper's shape, with a fifth of the images held out of each to stop in time, are averaged.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "core/parallel.h"
#include "detect/one_class/method.h"
#include "detect/one_class/pseudo_outliers.h"
#include "gradspace/classifier.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr std::size_t kNetworks = 3;
constexpr std::size_t kCopies = 3;  ///< distorted copies of an image, of each family
constexpr int kEpochs = 20;
constexpr float kClip = 8;
/// Of more clean images, so many are drawn: what is learned no longer gains from more.
constexpr std::size_t kMaxClean = 8192;
constexpr std::size_t kMinClean = 20;
/// Images observed at a time: their gradients may be large.
constexpr std::size_t kChunkImages = 1024;

struct Rows {
  std::vector<float> values;
  std::size_t columns = 0;

  FeatureView view() const { return {values.data(), values.size() / columns, columns, columns}; }
};

void append(const Matrix& standard, Rows& rows) {
  rows.columns = standard.columns;
  for (const double value : standard.values) {
    rows.values.push_back(std::clamp(static_cast<float>(value), -kClip, kClip));
  }
}

/// Copies by each of the families, NHWC: those of an image lie behind one another.
std::vector<std::uint8_t> distorted_copies(const Observations& clean,
                                           std::span<const Distortion> families,
                                           std::uint64_t seed) {
  const std::size_t size = clean.input.size();
  const std::size_t each = families.size() * kCopies;
  std::vector<std::uint8_t> copies(clean.count * each * size);
  parallel_for(clean.count, [&](std::size_t i) {
    Random random(combine(seed, i));
    const auto image = [&](std::size_t k) { return clean.pixels.subspan(k * size, size); };
    for (std::size_t k = 0; k < each; ++k) {
      const auto other = image(random.below(clean.count));
      const auto bytes =
          distorted(families[k % families.size()], image(i), other, clean.input, random);
      std::ranges::copy(bytes, copies.begin() + static_cast<std::ptrdiff_t>((i * each + k) * size));
    }
  });
  return copies;
}

/// At most kMaxClean of them, drawn evenly.
Observations drawn(const Observations& clean, std::uint64_t seed) {
  if (clean.count <= kMaxClean) {
    return clean;
  }
  std::vector<std::uint32_t> order = permutation(static_cast<std::uint32_t>(clean.count), seed);
  order.resize(kMaxClean);
  std::ranges::sort(order);
  return select(clean, order);
}

/// The images' rows in two: those of a range of images, and all others.
struct Cut {
  Rows inside;
  Rows outside;
};

Cut cut(const Rows& rows, std::size_t per_image, std::size_t from, std::size_t count) {
  const auto begin = rows.values.begin();
  const auto a = begin + static_cast<std::ptrdiff_t>(from * per_image * rows.columns);
  const auto b = a + static_cast<std::ptrdiff_t>(count * per_image * rows.columns);
  Cut parts{{{a, b}, rows.columns}, {{begin, a}, rows.columns}};
  parts.outside.values.insert(parts.outside.values.end(), b, rows.values.end());
  return parts;
}

/// The number-th network: its own fifth of the images, and their copies, tells it when to stop.
TensorMap train_network(const Rows& in, const Rows& out, std::size_t images, std::size_t number,
                        std::uint64_t seed) {
  const std::size_t held = images / 5;
  const Cut own_in = cut(in, 1, number * held, held);
  const std::size_t per_image = out.view().rows / images;
  const Cut own_out = cut(out, per_image, number * held, held);
  ClassifierOptions options;
  options.epochs = kEpochs;
  options.seed = combine(seed, 106 + number);
  return train_classifier(own_in.outside.view(), own_out.outside.view(), own_in.inside.view(),
                          own_out.inside.view(), options)
      .weights();
}

TensorMap fit(const std::string& name, const ObservationNeeds& needs,
              const Representation& represent, const OneClassTraining& training) {
  if (training.clean.count < kMinClean) {
    throw InvalidArgument(fmt::format("{}: {} clean images to learn from, at least {} are wanted",
                                      name, training.clean.count, kMinClean));
  }
  const Observations clean = drawn(training.clean, combine(training.seed, 104));
  const Matrix features = represent(clean);
  const Standardiser standardiser = Standardiser::fit(features, name);
  Rows in;
  append(standardiser.apply(features), in);
  const std::vector<std::uint8_t> copies =
      distorted_copies(clean, training.distortions, combine(training.seed, 105));
  const std::size_t size = clean.input.size();
  Rows out;
  for (std::size_t first = 0; first < copies.size(); first += kChunkImages * size) {
    const std::size_t bytes = std::min(kChunkImages * size, copies.size() - first);
    const Observations chunk = training.observe(needs, std::span(copies).subspan(first, bytes));
    append(standardiser.apply(represent(chunk)), out);
  }
  std::vector<TensorMap> networks(kNetworks);
  parallel_for(kNetworks, [&](std::size_t number) {
    networks[number] = train_network(in, out, clean.count, number, training.seed);
  });
  TensorMap tensors;
  standardiser.store(tensors);
  for (std::size_t network = 0; network < kNetworks; ++network) {
    put_under(tensors, fmt::format("network.{}.", network), networks[network]);
  }
  return tensors;
}

class PseudoOutlierScore : public ScoreFunction {
 public:
  PseudoOutlierScore(ObservationNeeds needs, Representation represent, const TensorMap& tensors)
      : needs_(std::move(needs)),
        represent_(std::move(represent)),
        standardiser_(Standardiser::load(tensors)) {
    for (std::size_t network = 0; network < kNetworks; ++network) {
      networks_.emplace_back(tensors_under(tensors, fmt::format("network.{}.", network)));
      if (networks_.back().dimension() != standardiser_.columns()) {
        throw InvalidArgument(
            "detector: a network takes another number of features than there are");
      }
    }
  }

  const ObservationNeeds& needs() const override { return needs_; }
  std::vector<double> score(const Observations& observations) const override {
    std::vector<double> scores(observations.count);
    if (observations.count == 0) {
      return scores;
    }
    Rows rows;
    append(standardiser_.apply(represent_(observations)), rows);
    for (const Classifier& network : networks_) {
      const std::vector<double> own = network.score(rows.view());
      for (std::size_t i = 0; i < scores.size(); ++i) {
        scores[i] += own[i] / static_cast<double>(kNetworks);
      }
    }
    return scores;
  }

 private:
  ObservationNeeds needs_;
  Representation represent_;
  Standardiser standardiser_;
  std::vector<Classifier> networks_;
};

}  // namespace

OneClassMethod pseudo_outlier_method(std::string name, std::string summary,
                                     std::function<ObservationNeeds(const AutoencoderSpec&)> needs,
                                     Representation represent) {
  OneClassMethod method{std::move(name), std::move(summary), needs, {}, {}, true};
  method.fit = [name = method.name, needs, represent](const OneClassTraining& training) {
    return fit(name, needs(training.spec), represent, training);
  };
  method.load = [needs = std::move(needs), represent = std::move(represent)](
                    const TensorMap& tensors, const AutoencoderSpec& spec) {
    return std::make_unique<PseudoOutlierScore>(needs(spec), represent, tensors);
  };
  return method;
}

}  // namespace gradspace
