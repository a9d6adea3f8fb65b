// Challenges for whole sources: from files to files, on all cores.
//
// Where a file goes below the output:
//   a CURE-TSR tree, an IDX or CIFAR-10 source, or any source that is split into sets
//       RealChallenge/TT_LL/SET/NAME.bmp, and clean copies RealChallengeFree/SET/NAME.bmp where asked;
//       a CURE-TSR name keeps all its fields, five or seven, but type and level; others become
//       01_CC_TT_LL_00_00_NNNNNN (CC: class + 1 where it is known and under 14, else 01; NNNNNN: position
//       in the source)
//   a folder of images, or one image
//       TT_LL/PATH, its path relative to the input
//   one image, one type, one level, and an output with an image's extension
//       that file
// Images that are challenged already (CURE-TSR types over 00) are passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/challenge.h"
#include "gradspace/export.h"
#include "gradspace/image.h"
#include "gradspace/job_observer.h"
#include "gradspace/source.h"

namespace gradspace::challenge {

/// Comma-separated names or numbers ("rain,noise", "09,08"), or "all"; in the order of the numbers,
/// each once. Throws InvalidArgument that lists the valid ones.
GRADSPACE_API std::vector<Type> parse_types(std::string_view text);

/// Comma-separated levels and ranges ("1-5", "1,3"); ascending, each once. Throws InvalidArgument.
GRADSPACE_API std::vector<int> parse_levels(std::string_view text);

/// "bmp", "png", "jpg". Throws InvalidArgument.
GRADSPACE_API ImageFormat parse_format(std::string_view text);

/// Part of a source that becomes a set of an experiment's tree.
struct SetShare {
  std::string set;        ///< "train", "val" or "test"
  std::size_t count = 0;  ///< images, or percent of the source's clean images
  bool percent = false;

  friend bool operator==(const SetShare&, const SetShare&) = default;
};

/// "train=4000,val=1000,test=20%". Throws InvalidArgument.
GRADSPACE_API std::vector<SetShare> parse_split(std::string_view text);

/// What the draws of the source's image `i` depend on beside seed and type: its path relative to the
/// source's root, or its position in an IDX or CIFAR-10 source.
GRADSPACE_API std::string image_key(const Source& source, std::size_t i);

struct GRADSPACE_API BatchOptions {
  std::vector<Type> types;
  std::vector<int> levels;
  std::uint64_t seed = 0;
  Options challenge;
  /// Of the output files; by default BMP in a tree, else each input's own (PNG where its name has
  /// none of ours).
  std::optional<ImageFormat> format;
  SourceKind source = SourceKind::kAuto;
  SourceOptions source_options = {};
  /// Where not empty: so many images drawn by the seed, without overlap, become sets of a tree.
  std::vector<SetShare> split;
  /// Where not empty: only these sets of a tree ("train", "val", "test").
  std::vector<std::string> sets;
  /// Write the clean images as well; a split always does.
  bool clean = false;
  /// Write into an output that is not empty, replacing files of the same names.
  bool force = false;
  int threads = 0;  ///< 0 = all cores

  /// Throws InvalidArgument.
  void validate() const;
};

struct BatchResult {
  std::size_t images = 0;            ///< of the source that were to be challenged
  std::size_t written = 0;           ///< files
  std::size_t kept = 0;              ///< files that an unfinished run of the same had written
  std::vector<std::string> skipped;  ///< what the source passed over, a line each
  /// What could not be read, challenged or written, a line each, in the source's order.
  std::vector<std::string> failures;
  /// On request. The same call goes on, but for one that writes a single file or has `force`.
  bool stopped = false;
};

/// Challenges all clean images of a source under all types and levels that `options` names, and writes
/// them below `output`. The observer counts images, is told how many files were passed over, and is asked
/// before every file whether to stop. The files are the same on any number of threads. Large images wait for
/// one another, so that memory is bounded.
///
/// Until all is written the output folder holds a record, ".gradspace.challenge". A run that was killed or
/// stopped, or that could not write all files, is continued by the same call with the same images: what is
/// there is kept, and the folder comes out as if it had run through.
///
/// Throws InvalidArgument when the output is not fit (inside the input, or not empty without `force` and no
/// unfinished run of the same), before anything is written; IoError while somebody else writes there
/// (output_lock.h); IoError, FormatError when the source can't be opened. What fails later is listed, and the
/// rest done.
GRADSPACE_API BatchResult challenge_files(const std::filesystem::path& input,
                                          const std::filesystem::path& output,
                                          const BatchOptions& options,
                                          const JobObserver& observer = {});

/// Draws the source's first image under all types and levels that `options` names, with labels, into the
/// file `sheet`: a row a type, a column a level beside the original. Throws InvalidArgument, IoError,
/// FormatError.
GRADSPACE_API void write_contact_sheet(const std::filesystem::path& input,
                                       const std::filesystem::path& sheet,
                                       const BatchOptions& options);

}  // namespace gradspace::challenge
