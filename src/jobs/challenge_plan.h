// What `challenge` is to make: of which images, which files, and whether it may.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/challenge_files.h"
#include "jobs/unfinished_challenge.h"

namespace gradspace::challenge {

/// An image to be challenged.
struct Item {
  std::uint32_t position;  ///< in the source
  std::string_view set;    ///< of a split; else empty, and the source knows
};

/// Which of the source's images go where.
class Plan {
 public:
  Plan(const std::filesystem::path& input, const std::filesystem::path& output,
       const BatchOptions& options);

  /// Leaves a record in the output until `end`. There is none where one file is made, which is whole or not
  /// there, or with `force`, where what is to be replaced can't be told from what was; then that of an earlier
  /// run is removed. Throw IoError.
  void begin() const;
  void end() const;
  /// Whether an earlier run of the same was not finished.
  bool goes_on() const { return goes_on_; }

  const Source& source() const { return *source_; }
  const std::vector<Item>& items() const { return items_; }
  bool writes_one_file() const { return layout_ == Layout::kFile; }
  bool with_clean() const { return options_.clean || !options_.split.empty(); }

  /// Where an item's challenged image goes.
  std::filesystem::path path(const Item& item, Type type, int level) const;

  /// Where an item's clean copy goes; in a tree only.
  std::filesystem::path clean_path(const Item& item) const;

 private:
  enum class Layout { kFile, kFolder, kTree };

  void choose_layout(const std::filesystem::path& input);

  bool has_record() const { return layout_ != Layout::kFile && !options_.force; }

  /// All that the files depend on: options, and the images by path, size and time.
  std::string identity(const std::filesystem::path& input) const;

  bool is_wanted(const std::string& set) const;

  void choose_items();

  void split(const std::vector<std::uint32_t>& clean);

  void check_output(const std::filesystem::path& input) const;

  /// A tree that gains challenges.
  void check_additions() const;

  /// Two images must not become one file.
  void check_names() const;

  std::filesystem::path set(const Item& item) const;

  std::string tree_name(const Item& item, int type, int level) const;

  std::filesystem::path path_in_folder(const Item& item) const;

  const BatchOptions& options_;
  std::filesystem::path output_;
  std::unique_ptr<Source> source_;
  Layout layout_ = Layout::kFolder;
  std::vector<Item> items_;
  std::optional<UnfinishedRun> record_;
  bool goes_on_ = false;
};

}  // namespace gradspace::challenge
