#include "gradspace/one_class.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "detect/one_class/image_features.h"
#include "detect/one_class/shrunk_gaussian.h"
#include "gradspace/error.h"
#include "gradspace/metrics.h"
#include "gradspace/npy.h"
#include "gradspace/scorer.h"
#include "statistics/normal_score.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Smooth colourful pictures with a little noise, NHWC.
std::vector<std::uint8_t> pictures(const Extent& extent, std::size_t count, std::uint64_t seed,
                                   double noise) {
  std::vector<std::uint8_t> bytes;
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const double level = random.uniform(60, 180);
    const double fx = random.uniform(0.1, 0.3);
    const double fy = random.uniform(0.1, 0.3);
    const double tint = random.uniform(-30, 30);
    for (int y = 0; y < extent.height; ++y) {
      for (int x = 0; x < extent.width; ++x) {
        for (int c = 0; c < extent.channels; ++c) {
          const double value = level + 40 * std::sin(fx * x) * std::cos(fy * y) + tint * (c - 1) +
                               noise * random.normal();
          bytes.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0))));
        }
      }
    }
  }
  return bytes;
}

std::vector<float> copied(const ObservedGradients& gradients) {
  std::vector<float> values;
  for (std::size_t i = 0; i < gradients.rows.rows; ++i) {
    const auto row = gradients.rows.row(i);
    values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

class OneClass : public ::testing::Test {
 protected:
  OneClass() {
    spec_.input = {3, 16, 16};
    spec_.down = {{3}, {4}};
    spec_.latent = 4;
    spec_.up = {{3, 4, 2, 2}, {3, 4, 2, 1}};
    model_ = initialise(spec_, 1);
  }

  Observations observed(const std::string& method, std::size_t count, std::uint64_t seed,
                        double noise = 3) const {
    const ObservationNeeds needs = one_class_needs(std::span(&method, 1), spec_);
    const auto images = std::make_shared<const std::vector<std::uint8_t>>(
        pictures(spec_.input, count, seed, noise));
    Observations result =
        observe([&] { return make_native_backend(model_, needs.blocks); }, needs, spec_, *images);
    result.pixels_owner = images;
    return result;
  }

  Detector fit(const std::string& method, std::size_t train = 60, std::size_t validation = 30,
               double false_alarms = 0.1, const std::vector<std::string>& distortions = {}) const {
    const Observations clean = observed(method, train, 1);
    const Observations held = observed(method, validation, 2);
    return fit_one_class({spec_, fingerprint(model_), clean, held,
                          [this](std::vector<FeatureBlock> blocks) {
                            return make_native_backend(model_, std::move(blocks));
                          }},
                         {method, false_alarms, 7, distortions});
  }

  AutoencoderSpec spec_;
  Model model_;
};

TEST_F(OneClass, EveryMethodComesBackFromItsFileAndScoresAlike) {
  const testing::TemporaryFolder folder;
  for (const OneClassMethodInfo& info : one_class_methods()) {
    SCOPED_TRACE(info.name);
    if (!info.any_model) {
      continue;  // GradCon: gradcon_detector_test.cpp
    }
    const Detector detector = fit(info.name, 120);
    write_detector(folder / "d.safetensors", detector);
    const Detector read = read_detector(folder / "d.safetensors");
    EXPECT_EQ(read.method, info.name);
    EXPECT_EQ(read.threshold, detector.threshold);
    EXPECT_EQ(read.calibration.count(), 30U);
    const Observations fresh = observed(info.name, 20, 3);
    const auto scores = load_score_function(detector, spec_)->score(fresh);
    EXPECT_EQ(load_score_function(read, spec_)->score(fresh), scores);
    EXPECT_TRUE(std::ranges::all_of(scores, [](double score) { return std::isfinite(score); }));

    // One by one as in a batch, through the scorer that stands beside a camera; it may see none at all.
    Scorer scorer(model_, read);
    EXPECT_TRUE(scorer.score_fitted({}).empty());
    for (const std::size_t i : {std::size_t{0}, std::size_t{19}}) {
      const ImageScore one =
          scorer.score_fitted(fresh.pixels.subspan(i * spec_.input.size(), spec_.input.size()))
              .front();
      EXPECT_NEAR(one.score, scores[i], 1e-6 * (1 + std::abs(scores[i])));
      EXPECT_EQ(one.out_of_distribution, one.score > read.threshold);
      EXPECT_GT(one.p_value, 0);
      EXPECT_LE(one.p_value, 1);
    }
  }
}

TEST_F(OneClass, LooksAtPixelsAloneWhereNoModelIsNeeded) {
  const testing::TemporaryFolder folder;
  AutoencoderSpec images_alone;
  images_alone.input = spec_.input;
  const auto fit_pixels = [&](const std::string& method) {
    const std::vector<std::uint8_t> train = pictures(spec_.input, 120, 1, 3);
    const std::vector<std::uint8_t> held = pictures(spec_.input, 30, 2, 3);
    const Observations clean = observe_pixels(spec_.input, train);
    const Observations validation = observe_pixels(spec_.input, held);
    return fit_one_class({images_alone, "", clean, validation, {}}, {method, 0.1, 7});
  };
  std::vector<std::string> without_model;
  for (const OneClassMethodInfo& info : one_class_methods()) {
    SCOPED_TRACE(info.name);
    if (info.needs_model) {
      EXPECT_THAT([&] { fit_pixels(info.name); },
                  ThrowsMessage<InvalidArgument>(HasSubstr(info.name + " wants a model")));
      EXPECT_FALSE(info.name.starts_with("image-"));
      continue;
    }
    without_model.push_back(info.name);
    const Detector detector = fit_pixels(info.name);
    EXPECT_EQ(detector.model_sha256, "");
    EXPECT_EQ(input_of(detector), spec_.input);
    // A model that is there changes nothing: none of its numbers is looked at.
    EXPECT_EQ(detector.weights, fit(info.name, 120).weights);
    write_detector(folder / "d.safetensors", detector);
    Scorer scorer(read_detector(folder / "d.safetensors"));
    EXPECT_EQ(scorer.input(), spec_.input);
    const std::vector<std::uint8_t> fresh = pictures(spec_.input, 5, 3, 3);
    const std::vector<double> scores =
        load_score_function(detector)->score(observe_pixels(spec_.input, fresh));
    const std::vector<ImageScore> scored = scorer.score_fitted(fresh);
    for (std::size_t i = 0; i < scored.size(); ++i) {
      EXPECT_EQ(scored[i].score, scores[i]);
      EXPECT_EQ(scored[i].bce, 0);
    }
  }
  EXPECT_EQ(without_model.size(), 7U) << "four, and three of them two-sided";
}

TEST_F(OneClass, RefusesADetectorThatSaysNoImagesToTake) {
  Detector detector = fit("image-statistics");
  detector.model_sha256 = "";
  EXPECT_NO_THROW(Scorer{detector});
  for (const char* input :
       {"[3,16]", "{}", "[2,16,16]", "[3,0,16]", "[3,16,100000]", "[3,16,1e9]"}) {
    detector.metadata["input"] = input;
    EXPECT_THROW(Scorer{detector}, InvalidArgument) << input;
  }
  detector.metadata.erase("input");
  EXPECT_THAT([&] { detector.validate(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("SHA-256 is empty")));
  Detector needs_one = fit("reconstruction");
  needs_one.model_sha256 = "";
  EXPECT_THAT([&] { Scorer{needs_one}; },
              ThrowsMessage<InvalidArgument>(HasSubstr("reconstruction wants a model")));
}

TEST_F(OneClass, FindsNoiseInSecondMoments) {
  for (const std::string method :
       {"spectral-fisher", "spectral-fisher-local", "image-statistics", "image-neighbour",
        "pseudo-outliers", "spectral-fisher-pseudo", "colour-fisher", "colour-fisher-pseudo",
        "fisher-pseudo", "ensemble-fisher"}) {
    const auto score = load_score_function(fit(method, 120), spec_);
    const auto clean = score->score(observed(method, 60, 3));
    const auto noisy = score->score(observed(method, 60, 4, 12));
    EXPECT_GT(detection_metrics(clean, noisy, 0).auroc, 0.9) << method;
  }
}

TEST_F(OneClass, AddsTheLogitsOfTwoNetworks) {
  const auto scores = [&](const std::string& method) {
    return load_score_function(fit(method), spec_)->score(observed(method, 20, 3, 4));
  };
  const auto both = scores("fisher-pseudo");
  const auto spectral = scores("spectral-fisher-pseudo");
  const auto colour = scores("colour-fisher-pseudo");
  for (std::size_t i = 0; i < both.size(); ++i) {
    const double odds = spectral[i] / (1 - spectral[i]) * colour[i] / (1 - colour[i]);
    EXPECT_NEAR(both[i], std::log(odds) / 2, 1e-6) << i;
  }
}

TEST_F(OneClass, LearnsFromTheDistortionsThatAreAskedFor) {
  // Pictures with less noise than the clean ones have.
  const auto auroc_of_smooth = [&](const std::vector<std::string>& distortions) {
    const std::string method = "image-pseudo";
    const auto score = load_score_function(fit(method, 120, 30, 0.1, distortions), spec_);
    const auto clean = score->score(observed(method, 60, 3));
    return detection_metrics(clean, score->score(observed(method, 60, 4, 1)), 0).auroc;
  };
  EXPECT_GT(auroc_of_smooth({"filter"}), 0.9) << "some of its copies were smoothed";
  EXPECT_LT(auroc_of_smooth({"noise"}), 0.3) << "all of its copies had more noise";
  EXPECT_THAT(
      [&] {
        fit("image-pseudo", 60, 30, 0.1, {"noise", "rust"});
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("distortion 'rust' is not one of occlusion")));
  EXPECT_THAT([&] { fit("elbo", 60, 30, 0.1, {"noise"}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("elbo learns from no distorted copies")));
}

TEST_F(OneClass, SaysWhatIsWrong) {
  EXPECT_THAT([&] { fit("magic"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("not one of reconstruction, elbo")));
  EXPECT_THAT([&] { fit("elbo", 60, 8, 0.1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("at least 9 clean images, there are 8")));
  EXPECT_THAT([&] { fit("pseudo-outliers", 10); },
              ThrowsMessage<InvalidArgument>(HasSubstr("at least 20 are wanted")));
  const Detector detector = fit("image-statistics");
  AutoencoderSpec other;
  EXPECT_THAT([&] { load_score_function(detector, other); },
              ThrowsMessage<InvalidArgument>(HasSubstr("[3,16,16]")));
  Detector broken = detector;
  broken.weights.erase("whitening");
  EXPECT_THAT([&] { load_score_function(broken, spec_); },
              ThrowsMessage<InvalidArgument>(HasSubstr("\"whitening\" is missing")));
  broken = fit("gradient-norm-density");
  broken.columns.pop_back();
  EXPECT_THROW(load_score_function(broken, spec_), InvalidArgument);
  spec_.latent = 0;
  EXPECT_THROW(one_class_needs(std::vector<std::string>{"latent-mahalanobis"}, spec_),
               InvalidArgument);
}

TEST_F(OneClass, RefusesFeaturesThatNeverVary) {
  const std::string method = "image-statistics";
  const std::vector<std::uint8_t> grey(40 * spec_.input.size(), 128);
  const Observations same =
      observe([&] { return make_native_backend(model_, {}); }, {}, spec_, grey);
  EXPECT_THAT(
      [&] {
        fit_one_class({spec_, fingerprint(model_), same, same,
                       [&](std::vector<FeatureBlock> blocks) {
                         return make_native_backend(model_, std::move(blocks));
                       }},
                      {method, 0.1, 0});
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("are the same for every one of the 40")));
}

TEST_F(OneClass, MergesNeedsWithoutRepeating) {
  const std::vector<std::string> both{"gradient-norm-density", "gradient-mahalanobis"};
  const ObservationNeeds needs = one_class_needs(both, spec_);
  EXPECT_TRUE(needs.norms && needs.gradients);
  // all:elbo has a block a layer; the paper's two are of other losses.
  EXPECT_EQ(needs.blocks.size(), layers(spec_).size() + 2);
  EXPECT_EQ(merge(needs, needs).blocks, needs.blocks);
  const std::vector<std::uint8_t> images = pictures(spec_.input, 9, 1, 3);
  const Observations all =
      observe([&] { return make_native_backend(model_, needs.blocks); }, needs, spec_, images);
  const ObservationNeeds alone = one_class_needs(std::span(both).subspan(1), spec_);
  const Observations few =
      observe([&] { return make_native_backend(model_, alone.blocks); }, alone, spec_, images);
  EXPECT_EQ(copied(gradients_of(all, alone.blocks)), few.gradients);
  EXPECT_THROW(gradients_of(few, needs.blocks), InvalidArgument);
  const std::vector<std::uint32_t> positions{8, 2};
  const Observations part = select(all, positions);
  EXPECT_EQ(part.count, 2U);
  EXPECT_EQ(part.bce[1], all.bce[2]);
  EXPECT_EQ(norms_of(part, needs.blocks)[0], all.norms[8 * needs.blocks.size()]);
}

TEST_F(OneClass, ViewsPixelsAndGradientsWhereTheyLie) {
  ObservationNeeds needs;
  needs.blocks = parse_features("mu,down.2:kld,up.2:bce,up.0:bce", spec_);
  needs.gradients = true;
  const std::vector<std::uint8_t> images = pictures(spec_.input, 5, 1, 3);
  const Observations all =
      observe([&] { return make_native_backend(model_, needs.blocks); }, needs, spec_, images);
  EXPECT_EQ(all.pixels.data(), images.data());
  const float* values = all.gradients.data();
  const std::size_t width = dimension(needs.blocks);

  const ObservedGradients whole = gradients_of(all, needs.blocks);
  EXPECT_EQ(whole.rows.values, values);
  EXPECT_EQ(whole.rows.stride, width);
  EXPECT_EQ(copied(whole), all.gradients);

  const auto neighbours = parse_features("down.2:kld,up.2:bce", spec_);
  const ObservedGradients middle = gradients_of(all, neighbours);
  EXPECT_EQ(middle.rows.values, values + 4);  // behind mu
  EXPECT_EQ(middle.rows.dimension, dimension(neighbours));

  const auto apart = parse_features("up.0:bce,mu", spec_);
  const ObservedGradients gathered = gradients_of(all, apart);
  EXPECT_EQ(gathered.rows.values, gathered.gathered.data());
  const std::size_t up = apart[0].end;
  for (std::size_t i = 0; i < all.count; ++i) {
    const auto row = std::span(all.gradients).subspan(i * width, width);
    EXPECT_TRUE(std::ranges::equal(gathered.rows.row(i).first(up), row.last(up))) << i;
    EXPECT_TRUE(std::ranges::equal(gathered.rows.row(i).subspan(up), row.first(4))) << i;
  }

  const std::vector<std::uint32_t> positions{4, 0};
  Observations part = select(all, positions);
  const Observations copy = part;
  part = {};  // the copy holds the pixels on
  EXPECT_TRUE(std::ranges::equal(copy.pixels.first(spec_.input.size()),
                                 all.pixels.last(spec_.input.size())));
}

TEST(ShrunkGaussian, AgreesWithScikitLearn) {
  if (!testing::python_has("sklearn")) {
    GTEST_SKIP() << "scikit-learn is not installed";
  }
  const testing::TemporaryFolder folder;
  for (const std::size_t rows : {30U, 400U}) {
    constexpr std::size_t kColumns = 50;
    Matrix data(rows, kColumns);
    Tensor file{{static_cast<std::int64_t>(rows), kColumns}, {}};
    Random random(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const double common = random.normal();
      for (std::size_t k = 0; k < kColumns; ++k) {
        const auto value =
            static_cast<float>((1 + static_cast<double>(k)) * (common + random.normal()));
        data.row(i)[k] = value;
        file.values.push_back(value);
      }
    }
    write_npy(folder / "rows.npy", file);
    const auto output =
        testing::run_script("detect/sklearn_ledoit_wolf.py", (folder / "rows.npy").string());
    ASSERT_EQ(output.status, 0);
    const auto expected = nlohmann::json::parse(output.text);
    const Standardiser standardiser = Standardiser::fit(data, "test");
    EXPECT_NEAR(shrunk_covariance(standardiser.apply(data)).shrinkage, expected["shrinkage"], 1e-5);
    const auto distances = ShrunkGaussian(ShrunkGaussian::fit(data, "test")).score(data);
    for (std::size_t i = 0; i < rows; ++i) {
      // Scores are sums of 50 squares in float32.
      EXPECT_NEAR(distances[i] / expected["distances"][i].get<double>(), 1, 1e-4) << i;
    }
  }
}

/// What ShrunkGaussian::fit makes of standardised rows, by the formulas as a textbook writes them.
Tensor textbook_whitening(const Matrix& rows) {
  const std::size_t d = rows.columns;
  const auto n = static_cast<double>(rows.rows);
  Matrix covariance(d, d);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t i = 0; i < d * d; ++i) {
      covariance.values[i] += rows.row(r)[i / d] * rows.row(r)[i % d] / n;
    }
  }
  double mean_variance = 0;
  for (std::size_t i = 0; i < d; ++i) {
    mean_variance += covariance.row(i)[i] / static_cast<double>(d);
  }
  double error = 0;
  double distance = 0;
  for (std::size_t i = 0; i < d * d; ++i) {
    const double target = i / d == i % d ? mean_variance : 0;
    distance += std::pow(covariance.values[i] - target, 2);
    for (std::size_t r = 0; r < rows.rows; ++r) {
      const double own = rows.row(r)[i / d] * rows.row(r)[i % d];
      error += std::pow(own - covariance.values[i], 2) / (n * n);
    }
  }
  const double shrinkage = std::min(1.0, error / distance);
  for (std::size_t i = 0; i < d * d; ++i) {
    const double target = i / d == i % d ? mean_variance : 0;
    covariance.values[i] = (1 - shrinkage) * covariance.values[i] + shrinkage * target;
  }
  // Cholesky by rows, then forward substitution for each column of the inverse.
  Matrix lower(d, d);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t k = 0; k <= i; ++k) {
      double rest = covariance.row(i)[k];
      for (std::size_t p = 0; p < k; ++p) {
        rest -= lower.row(i)[p] * lower.row(k)[p];
      }
      lower.row(i)[k] = k == i ? std::sqrt(rest) : rest / lower.row(k)[k];
    }
  }
  const auto size = static_cast<std::int64_t>(d);
  Tensor whitening{{size, size}, {}};
  for (std::size_t column = 0; column < d; ++column) {
    std::vector<double> x(d);
    for (std::size_t i = column; i < d; ++i) {
      double rest = i == column ? 1 : 0;
      for (std::size_t p = column; p < i; ++p) {
        rest -= lower.row(i)[p] * x[p];
      }
      x[i] = rest / lower.row(i)[i];
    }
    whitening.values.insert(whitening.values.end(), x.begin(), x.end());
  }
  return whitening;
}

TEST(ShrunkGaussian, ScoresAsByATextbookFactorisation) {
  for (const std::size_t rows : {12U, 60U, 500U}) {
    constexpr std::size_t kColumns = 40;
    Matrix data(rows, kColumns);
    Random random(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const double common = random.normal();
      for (std::size_t k = 0; k < kColumns; ++k) {
        data.row(i)[k] = (1 + static_cast<double>(k)) * (3 * common + random.normal());
      }
    }
    const TensorMap fitted = ShrunkGaussian::fit(data, "test");
    TensorMap expected = fitted;
    expected["whitening"] = textbook_whitening(Standardiser::load(fitted).apply(data));
    const auto scores = ShrunkGaussian(fitted).score(data);
    const auto wanted = ShrunkGaussian(expected).score(data);
    for (std::size_t i = 0; i < rows; ++i) {
      EXPECT_NEAR(scores[i] / wanted[i], 1, 1e-6) << rows << " rows: " << i;
    }
  }
}

TEST(NormalScore, KnowsTheNormalDistribution) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-12);
  EXPECT_NEAR(normal_quantile(1e-10), -6.361340902404056, 1e-9);
  EXPECT_NEAR(log_normal_tail(40), -804.608442013754, 1e-6);
  for (double z = -6; z < 6; z += 0.25) {
    EXPECT_NEAR(normal_quantile(1 - normal_tail(z)), z, 1e-6) << z;
  }
}

