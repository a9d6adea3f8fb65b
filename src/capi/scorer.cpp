// Detectors at work.
#include "gradspace/scorer.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "capi/input_images.h"
#include "capi/objects.h"
#include "capi/workers.h"
#include "gradspace/photograph.h"

namespace gradspace::capi {
namespace {

/// Images that are scored together at the most, and the bytes of them, unless one alone has more.
constexpr std::size_t kMostScored = 64;
constexpr std::size_t kMostScoredBytes = std::size_t{1} << 24;

gradspace_score score_of(const ImageScore& score) {
  gradspace_score result = {};
  result.score = score.score;
  result.p_value = score.p_value;
  result.error = score.error;
  result.cosine = score.cosine;
  result.bce = score.bce;
  result.kld = score.kld;
  result.out_of_distribution = score.out_of_distribution ? 1 : 0;
  return result;
}

gradspace_score score_of_none(gradspace_status status) {
  gradspace_score result = {};
  result.status = status;
  return result;
}

/// Scores on one thread. Of the two scorers there is the one that the detector wants.
class ScoreWorker {
 public:
  /// `model`: null for a detector that needs none.
  ScoreWorker(const Model* model, const Detector& detector) {
    if (tiling_of(detector)) {
      photographs_.emplace(model, detector);
      return;
    }
    images_ = model != nullptr ? Scorer(*model, detector) : Scorer(detector);
    const Extent& input = images_->input();
    reader_.emplace(input.width, input.height, input.channels, decoding_of(detector, model));
  }

  /// How many are best scored at a time.
  std::size_t most_at_a_time() const {
    return photographs_
               ? 1
               : std::clamp<std::size_t>(kMostScoredBytes / reader_->size(), 1, kMostScored);
  }

  void score(const InputImages& images, std::size_t begin, std::size_t end, gradspace_score* scores,
             FirstFailure& failure) {
    if (photographs_) {
      for (std::size_t i = begin; i < end; ++i) {
        score_photograph(images, i, scores[i], failure);
      }
    } else {
      score_fitted(images, begin, end, scores, failure);
    }
  }

 private:
  void score_photograph(const InputImages& images, std::size_t i, gradspace_score& score,
                        FirstFailure& failure) {
    try {
      images.with_view(i, copied_, [&](const ImageView& view, const char* name) {
        score = score_of(photographs_->score(view, name).score);
      });
    } catch (const std::exception&) {
      score = score_of_none(failure.note_current(i));
    }
  }

  /// Those that can be read are scored together.
  void score_fitted(const InputImages& images, std::size_t begin, std::size_t end,
                    gradspace_score* scores, FirstFailure& failure) {
    const std::size_t size = reader_->size();
    pixels_.resize((end - begin) * size);
    read_.clear();
    for (std::size_t i = begin; i < end; ++i) {
      try {
        images.fit(i, *reader_, copied_, std::span(pixels_).subspan(read_.size() * size, size));
        read_.push_back(i);
      } catch (const std::exception&) {
        scores[i] = score_of_none(failure.note_current(i));
      }
    }
    said_.resize(read_.size());
    images_->score_fitted(std::span(pixels_).first(read_.size() * size), said_);
    for (std::size_t k = 0; k < read_.size(); ++k) {
      scores[read_[k]] = score_of(said_[k]);
    }
  }

  std::optional<Scorer> images_;
  std::optional<PhotographScorer> photographs_;
  std::optional<FixedSizeReader> reader_;
  // Memory that lives on from call to call.
  std::vector<std::uint8_t> copied_;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::size_t> read_;
  std::vector<ImageScore> said_;
};

class ScorerObject : public Object {
 public:
  static constexpr const char* kKind = "scorer";

  ScorerObject(const std::shared_ptr<ModelObject>& model,
               const std::shared_ptr<DetectorObject>& detector, std::int32_t threads)
      : Object(kKind),
        workers_(
            [model, detector] {
              const bool needs_model = !detector->value.model_sha256.empty();
              return std::make_unique<ScoreWorker>(model && needs_model ? &model->value : nullptr,
                                                   detector->value);
            },
            threads) {}

  gradspace_status score(const char* function, const InputImages& images, gradspace_score* scores) {
    FirstFailure failure;
    try {
      score_batches(images, scores, failure);
    } catch (const std::exception&) {  // of no single image
      std::fill_n(scores, images.count(), score_of_none(failure.note_current(0)));
    }
    return failure.report(function);
  }

 private:
  void score_batches(const InputImages& images, gradspace_score* scores, FirstFailure& failure) {
    workers_.in_batches(images.count(), workers_.first().most_at_a_time(),
                        [&](ScoreWorker& worker, std::size_t begin, std::size_t end) {
                          worker.score(images, begin, end, scores, failure);
                        });
  }

  Workers<ScoreWorker> workers_;
};

/// `images`: pointers to images, or paths.
template <typename Images>
gradspace_status score_all(const char* function, gradspace_scorer* scorer, const Images* images,
                           std::size_t count, gradspace_score* scores) {
  gradspace_status status = GRADSPACE_OK;
  const gradspace_status failed = guarded(function, [&] {
    const std::shared_ptr<ScorerObject> object = find<ScorerObject>(scorer);
    const InputImages inputs(images, count);
    if (count > 0) {
      require(scores, "scores");
    }
    const Exclusive alone(*object);
    status = object->score(function, inputs, scores);
  });
  return failed != GRADSPACE_OK ? failed : status;
}

}  // namespace
}  // namespace gradspace::capi

using namespace gradspace::capi;  // NOLINT(google-build-using-namespace): C functions have none

extern "C" {

gradspace_status gradspace_scorer_new(const gradspace_model* model,
                                      const gradspace_detector* detector, int32_t threads,
                                      gradspace_scorer** scorer) {
  return guarded("gradspace_scorer_new", [&] {
    const std::shared_ptr<ModelObject> model_object = find_model_or_null(model);
    const std::shared_ptr<DetectorObject> detector_object = find<DetectorObject>(detector);
    require(scorer, "the place for the handle");
    give<ScorerObject>(scorer, model_object, detector_object, threads);
  });
}

gradspace_status gradspace_score_images(gradspace_scorer* scorer, const gradspace_image* images,
                                        size_t count, gradspace_score* scores) {
  return score_all("gradspace_score_images", scorer, images, count, scores);
}

gradspace_status gradspace_score_paths(gradspace_scorer* scorer, const char* const* paths,
                                       size_t count, gradspace_score* scores) {
  return score_all("gradspace_score_paths", scorer, paths, count, scores);
}

}  // extern "C"
