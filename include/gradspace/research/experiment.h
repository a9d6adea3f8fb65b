// Whole experiments in one go: train an autoencoder on clean images, or take one that is given; fit detectors, judge
// each on clean against challenged test images, type by type and level by level.
//
// There are two. They differ in the detectors that they put side by side, their entries:
//
// - OodExperiment is the paper's. Its four classifiers are trained on clean against blurred images, each
//   on other features of the autoencoder, and judged on challenges that they have never seen.
// - OneClassExperiment compares detectors that learn from clean images alone.
//
// Data: a folder with RealChallengeFree/{train,val,test} in the layout of the paper's code, and challenged sets in
// RealChallenge/TT_LL/{train,val,test}; or CURE-TSR as it is distributed, or any other folders of files with CURE-TSR
// names in sets that ImageInfo::set tells. Where there are no challenged images they are made in memory
// (gradspace/challenge.h) from the clean ones, seeded by `challenge_seed`.
//
// Every stage leaves a file or a feature set in `out`, which remembers what it was made of. A second
// run with the same data and options takes what is there; after a kill, work continues. Data are the same
// when the images that are used have the same names and contents, wherever they lie and whatever lies beside them;
// `out`/inputs.json keeps what is known of their files, so that those that have not changed are not read for this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gradspace/backends.h"
#include "gradspace/challenge.h"
#include "gradspace/classifier.h"
#include "gradspace/export.h"
#include "gradspace/model.h"
#include "gradspace/results.h"
#include "gradspace/tiles.h"
#include "gradspace/train.h"

namespace gradspace {

/// The paper's four detectors: VAE-A, VAE-R, VAE-L, proposed. With several members (train_members.h) beside them
/// "VAE-R xN" and "proposed xN", whose score is made of the mean of their classifiers' logits, and both two-sided
/// (two_sided.h); the paper's four look at the first member.
struct OodExperiment {
  /// The challenge that the classifiers are trained against, and its level (the paper: Gaussian blur, 1).
  challenge::Type trained_against = challenge::Type::kGaussianBlur;
  int trained_against_level = 1;
  /// Autoencoders a run, 1 to kMaxMembers; where a model is given, it is that one's.
  int members = 1;
};

/// Detectors that learn from clean images alone, and controls:
///
/// - all methods of one_class.h;
/// - "image-pseudo-holdout": the method "image-pseudo", where each challenge is judged by a detector that
///   was trained without the families of distorted copies that look similar to the challenge;
/// - "leave-group-out": the paper's classifier, trained on clean images against several challenges at
///   once; each challenge is judged by a classifier that has seen none of its group
///   (challenge::TypeInfo::group);
/// - "gradcon" (gradcon.h), which trains an autoencoder of its own, for images of 28x28 only.
///
/// With several members (train_members.h) there is, beside each method of one_class.h that asks the model, "METHOD xN":
/// the mean of its scores by all autoencoders. All else looks at the first member; with tiles, at all of them.
///
/// With `tiles`, images are photographs that are judged by their tiles at native resolution (photograph.h): by all of
/// photograph_methods(), and by all of one_class_methods() but "gradcon", tile by tile. The autoencoder learns from
/// tiles of `train`, and is validated on tiles of `val`, drawn at random places; detectors and their thresholds come
/// from whole photographs of `train`, a part of which is held out.
struct OneClassExperiment {
  /// Names of the above; empty = all that the images' extent allows.
  std::vector<std::string> methods;
  double false_alarms = 0.01;     ///< sets the thresholds that accuracies are taken at
  int leave_group_out_level = 3;  ///< of the challenges that "leave-group-out" is trained on
  int gradcon_epochs = 100;       ///< of GradCon's training
  /// Autoencoders a run, 1 to kMaxMembers; where a model is given, it is that one's.
  int members = 1;
  /// Of the size of the autoencoder's input; nothing: images are taken whole.
  std::optional<Tiling> tiles = {};
  /// That the autoencoder learns from; 0: `default_tiles_per_image`.
  std::size_t tiles_per_image = 0;
};

/// How the autoencoder of an experiment is trained: what TrainOptions has for it. Checkpoint, logs and
/// backend are the experiment's affair.
struct ExperimentTraining {
  int epochs = TrainOptions().epochs;
  int batch = TrainOptions().batch;
  double learning_rate = TrainOptions().learning_rate;
  double beta = TrainOptions().beta;
  std::uint64_t seed = TrainOptions().seed;  ///< of the first run
};

struct GRADSPACE_API ExperimentOptions {
  /// Which experiment, and what it alone reads.
  std::variant<OodExperiment, OneClassExperiment> kind;
  std::filesystem::path data;
  std::filesystem::path out;
  int runs = 1;  ///< run r uses each seed + r
  /// A model file whose autoencoder every run uses as it is, an imported one for instance: runs differ in their
  /// detectors alone (and "gradcon" trains its own). Empty = each run trains one, by `spec` and `training`.
  std::filesystem::path model;
  AutoencoderSpec spec;
  ExperimentTraining training;
  ClassifierOptions classifier;  ///< its seed is that of all detectors' random numbers
  /// Tested against; empty = the paper's six in an OodExperiment, all in a OneClassExperiment.
  std::vector<challenge::Type> challenges;
  std::vector<int> levels{1, 2, 3, 4, 5};
  /// Make challenged sets in memory even where there are some.
  bool make_challenges = false;
  std::uint64_t challenge_seed = 0;
  challenge::Options challenge;  ///< for those made in memory
  BackendChoice training_backend;
  BackendChoice gradient_backend;
  int threads = 0;           ///< at most so many work, at every stage; 0 = all cores
  std::string command_line;  ///< how it was asked for, to be shown in the report

  /// Throws InvalidArgument.
  void validate() const;
};

/// What an experiment tells on its way. Only one of these functions is called at a time, though not
/// always by the same thread; none of them may call back into the experiment.
struct ExperimentObserver {
  /// A stage whose result is there is about to be made anew: in one line, why.
  std::function<void(std::string_view stage, std::string_view why)> on_made_anew;
  /// A stage begins, or is skipped because its result is there.
  std::function<void(std::string_view stage, bool skipped)> on_stage;
  std::function<void(std::size_t done, std::size_t total, std::string_view unit,
                     std::string_view note)>
      on_progress;
  /// An image that could not be read: left out, reported once.
  std::function<void(std::string_view reason)> on_failure;
  /// One line that is worth knowing of a run's photographs, such as that they are of too few scenes.
  std::function<void(std::string_view line)> on_remark;
  /// Asked often; true stops at the next safe place.
  std::function<bool()> stop_requested;
};

struct ExperimentResult {
  Results results;
  bool stopped = false;  ///< on request; the results are of no use then
};

/// Writes into `out`: results.csv, results.json, image_scores.csv (the test sets, and clean `val`),
/// training.csv (where autoencoders are trained), fingerprints.json, samples/, report.html (gradspace/report.h), and a
/// folder a run with model, detectors, and feature sets or scores. Throws InvalidArgument, IoError (also while another
/// experiment writes there, see output_lock.h), FormatError; names the first set that is missing.
GRADSPACE_API ExperimentResult run_experiment(const ExperimentOptions& options,
                                              const ExperimentObserver& observer = {});

}  // namespace gradspace