TEST(NormalScore, IsMonotoneAndGoesOnBeyondTheCleanScores) {
  Random random(1);
  std::vector<double> clean(500);
  for (double& score : clean) {
    score = 10 + 2 * random.normal();
  }
  const NormalScore z = NormalScore::fit(clean, "test");
  EXPECT_NEAR(z(10), 0, 0.2);
  EXPECT_NEAR(z(12), 1, 0.25);
  double before = z(-100);
  for (double score = -99; score < 100; score += 0.5) {
    EXPECT_GT(z(score), before);
    before = z(score);
  }
  EXPECT_THROW(NormalScore::fit(std::vector<double>(5, 1.0), "test"), InvalidArgument);
  EXPECT_THAT([] { NormalScore::fit(std::vector<double>(50, 1.0), "test"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("every clean image scores 1")));
}

TEST(ImageFeatures, KeepTheEnergyOfAPicture) {
  // Parseval: an orthonormal transform keeps the sum of squares, so white noise has its variance in each
  // band; opponent colours are orthonormal too.
  Observations noise;
  noise.input = {3, 28, 28};
  noise.count = 50;
  Random random(3);
  std::vector<std::uint8_t> pixels;
  for (std::size_t i = 0; i < noise.count * noise.input.size(); ++i) {
    pixels.push_back(static_cast<std::uint8_t>(std::lround(128 + 20 * random.normal())));
  }
  noise.pixels = pixels;
  std::vector<double> energies(27);
  for (std::size_t i = 0; i < noise.count; ++i) {
    std::vector<double> bands;
    add_band_energies(image_planes(noise, i), 9, bands);
    ASSERT_EQ(bands.size(), energies.size());
    for (std::size_t k = 0; k < bands.size(); ++k) {
      energies[k] += std::exp(bands[k]) / static_cast<double>(noise.count);
    }
  }
  // Rounding adds 1/12 to the variance of 400. The lowest ring has 8 coefficients: 400 squares in all,
  // whose mean has a relative deviation of sqrt(2 / 400).
  const double variance = (400 + 1.0 / 12) / (255.0 * 255.0);
  for (std::size_t k = 0; k < energies.size(); ++k) {
    EXPECT_NEAR(energies[k] / variance, 1, 5 * std::sqrt(2.0 / 400)) << k;
  }
}

}  // namespace
}  // namespace gradspace
