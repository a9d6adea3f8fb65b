// Where images come from: a CURE-TSR tree or one of its sets, a folder, an IDX pair, CIFAR-10
// binaries, tar archives, lists of files, a video. Opening lists (and counts a video's frames, for which they are
// decoded once); pixels are read only when asked, so memory does not grow with their number but for about fifty bytes a
// file name.
//
// Order: by path (bytewise) for files, by index for IDX and CIFAR-10, as they are listed in lists and archives; the
// same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"
#include "gradspace/image.h"

namespace gradspace {

/// The fields of a CURE-TSR file name: five as the data set is distributed, 01_05_09_03_0007.bmp; or seven in the
/// tree of the paper's code, 01_01_00_00_00_05_0003.bmp.
struct GRADSPACE_API CureTsrName {
  int sequence = 0;   ///< 01 real, 02 synthetic
  int sign = 0;       ///< 1 to 14
  int challenge = 0;  ///< 0 to 12; 0 alone is in-distribution
  int level = 0;      ///< 0 to 5
  std::string index;  ///< the last field, or the last three, as they stand: "0007", "00_05_0003"

  /// From a file name with or without folders and extension; nothing when it is not of this form.
  static std::optional<CureTsrName> parse(std::string_view file_name);
  /// "01_01_00_00_00_05_0003", no extension.
  std::string text() const;
};

/// What is known of an image without reading it.
struct ImageInfo {
  /// Relative to the source's root, '/'-separated; for IDX, CIFAR-10 and videos
  /// "FILE#INDEX".
  std::string path;
  /// "train", "val", "test", or empty: after the innermost folder that is called so. Names of five fields are also
  /// told by folders such as Real_Train and Real_Test; where there is no "val", every fifth block of consecutive
  /// names of the training images is.
  std::string set;
  int challenge = 0;      ///< CURE-TSR's type, 0 = clean or unknown
  int level = 0;          ///< 0 = clean or unknown
  int object_class = -1;  ///< sign type, digit, ...; -1 = unknown
};

enum class SourceKind { kAuto, kCureTsr, kFolder, kIdx, kCifar10, kVideo, kTar, kList };

/// Throws InvalidArgument that lists the valid ones: auto, cure-tsr, folder, idx, cifar10, tar, list,
/// video.
GRADSPACE_API SourceKind parse_source_kind(std::string_view text);

/// Where in a photograph a part of it lies: its upper left pixel.
struct TilePlace {
  int x = 0;
  int y = 0;

  friend bool operator==(const TilePlace&, const TilePlace&) = default;
};

/// A list of images. Thread-safe.
class GRADSPACE_API Source {
 public:
  virtual ~Source() = default;

  virtual SourceKind kind() const = 0;
  virtual std::size_t size() const = 0;  ///< at least 1
  virtual ImageInfo info(std::size_t i) const = 0;
  /// Throws IoError or FormatError naming the file; the other images stay readable.
  virtual Image load(std::size_t i) const = 0;
  /// load() fitted to the reader's size and channels, for pipelines that read many: files, IDX and
  /// CIFAR-10 are read without making an Image. The reader is not shared with another thread meanwhile.
  virtual void load_fitted(std::size_t i, FixedSizeReader& reader,
                           std::span<std::uint8_t> out_hwc) const {
    reader.fit(load(i), out_hwc);
  }
  /// The files that info(i) and load(i) come from, so that it can be told whether they have changed; none where
  /// images do not come from files.
  virtual std::vector<std::filesystem::path> files(std::size_t /*i*/) const { return {}; }
  /// Of an image that is a part of a photograph, its place there, once it was loaded (tiles.h).
  virtual std::optional<TilePlace> tile(std::size_t /*i*/) const { return std::nullopt; }
  /// What was passed over while listing and why, a line each ("notes.txt: not an image").
  virtual std::span<const std::string> skipped() const = 0;
  /// How many that were: a list of very many lines is cut.
  virtual std::size_t skipped_count() const { return skipped().size(); }
};

/// "photos: 2 of 7 files passed over, the first: notes.txt: not an image", of a source that was opened at
/// `path`; empty when nothing was.
GRADSPACE_API std::string passed_over(const Source& source, const std::filesystem::path& path);

/// What is lost where the images of a source are shrunk more than fourfold each way to an input of this size, and what
/// keeps it, in a line; empty where they are not, or the first of them can't be read.
GRADSPACE_API std::string shrinking_remark(const Source& source, int width, int height);

struct SourceOptions {
  /// Take files and folders, too, whose names begin with a dot.
  bool hidden = false;
  /// Run "pipe:COMMAND". Only for paths that the user wrote, never for those out of a file.
  bool commands = false;
};

/// Opens and lists. kAuto looks at the content: a folder that holds RealChallengeFree (or
/// RealChallenge, or files half of which or more have CURE-TSR names) is CURE-TSR; IDX by its magic number, plain
/// or gzip; CIFAR-10 by names and sizes of its binaries, both also in one of the folders directly
/// below; a single file may be a video (video.h), whose frames are the images: it is read in their order, and going
/// back means beginning anew; it may be a tar archive, compressed by gzip or Zstandard or not, whose images are read
/// where they lie in it, or a list of image files (.txt and .lst: a path a line; .csv: a column `path`, and `set` and
/// `class` where they are there; .jsonl: an object a line with the same), relative to its folder; another folder, or a
/// single image file or a pipe that one comes through, is a folder of images, searched recursively. A file in it is an
/// image by its extension, or else by its first bytes. `path` may name the tree or any folder in it
/// (".../RealChallenge/07_01/train"). A range of numbers in a path, "shard-{000..099}.tar", stands for as many
/// archives, and so does a folder that holds archives and no images; "pipe:COMMAND" for the archive that a shell
/// command writes, where `options` allow it. In archives, KEY.cls or the number "cls", "class" or "label" in KEY.json
/// is the class of the images KEY.*. Throws IoError when it can't be read, FormatError when it holds no image.
GRADSPACE_API std::unique_ptr<Source> open_source(const std::filesystem::path& path,
                                                  SourceKind kind = SourceKind::kAuto,
                                                  const SourceOptions& options = {});

/// The images of `source` at the given positions, as a source (it keeps `source` alive).
GRADSPACE_API std::unique_ptr<Source> select(std::shared_ptr<const Source> source,
                                             std::vector<std::uint32_t> positions);

}  // namespace gradspace
