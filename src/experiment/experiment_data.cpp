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

namespace fs = std::filesystem;

constexpr const char* kClean = "RealChallengeFree";
constexpr const char* kChallenged = "RealChallenge";
constexpr const char* kMakeThem = " (--make-challenges makes challenged sets from the clean ones)";

}  // namespace

std::string SetName::text() const {
  return type == 0 ? "clean-" + split : fmt::format("{:02}_{:02}-{}", type, level, split);
}

ExperimentData::ExperimentData(const ExperimentOptions& options, const std::vector<SetName>& needed)
    : options_(options),
      make_challenges_(options.make_challenges || !fs::is_directory(options.data / kChallenged)),
      contents_(options.out / "inputs.json") {
  require({{"train"}, {"val"}, {"test"}}, "");
  if (make_challenges_) {
    return;
  }
  require(needed, kMakeThem);
  require_tested();
}

/// Throws InvalidArgument naming the folders of `sets` that are not there, and what helps.
void ExperimentData::require(const std::vector<SetName>& sets, std::string_view help) const {
  std::string missing;
  for (const SetName& set : sets) {
    if (!fs::is_directory(folder(set))) {
      missing +=
          (missing.empty() ? "" : ", ") + folder(set).lexically_relative(options_.data).string();
    }
  }
  if (!missing.empty()) {
    throw InvalidArgument(fmt::format("{}: no folder {}{}", options_.data.string(), missing, help));
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
      const fs::path tested = folder({"test", static_cast<int>(type), level});
      if (!fs::is_directory(tested)) {
        missing = count++ == 0 ? tested.lexically_relative(options_.data).string() : missing;
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
  throw InvalidArgument(fmt::format("{}: no folder {}{}{}{}", options_.data.string(), missing, more,
                                    fewer, there.empty() ? kMakeThem : ""));
}

fs::path ExperimentData::folder(const SetName& set) const {
  if (set.type == 0 || make_challenges_) {
    return options_.data / kClean / set.split;
  }
  return options_.data / kChallenged / fmt::format("{:02}_{:02}", set.type, set.level) / set.split;
}

std::shared_ptr<const Source> ExperimentData::open(const SetName& set) const {
  return set.type == 0 || !make_challenges_ ? open_source(folder(set)) : make(set);
}

std::shared_ptr<const Source> ExperimentData::make(const SetName& set) const {
  return challenged(open_source(folder({set.split})), static_cast<challenge::Type>(set.type),
                    set.level, options_.challenge_seed, fmt::format("{}/{}/", kClean, set.split),
                    options_.challenge);
}

std::string ExperimentData::files_identity(const fs::path& folder) const {
  const std::scoped_lock lock(mutex_);
  const auto [entry, is_new] = identities_.try_emplace(folder);
  if (is_new) {
    entry->second = content_identity(*open_source(folder), contents_);
  }
  return entry->second;
}

void ExperimentData::save_known_contents() const {
  const std::scoped_lock lock(mutex_);
  contents_.save();
}

std::string ExperimentData::identity(const SetName& set) const {
  std::string files = files_identity(folder(set));
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
