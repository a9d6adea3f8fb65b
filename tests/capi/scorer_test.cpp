#include "gradspace/scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "capi/c_objects.h"
#include "gradspace/detector.h"
#include "gradspace/photograph.h"

namespace gradspace {
namespace {

using testing::c_image;
using testing::c_images;
using testing::expect_ok;
using ::testing::HasSubstr;
using testing::noise_image;

class CScorer : public testing::CObjects {
 protected:
  /// What the C++ interface says of the images.
  std::vector<ImageScore> oracle(const gradspace_detector* detector,
                                 const std::vector<Image>& images) {
    const std::string path = folder / "detector.safetensors";
    expect_ok(gradspace_detector_write(detector, path.c_str()));
    Scorer scorer(read_model(folder / "model.safetensors"), read_detector(path));
    std::vector<ImageScore> scores;
    for (const Image& image : images) {
      scores.push_back(scorer.score(image));
    }
    return scores;
  }

  const std::vector<Image> images_{noise_image(35, 30, 3, 101), noise_image(28, 28, 1, 102),
                                   noise_image(200, 90, 3, 103)};
};

void expect_same(const gradspace_score& score, const ImageScore& wanted) {
  EXPECT_EQ(score.status, GRADSPACE_OK);
  EXPECT_EQ(score.score, wanted.score);
  EXPECT_EQ(score.p_value, wanted.p_value);
  EXPECT_EQ(score.bce, wanted.bce);
  EXPECT_EQ(score.kld, wanted.kld);
  EXPECT_EQ(score.out_of_distribution, wanted.out_of_distribution ? 1 : 0);
}

TEST_F(CScorer, SaysWhatTheCppInterfaceSays) {
  for (const char* method : {"gradient-mahalanobis", "gradient-norm-density", "reconstruction"}) {
    const gradspace_detector* const detector = fit(method);
    gradspace_scorer* const scorer = make_scorer(detector);
    const std::vector<ImageScore> wanted = oracle(detector, images_);
    std::vector<gradspace_score> scores(images_.size());
    expect_ok(
        gradspace_score_images(scorer, c_images(images_).data(), images_.size(), scores.data()));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      expect_same(scores[i], wanted[i]);
    }
    EXPECT_NE(scores[0].score, scores[2].score);
  }
}

TEST_F(CScorer, TakesEveryLayoutAndStride) {
  gradspace_scorer* const scorer = make_scorer(fit());
  const Image& image = images_[0];
  gradspace_image packed = c_image(image);
  gradspace_score wanted;
  expect_ok(gradspace_score_images(scorer, &packed, 1, &wanted));

  constexpr std::size_t kStride = 128;  // rows of 105 bytes
  std::vector<std::uint8_t> far_apart(kStride * 30, 77);
  std::vector<std::uint8_t> upside_down(kStride * 30, 77);
  std::vector<std::uint8_t> bgr(kStride * 30, 77);
  for (std::size_t y = 0; y < 30; ++y) {
    const std::span<const std::uint8_t> row = image.row(static_cast<int>(y));
    std::ranges::copy(row, &far_apart[y * kStride]);
    std::ranges::copy(row, &upside_down[(29 - y) * kStride]);
    for (std::size_t x = 0; x < row.size(); x += 3) {
      std::ranges::reverse_copy(row.subspan(x, 3), &bgr[y * kStride + x]);
    }
  }
  const auto expect_wanted = [&](const std::uint8_t* data, std::int64_t stride,
                                 std::int32_t layout) {
    gradspace_image other = packed;
    other.data = data;
    other.stride = stride;
    other.layout = layout;
    gradspace_score score;
    expect_ok(gradspace_score_images(scorer, &other, 1, &score));
    EXPECT_EQ(score.score, wanted.score);
  };
  expect_wanted(far_apart.data(), kStride, GRADSPACE_RGB);
  expect_wanted(&upside_down[29 * kStride], -static_cast<std::int64_t>(kStride), GRADSPACE_RGB);
  expect_wanted(bgr.data(), kStride, GRADSPACE_BGR);
}

TEST_F(CScorer, ScoresDoNotDependOnThreadsNorOnHowManyThereAre) {
  const gradspace_detector* const detector = fit();
  std::vector<Image> many;
  for (std::uint64_t i = 0; i < 200; ++i) {
    many.push_back(noise_image(28, 28, 3, 1000 + i));
  }
  const std::vector<gradspace_image> views = c_images(many);
  std::vector<gradspace_score> alone(many.size());
  std::vector<gradspace_score> on_three(many.size());
  expect_ok(
      gradspace_score_images(make_scorer(detector, 1), views.data(), views.size(), alone.data()));
  gradspace_scorer* const three = make_scorer(detector, 3);
  expect_ok(gradspace_score_images(three, views.data(), views.size(), on_three.data()));
  for (std::size_t i = 0; i < many.size(); ++i) {
    EXPECT_EQ(alone[i].score, on_three[i].score);
  }
  gradspace_score one;
  expect_ok(gradspace_score_images(three, &views[7], 1, &one));
  EXPECT_EQ(one.score, alone[7].score);
}

TEST_F(CScorer, AnImageThatFailsCostsNoOtherItsScore) {
  gradspace_scorer* const scorer = make_scorer(fit());
  std::vector<gradspace_image> views = c_images(images_);
  std::vector<gradspace_score> good(3);
  expect_ok(gradspace_score_images(scorer, views.data(), 3, good.data()));
  views[1].width = 0;
  std::vector<gradspace_score> scores(3);
  EXPECT_EQ(gradspace_score_images(scorer, views.data(), 3, scores.data()),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_THAT(gradspace_last_error(),
              HasSubstr("gradspace_score_images: image 1: an image of 0x28 pixels"));
  EXPECT_EQ(scores[1].status, GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(scores[1].score, 0);
  EXPECT_EQ(scores[0].score, good[0].score);
  EXPECT_EQ(scores[2].score, good[2].score);
}

TEST_F(CScorer, PathsGiveWhatTheirPixelsGive) {
  const gradspace_detector* const detector = fit();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < images_.size(); ++i) {
    names.push_back(folder / ("image" + std::to_string(i) + ".png"));
    write_image(names.back(), images_[i]);
  }
  names.push_back(folder / "missing.png");
  names.push_back(folder / "broken.png");
  std::ofstream(names.back()) << "no image";
  std::vector<const char*> paths;
  std::ranges::transform(names, std::back_inserter(paths),
                         [](const std::string& name) { return name.c_str(); });
  paths.push_back(nullptr);
  for (const int threads : {1, 2}) {
    gradspace_scorer* const scorer = make_scorer(detector, threads);
    std::vector<gradspace_score> wanted(3);
    expect_ok(gradspace_score_images(scorer, c_images(images_).data(), 3, wanted.data()));
    std::vector<gradspace_score> scores(6);
    EXPECT_EQ(gradspace_score_paths(scorer, paths.data(), 6, scores.data()), GRADSPACE_IO_ERROR);
    EXPECT_THAT(gradspace_last_error(), HasSubstr("image 3: "));
    EXPECT_THAT(gradspace_last_error(), HasSubstr("missing.png"));
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(scores[i].score, wanted[i].score);
    }
    EXPECT_EQ(scores[3].status, GRADSPACE_IO_ERROR);
    EXPECT_EQ(scores[4].status, GRADSPACE_FORMAT_ERROR);
    EXPECT_EQ(scores[5].status, GRADSPACE_INVALID_ARGUMENT);
  }
}

TEST_F(CScorer, HoldsOnToModelAndDetector) {
  gradspace_model* own_model = nullptr;
  expect_ok(gradspace_model_open((folder / "model.safetensors").c_str(), &own_model));
  const gradspace_detector* const detector = fit();
  const std::string path = folder / "own.safetensors";
  expect_ok(gradspace_detector_write(detector, path.c_str()));
  gradspace_detector* own_detector = nullptr;
  expect_ok(gradspace_detector_open(path.c_str(), &own_detector));
  gradspace_scorer* scorer = nullptr;
  expect_ok(gradspace_scorer_new(own_model, own_detector, 2, &scorer));
  keep(scorer);
  expect_ok(gradspace_close(own_model));
  expect_ok(gradspace_close(own_detector));
  std::vector<gradspace_score> scores(clean.size());
  expect_ok(gradspace_score_images(scorer, c_images(clean).data(), clean.size(), scores.data()));
  const std::vector<ImageScore> wanted = oracle(detector, {clean[5]});
  EXPECT_EQ(scores[5].score, wanted[0].score);
}

TEST_F(CScorer, JudgesPhotographsByTheirTiles) {
  class Photographs final : public Source {
   public:
    SourceKind kind() const override { return SourceKind::kFolder; }
    std::size_t size() const override { return 25; }
    ImageInfo info(std::size_t i) const override {
      ImageInfo info;
      info.path = std::to_string(i);
      return info;
    }
    Image load(std::size_t i) const override { return noise_image(60, 60, 3, 500 + i); }
    std::span<const std::string> skipped() const override { return {}; }
  };
  PhotographOptions options;
  options.method = "image-statistics";
  options.hold_out = HoldOut::kRandom;
  options.false_alarms = 0.2;
  const std::string path = folder / "photographs.safetensors";
  const Detector fitted = fit_photographs(nullptr, Photographs(), options);
  write_detector(path, fitted);
  gradspace_detector* detector = nullptr;
  expect_ok(gradspace_detector_open(path.c_str(), &detector));
  keep(detector);
  gradspace_scorer* scorer = nullptr;
  expect_ok(gradspace_scorer_new(nullptr, detector, 1, &scorer));
  keep(scorer);
  const Image photograph = noise_image(90, 70, 3, 9);
  const Image tiny = noise_image(10, 10, 3, 9);
  const std::vector<gradspace_image> views{c_image(photograph), c_image(tiny)};
  std::vector<gradspace_score> scores(2);
  EXPECT_EQ(gradspace_score_images(scorer, views.data(), 2, scores.data()),
            GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(scores[0].score, PhotographScorer(nullptr, fitted).score(photograph).score.score);
  EXPECT_EQ(scores[1].status, GRADSPACE_INVALID_ARGUMENT);
}

TEST_F(CScorer, RefusesAnotherModelsDetector) {
  write_model(folder / "other.safetensors", initialise({}, 2));
  gradspace_model* other = nullptr;
  expect_ok(gradspace_model_open((folder / "other.safetensors").c_str(), &other));
  keep(other);
  const gradspace_detector* const detector = fit();
  gradspace_scorer* scorer = nullptr;
  EXPECT_EQ(gradspace_scorer_new(other, detector, 1, &scorer), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_THAT(gradspace_last_error(), HasSubstr("made for another model"));
  EXPECT_EQ(gradspace_scorer_new(nullptr, detector, 1, &scorer), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(gradspace_scorer_new(model, detector, -1, &scorer), GRADSPACE_INVALID_ARGUMENT);
  EXPECT_EQ(scorer, nullptr);
}

}  // namespace
}  // namespace gradspace
