// The sets of an experiment: where each comes from and what identifies it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "data/source_identity.h"
#include "experiment/experiment_tree.h"
#include "gradspace/research/experiment.h"
#include "gradspace/source.h"

namespace gradspace {

class ExperimentData {
 public:
  /// `needed`: challenged sets wanted beside those tested against. Throws IoError, or InvalidArgument
  /// naming sets that are missing, and the option that helps.
  ExperimentData(const ExperimentOptions& options, const std::vector<SetName>& needed);

  std::shared_ptr<const Source> open(const SetName& set) const;

  /// A challenged set made in memory of the clean one, whatever there is on disk.
  std::shared_ptr<const Source> make(const SetName& set) const;

  /// SHA-256 over what the set is made of: the names and contents of the images that are used, and the challenge
  /// where it is made in memory. Found once; files that have not changed since an earlier run of the experiment are
  /// not read for it. Thread-safe.
  std::string identity(const SetName& set) const;
  /// Notes among a result's ingredients the set it is made of: "set", its identity; and "strength", where its sizes
  /// are not relative to the image: results of a time when they always were are still found.
  void note_set(const SetName& set, nlohmann::json& ingredients) const;
  /// The same of what `make` gives, "strength" alone.
  void note_strength(nlohmann::json& ingredients) const;
  /// Leaves in the experiment's folder what was found of the files' contents. Throws IoError.
  void save_known_contents() const;

  bool makes_challenges() const { return make_challenges_; }

 private:
  /// The images that the set is, or is made of.
  SetName files_of(const SetName& set) const;
  void require(const std::vector<SetName>& sets, std::string_view help) const;
  void require_tested() const;
  std::string files_identity(const SetName& set) const;

  ExperimentOptions options_;
  std::unique_ptr<const ExperimentTree> tree_;
  bool make_challenges_;
  mutable std::mutex mutex_;  ///< of the two below
  mutable KnownContents contents_;
  mutable std::map<std::string, std::string> identities_;  ///< of sets of files, by their texts
};

}  // namespace gradspace
