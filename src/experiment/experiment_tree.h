// Where the images of an experiment lie.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "gradspace/source.h"

namespace gradspace {

/// "train", "val" or "test"; type 0 is clean.
struct SetName {
  std::string split;
  int type = 0;
  int level = 0;

  friend bool operator==(const SetName&, const SetName&) = default;

  /// "clean-train", "09_03-test": names files.
  std::string text() const;
};

/// The sets of images that are files. Thread-safe.
class ExperimentTree {
 public:
  virtual ~ExperimentTree() = default;

  virtual bool has(const SetName& set) const = 0;
  /// A set that is there.
  virtual std::shared_ptr<const Source> open(const SetName& set) const = 0;
  /// Whether there are challenged sets.
  virtual bool has_challenged() const = 0;
  /// For people, what a set is and which: "folder" and "RealChallenge/09_03/test", or "images of" and "09_03-test".
  virtual std::string_view unit() const = 0;
  virtual std::string place(const SetName& set) const = 0;
  /// What the paths of a set's images begin with where they are told apart from those of other sets.
  virtual std::string prefix(const SetName& set) const = 0;
};

/// `data` has RealChallengeFree/{train,val,test} and RealChallenge/TT_LL/{train,val,test}; or else its files have
/// CURE-TSR names that tell types and levels, and sets as ImageInfo says: CURE-TSR as it is distributed. A folder
/// that is neither is taken for one of the first kind where all is missing.
std::unique_ptr<const ExperimentTree> open_experiment_tree(const std::filesystem::path& data);

}  // namespace gradspace
