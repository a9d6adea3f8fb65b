#include "experiment/experiment_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "core/hash.h"
#include "core/text.h"
#include "experiment/challenged_source.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr const char* kMakeThem = " (--make-challenges makes challenged sets from the clean ones)";

}  // namespace

ExperimentData::ExperimentData(const ExperimentOptions& options, const std::vector<SetName>& needed)
    : options_(options),
      tree_(open_experiment_tree(options.data)),
      make_challenges_(options.make_challenges || !tree_->has_challenged()),
      contents_(options.out / "inputs.json") {
  require({{"train"}, {"val"}, {"test"}}, "");
  if (make_challenges_) {
    return;
  }
  require(needed, kMakeThem);
  require_tested();
}

/// Throws InvalidArgument naming those of `sets` that are not there, and what helps.
void ExperimentData::require(const std::vector<SetName>& sets, std::string_view help) const {
  std::vector<std::string> missing;
  for (const SetName& set : sets) {
    if (!tree_->has(set)) {
      missing.push_back(tree_->place(set));
    }
  }
  if (!missing.empty()) {
    throw InvalidArgument(fmt::format("{}: no {} {}{}", options_.data.string(), tree_->unit(),
                                      fmt::join(missing, ", "), help));
  }
}

/// The same of the sets tested against: of those there may be sixty, and leaving some out may help.
void ExperimentData::require_tested() const {
  std::vector<int> there;
  std::string missing;
  std::size_t count = 0;
  for (const challenge::Type type : options_.challenges) {
    const std::size_t before = count;
    for (const int level : options_.levels) {
      const SetName tested{"test", static_cast<int>(type), level};
      if (!tree_->has(tested)) {
        missing = count++ == 0 ? tree_->place(tested) : missing;
      }
    }
    if (count == before) {
      there.push_back(static_cast<int>(type));
    }
  }
  if (count == 0) {
    return;
  }
  const std::string more = count == 1 ? "" : fmt::format(" and {} more", count - 1);
  const std::string fewer =
      there.empty() ? ""
                    : fmt::format(" (--challenges {} tests against the types that are there)",
                                  fmt::join(there, ","));
  throw InvalidArgument(fmt::format("{}: no {} {}{}{}{}", options_.data.string(), tree_->unit(),
                                    missing, more, fewer, there.empty() ? kMakeThem : ""));
}

SetName ExperimentData::files_of(const SetName& set) const {
  return make_challenges_ ? SetName{set.split} : set;
}

std::shared_ptr<const Source> ExperimentData::open(const SetName& set) const {
  return set.type == 0 || !make_challenges_ ? tree_->open(set) : make(set);
}

std::shared_ptr<const Source> ExperimentData::make(const SetName& set) const {
  const SetName clean{set.split};
  return challenged(tree_->open(clean), static_cast<challenge::Type>(set.type), set.level,
                    options_.challenge_seed, tree_->prefix(clean), options_.challenge);
}

std::string ExperimentData::files_identity(const SetName& set) const {
  const std::scoped_lock lock(mutex_);
  const auto [entry, is_new] = identities_.try_emplace(set.text());
  if (is_new) {
    entry->second = content_identity(*tree_->open(set), contents_);
  }
  return entry->second;
}

void ExperimentData::save_known_contents() const {
  const std::scoped_lock lock(mutex_);
  contents_.save();
}

std::string ExperimentData::identity(const SetName& set) const {
  std::string files = files_identity(files_of(set));
  if (set.type == 0 || !make_challenges_) {
    return files;
  }
  return sha256_hex(
      bytes_of(fmt::format("{} {} {} {} {}", files, set.type, set.level, options_.challenge_seed,
                           options_.challenge.post_production)));
}

void ExperimentData::note_set(const SetName& set, nlohmann::json& ingredients) const {
  ingredients["set"] = identity(set);
  if (set.type != 0 && make_challenges_) {
    note_strength(ingredients);
  }
}

void ExperimentData::note_strength(nlohmann::json& ingredients) const {
  if (options_.challenge.strength != challenge::Strength::kImage) {
    ingredients["strength"] = challenge::name(options_.challenge.strength);
  }
}

}  // namespace gradspace
