// Images that are files: a CURE-TSR tree, or any folder.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/cure_tsr_sets.h"
#include "data/file_list.h"
#include "gradspace/source.h"

namespace gradspace {

class FileSource final : public Source {
 public:
  /// As `kind` kCureTsr, files whose names are not CURE-TSR's are passed over; as kFolder every
  /// file is taken. Throws FormatError when none is left.
  FileSource(std::filesystem::path root, Listing listing, SourceKind kind);

  SourceKind kind() const override { return kind_; }
  std::size_t size() const override { return files_.size(); }
  ImageInfo info(std::size_t i) const override;
  Image load(std::size_t i) const override;
  void load_fitted(std::size_t i, FixedSizeReader& reader,
                   std::span<std::uint8_t> out_hwc) const override;
  std::vector<std::filesystem::path> files(std::size_t i) const override { return {path(i)}; }
  std::span<const std::string> skipped() const override { return skipped_; }
  std::size_t skipped_count() const override { return skipped_count_; }

 private:
  std::filesystem::path path(std::size_t i) const;

  std::filesystem::path root_;
  std::string prefix_;  ///< the root and a '/'
  SourceKind kind_;
  FileList files_;
  std::optional<CureTsrSets> sets_;  // of the files, once they are known
  std::vector<std::string> skipped_;
  std::size_t skipped_count_ = 0;
};

/// Whether a listing is a CURE-TSR tree or a part of one: half of its file names or more are.
bool has_cure_tsr_names(const FileList& files);

}  // namespace gradspace
