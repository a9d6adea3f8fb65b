// The sets of an experiment: where each comes from and what identifies it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gradspace/research/experiment.h"
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

class ExperimentData {
 public:
  /// `needed`: challenged sets wanted beside those tested against. Throws IoError, or InvalidArgument
  /// naming the sets that are missing.
  ExperimentData(const ExperimentOptions& options, const std::vector<SetName>& needed);

  std::shared_ptr<const Source> open(const SetName& set) const;

  /// A challenged set made in memory of the clean one, whatever there is on disk.
  std::shared_ptr<const Source> make(const SetName& set) const;

  /// SHA-256 over what the set is made of: the files' names, sizes and times, and the challenge where
  /// it is made in memory.
  std::string identity(const SetName& set) const;

  bool makes_challenges() const { return make_challenges_; }

 private:
  std::filesystem::path folder(const SetName& set) const;

  ExperimentOptions options_;
  bool make_challenges_;
};

}  // namespace gradspace
