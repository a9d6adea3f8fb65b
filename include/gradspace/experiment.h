// What whole experiments have in common: data, the autoencoder and its training, challenges, a folder of
// results.
//
// Data: a folder with RealChallengeFree/{train,val,test} in CURE-TSR's layout. Challenged sets are read
// from RealChallenge/TT_LL/{train,val,test}; where there is no RealChallenge folder they are made in
// memory (gradspace/challenge.h) from the clean ones, seeded by `challenge_seed`.
//
// Every stage leaves a file or a feature set in `out`, which remembers what it was made of. A second
// run with the same data and options takes what is there; after a kill, work continues.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/backends.h"
#include "gradspace/challenge.h"
#include "gradspace/classifier.h"
#include "gradspace/export.h"
#include "gradspace/model.h"
#include "gradspace/results.h"
#include "gradspace/train.h"

namespace gradspace {

struct GRADSPACE_API ExperimentOptions {
  std::filesystem::path data;
  std::filesystem::path out;
  int runs = 1;  ///< run r uses each seed + r
  AutoencoderSpec spec;
  TrainOptions train;  ///< its checkpoint and log_folder are chosen by the experiment
  ClassifierOptions classifier;
  std::vector<challenge::Type> challenges;  ///< tested against
  std::vector<int> levels{1, 2, 3, 4, 5};
  /// Make challenged sets in memory even where there is a RealChallenge folder.
  bool make_challenges = false;
  std::uint64_t challenge_seed = 0;
  challenge::Options challenge;  ///< for those made in memory
  BackendChoice training_backend;
  BackendChoice gradient_backend;
  int threads = 0;           ///< 0 = all cores
  std::string command_line;  ///< how it was asked for, to be shown in the report

  /// Throws InvalidArgument.
  void validate() const;
};

struct ExperimentObserver {
  /// A stage begins, or is skipped because its result is there.
  std::function<void(std::string_view stage, bool skipped)> on_stage;
  std::function<void(std::size_t done, std::size_t total, std::string_view unit,
                     std::string_view note)>
      on_progress;
  /// An image that could not be read: left out, reported once.
  std::function<void(std::string_view reason)> on_failure;
  /// Asked often; true stops at the next safe place.
  std::function<bool()> stop_requested;
};

struct ExperimentResult {
  Results results;
  bool stopped = false;  ///< on request; the results are of no use then
};

}  // namespace gradspace
