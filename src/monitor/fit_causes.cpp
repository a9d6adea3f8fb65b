// Learning from clean photographs and damaged copies of them what each challenge does to the numbers of a frame.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <utility>

#include "core/arena.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/watched.h"
#include "gradspace/causes.h"
#include "gradspace/challenge.h"
#include "gradspace/error.h"
#include "monitor/softmax.h"
#include "photograph/frame_numbers.h"

namespace gradspace {
namespace {

using monitor::ClassRows;
using monitor::Softmax;

constexpr std::size_t kLeastPhotographs = 10;
constexpr std::size_t kMostPhotographs = 300;
/// Rows of each challenge, where the photographs allow it: a photograph has at most one a level and strength.
constexpr std::size_t kRowsAChallenge = 200;
constexpr std::size_t kFolds = 5;
/// A cause is as likely as all others together where it is named.
constexpr double kLeastCertainty = 0.5;

/// What one photograph gives: clean views, and damaged ones with their class.
struct CauseRows {
  std::string failure;
  std::vector<std::vector<float>> clean;
  std::vector<std::pair<std::uint32_t, std::vector<float>>> damaged;
};

std::vector<float> copy_of(std::span<const float> numbers) {
  return {numbers.begin(), numbers.end()};
}

/// How often each challenge is applied to a photograph.
std::size_t copies_of(std::size_t photographs) {
  return std::clamp<std::size_t>(kRowsAChallenge / photographs, 2, 2 * challenge::kLevels);
}

/// The photograph without its right and lower edge, and without its left and upper one: two views of one scene.
std::array<Image, 2> views_of(const Image& photograph) {
  const int cut = std::min(8, std::min(photograph.width(), photograph.height()) / 16);
  const int width = photograph.width() - cut;
  const int height = photograph.height() - cut;
  const auto view = [&](const TilePlace& place) {
    const ImageView part = part_of(photograph, place, width, height);
    return photograph.channels() == 1 ? to_grey(part) : to_rgb(part);
  };
  return {view({0, 0}), view({cut, cut})};
}

/// Damages one view in all ways; levels and strengths come in turn.
void add_damaged(const Image& view, std::string_view path, std::size_t copies, std::uint64_t seed,
                 FrameNumbers& numbers, CauseRows& rows) {
  std::uint32_t label = 1;
  for (const challenge::TypeInfo& type : challenge::all_types()) {
    Random random(challenge::image_seed(seed, type.type, path));
    const std::uint64_t first = random.below(2 * challenge::kLevels);
    for (std::size_t i = 0; i < copies; ++i) {
      const std::uint64_t kind = (first + 3 * i) % (2 * challenge::kLevels);  // 3 reaches all ten
      challenge::Options options;
      options.strength = kind % 2 == 0 ? challenge::Strength::kPixels : challenge::Strength::kImage;
      const Image damaged =
          challenge::apply(view, type.type, 1 + static_cast<int>(kind / 2), random.next(), options);
      rows.damaged.emplace_back(label, copy_of(numbers.of(damaged, path)));
    }
    ++label;
  }
}

CauseRows rows_of(const Source& clean, std::size_t position, std::size_t copies, std::uint64_t seed,
                  FrameNumbers& numbers) {
  CauseRows rows;
  const std::string path = clean.info(position).path;
  try {
    const std::array<Image, 2> views = views_of(clean.load(position));
    for (const Image& view : views) {
      rows.clean.push_back(copy_of(numbers.of(view, path)));
    }
    add_damaged(views[0], path, copies, seed, numbers, rows);
  } catch (const Error& error) {
    rows.failure = error.what();
  }
  return rows;
}

std::vector<CauseRows> learn_causes(const Model* model, const Detector& detector,
                                    const Source& clean, const CauseOptions& options,
                                    Watched& watched) {
  const std::size_t count = std::min(clean.size(), kMostPhotographs);
  const std::size_t copies = copies_of(count);
  std::vector<CauseRows> all(count);
  Counted counted(watched, count);
  parallel_for(count, [&](std::size_t i) {
    if (!watched.stop()) {
      FrameNumbers numbers(model, detector);
      all[i] = rows_of(clean, i * clean.size() / count, copies, options.seed, numbers);
      counted.add();
    }
  });
  for (const CauseRows& rows : all) {
    if (!rows.failure.empty()) {
      watched.failure(rows.failure);
    }
  }
  std::erase_if(all, [](const CauseRows& rows) { return rows.clean.empty(); });
  if (all.size() < kLeastPhotographs) {
    throw InvalidArgument(
        fmt::format("causes: {} photographs that can be read, at least {} are needed", all.size(),
                    kLeastPhotographs));
  }
  return all;
}

/// Rows for a classifier, each with the fold that its photograph belongs to.
struct FoldedRows {
  ClassRows rows;
  std::vector<std::size_t> folds;

