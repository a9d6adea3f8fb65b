#include "experiment/experiment_tree.h"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "gradspace/error.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kClean = "RealChallengeFree";
constexpr const char* kChallenged = "RealChallenge";

/// A folder a set.
class FolderTree final : public ExperimentTree {
 public:
  explicit FolderTree(fs::path root) : root_(std::move(root)) {}

  bool has(const SetName& set) const override { return fs::is_directory(root_ / relative(set)); }
  std::shared_ptr<const Source> open(const SetName& set) const override {
    return open_source(root_ / relative(set));
  }
  bool has_challenged() const override { return fs::is_directory(root_ / kChallenged); }
  std::string_view unit() const override { return "folder"; }
  std::string place(const SetName& set) const override { return relative(set).string(); }
  std::string prefix(const SetName& set) const override { return relative(set).string() + "/"; }

 private:
  static fs::path relative(const SetName& set) {
    return set.type == 0 ? fs::path(kClean) / set.split
                         : fs::path(kChallenged) / fmt::format("{:02}_{:02}", set.type, set.level) /
                               set.split;
  }

  fs::path root_;
};

/// All sets in one listing, told apart by what is known of each image.
class NamedTree final : public ExperimentTree {
 public:
  explicit NamedTree(std::shared_ptr<const Source> images) : images_(std::move(images)) {
    for (std::size_t i = 0; i < images_->size(); ++i) {
      const ImageInfo info = images_->info(i);
      if (!info.set.empty()) {
        positions_[SetName{info.set, info.challenge, info.level}.text()].push_back(
            static_cast<std::uint32_t>(i));
        has_challenged_ = has_challenged_ || info.challenge != 0;
      }
    }
  }

  bool has(const SetName& set) const override { return positions_.contains(set.text()); }
  std::shared_ptr<const Source> open(const SetName& set) const override {
    return select(images_, positions_.at(set.text()));
  }
  bool has_challenged() const override { return has_challenged_; }
  std::string_view unit() const override { return "images of"; }
  std::string place(const SetName& set) const override { return set.text(); }
  std::string prefix(const SetName& /*set*/) const override { return {}; }

 private:
  std::shared_ptr<const Source> images_;
  std::map<std::string, std::vector<std::uint32_t>> positions_;  ///< by the sets' texts
  bool has_challenged_ = false;
};

/// Null where the names of the files are not CURE-TSR's.
std::shared_ptr<const Source> open_named(const fs::path& data) {
  if (!fs::is_directory(data) || fs::is_directory(data / kClean)) {
    return nullptr;
  }
  try {
    std::shared_ptr<const Source> images = open_source(data);
    return images->kind() == SourceKind::kCureTsr ? images : nullptr;
  } catch (const FormatError&) {
    return nullptr;  // no image: it is said which folders are missing
  }
}

}  // namespace

std::string SetName::text() const {
  return type == 0 ? "clean-" + split : fmt::format("{:02}_{:02}-{}", type, level, split);
}

std::unique_ptr<const ExperimentTree> open_experiment_tree(const fs::path& data) {
  if (std::shared_ptr<const Source> images = open_named(data)) {
    return std::make_unique<NamedTree>(std::move(images));
  }
  return std::make_unique<FolderTree>(data);
}

}  // namespace gradspace