  void add(std::span<const float> row, std::uint32_t label, std::size_t fold) {
    rows.add(row, label);
    folds.push_back(fold);
  }
};

std::vector<float> difference(std::span<const float> a, std::span<const float> b) {
  std::vector<float> result;
  std::ranges::transform(a, b, std::back_inserter(result), std::minus<>());
  return result;
}

/// Photographs that follow one another, which may be alike, are of one fold.
std::size_t fold_of(std::size_t photograph, std::size_t photographs) {
  return photograph * kFolds / photographs;
}

FoldedRows frame_rows(const std::vector<CauseRows>& all) {
  FoldedRows result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t fold = fold_of(i, all.size());
    for (const std::vector<float>& row : all[i].clean) {
      result.add(row, 0, fold);
    }
    for (const auto& [label, row] : all[i].damaged) {
      result.add(row, label, fold);
    }
  }
  return result;
}

/// Differences from the other view, which is clean.
FoldedRows scene_rows(const std::vector<CauseRows>& all) {
  FoldedRows result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t fold = fold_of(i, all.size());
    const std::vector<float>& reference = all[i].clean[1];
    result.add(difference(all[i].clean[0], reference), 0, fold);
    result.add(difference(reference, all[i].clean[0]), 0, fold);
    for (const auto& [label, row] : all[i].damaged) {
      result.add(difference(row, reference), label, fold);
    }
  }
  return result;
}

/// What a classifier that did not see the row's fold says of a damaged row.
struct CauseGuess {
  double certainty = 0;
  bool named = false;  ///< not clean
  bool right = false;
};

std::vector<CauseGuess> guesses_of(const FoldedRows& rows, std::size_t classes) {
  std::vector<std::vector<CauseGuess>> by_fold(kFolds);
  parallel_for(kFolds, [&](std::size_t fold) {
    std::vector<bool> use(rows.rows.count());
    for (std::size_t i = 0; i < use.size(); ++i) {
      use[i] = rows.folds[i] != fold;
    }
    const Softmax softmax = Softmax::fit(rows.rows, classes, use);
    for (std::size_t i = 0; i < use.size(); ++i) {
      if (use[i]) {
        continue;
      }
      const std::vector<double> said = softmax.probabilities(rows.rows.row(i));
      const auto likeliest =
          static_cast<std::uint32_t>(std::ranges::max_element(said) - said.begin());
      by_fold[fold].push_back(
          {said[likeliest], likeliest != 0, likeliest != 0 && likeliest == rows.rows.labels[i]});
      if (rows.rows.labels[i] == 0 && likeliest == 0) {
        by_fold[fold].pop_back();  // a clean row that is called clean counts for nothing
      }
    }
  });
  std::vector<CauseGuess> all;
  for (const std::vector<CauseGuess>& guesses : by_fold) {
    all.insert(all.end(), guesses.begin(), guesses.end());
  }
  std::ranges::sort(all, std::ranges::greater(), &CauseGuess::certainty);
  return all;
}

struct ChosenCertainty {
  double least = 1;
  CauseAccuracy accuracy;
};

/// The least certainty, of half at least, at which the share of named causes that are right is as wanted.
ChosenCertainty choose_certainty(const std::vector<CauseGuess>& guesses, double wanted) {
  ChosenCertainty result;
  std::size_t named = 0;
  std::size_t right = 0;
  std::size_t chosen_named = 0;
  std::size_t chosen_right = 0;
  for (const CauseGuess& guess : guesses) {
    named += guess.named ? 1 : 0;
    right += guess.right ? 1 : 0;
    if (named > 0 && guess.certainty >= kLeastCertainty &&
        static_cast<double>(right) >= wanted * static_cast<double>(named)) {
      result.least = guess.certainty;
      chosen_named = named;
      chosen_right = right;
    }
  }
  const auto all = static_cast<double>(std::max<std::size_t>(guesses.size(), 1));
  result.accuracy = {static_cast<double>(right) / all, static_cast<double>(chosen_named) / all,
                     chosen_named == 0
                         ? 0
                         : static_cast<double>(chosen_right) / static_cast<double>(chosen_named)};
  return result;
}

ChosenCertainty fit_one(const FoldedRows& rows, std::size_t classes, double certainty,
                        const std::string& prefix, TensorMap& weights) {
  Softmax::fit(rows.rows, classes, std::vector<bool>(rows.rows.count(), true))
      .store(weights, prefix);
  return choose_certainty(guesses_of(rows, classes), certainty);
}

}  // namespace

void CauseOptions::validate() const {
  if (!(certainty >= 0.5 && certainty <= 1)) {
    throw InvalidArgument(fmt::format("causes: certainty is {}; 0.5 to 1 are possible", certainty));
  }
}

Causes fit_causes(const Model* model, const Detector& detector, const Source& clean,
                  const CauseOptions& options, int threads, const JobObserver& observer) {
  options.validate();
  return in_arena(threads, [&] {
    Watched watched(observer);
    Causes causes;
    causes.classes = {"clean"};
    for (const challenge::TypeInfo& type : challenge::all_types()) {
      causes.classes.emplace_back(type.name);
    }
    const std::optional<Tiling> tiling = FrameNumbers(model, detector).tiling();
    causes.tiles = tiling.has_value();
    causes.tiling = tiling.value_or(Tiling{});
    causes.model_sha256 = detector.model_sha256;
    const std::vector<CauseRows> all = learn_causes(model, detector, clean, options, watched);
    causes.photographs = all.size();
    const std::size_t classes = causes.classes.size();
    const ChosenCertainty scene =
        fit_one(scene_rows(all), classes, options.certainty, "scene", causes.weights);
    const ChosenCertainty frame =
        fit_one(frame_rows(all), classes, options.certainty, "frame", causes.weights);
    causes.scene_certainty = scene.least;
    causes.scene_accuracy = scene.accuracy;
    causes.frame_certainty = frame.least;
    causes.frame_accuracy = frame.accuracy;
    return causes;
  });
}

}  // namespace gradspace
