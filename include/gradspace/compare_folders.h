// Compares folders of images, such as what several codecs made of the same photographs at several settings, with one
// folder of references: scores of every image, summaries by folder, and BD-rates between codecs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gradspace/bd_rate.h"
#include "gradspace/export.h"
#include "gradspace/job_observer.h"
#include "gradspace/source.h"

namespace gradspace {

/// Folders that are points of one rate-distortion curve: one codec at several settings.
struct NamedCurve {
  std::string name;
  std::vector<std::filesystem::path> folders;
};

struct GRADSPACE_API CompareFoldersOptions {
  std::filesystem::path references;  ///< a folder of images
  std::vector<std::filesystem::path>
      folders;  ///< paired with the references by the names of images
  std::vector<std::string> metrics{"gradient"};
  std::filesystem::path decoder;  ///< of the learned scores; empty = the one that ships
  SourceOptions source;
  /// Curves by name. Folders of theirs that are not among `folders` are added to them. A folder of no curve is a point
  /// of the one that its name says (`curve_of_folder`).
  std::vector<NamedCurve> curves;
  /// The curve that the others are compared with; empty = the first that has several points.
  std::string anchor;
  RateInterpolation interpolation = RateInterpolation::kPchip;
  /// A folder for the files below, made when it isn't there; empty = nothing is written.
  std::filesystem::path out;
  int threads = 0;  ///< 0 = all cores

  /// Throws InvalidArgument: for no folder or metric, one that is given twice, a folder in two curves, an unknown
  /// metric, an anchor that is no curve.
  void validate() const;
};

/// The curve that a folder's name says: what stands before the last separator ('-', '_', '=', '/' or a blank) that
/// letters and a number follow up to the end: "jpeg" of "jpeg-q30" and of "jpeg/30", "jxl" of "jxl_d1.5". Any other
/// name is a curve of its own.
GRADSPACE_API std::string curve_of_folder(const std::string& name);

/// An image beside its reference.
struct ComparedPair {
  std::size_t folder = 0;                          ///< its number
  std::string reference;                           ///< path relative to the references
  std::string distorted;                           ///< path relative to its folder
  std::uint64_t bytes = 0;                         ///< of the distorted image's file
  double bits_per_pixel = 0;                       ///< 0 when the reference could not be read
  std::vector<std::optional<double>> scores = {};  ///< by metric; empty when none gave a value
  std::vector<std::string> failures = {};          ///< why some are missing, a line each

  bool scored() const { return !scores.empty(); }
};

/// Of one metric over a folder's images that it scored.
struct QualitySummary {
  std::size_t images = 0;
  double mean = 0;  ///< infinite where a score is: PSNR of equal images
  double median = 0;
  double worst = 0;            ///< the smallest, or the largest where smaller is better
  std::size_t worst_pair = 0;  ///< its number in FolderComparison::pairs
};

struct ComparedFolder {
  std::string name;  ///< unlike that of every other folder: as much of the path's end as is needed
  std::filesystem::path path;
  std::size_t images = 0;      ///< that some metric scored
  std::size_t failed = 0;      ///< pairs that none did
  std::size_t incomplete = 0;  ///< of the images those that lack the score of a metric
  /// Images, of it or of the references, without a partner, a line each; where the folder holds no image or none with
  /// a partner, a line that says so.
  std::vector<std::string> unmatched;
  std::uint64_t bytes = 0;    ///< of the scored images' files
  double bits_per_pixel = 0;  ///< the mean over the scored images; 0 where there is none
  std::vector<std::optional<QualitySummary>> scores;  ///< by metric; empty where it scored no image
};

struct RateCurve {
  std::string name;
  std::vector<std::size_t> folders;  ///< numbers, by rising bits per pixel
};

/// A codec beside the anchor, by one metric. Only images that have a score in every folder of both curves count.
struct CurveComparison {
  std::size_t curve = 0;
  std::size_t metric = 0;
  std::size_t images = 0;    ///< that count
  std::size_t compared = 0;  ///< of these, those whose own curves could be compared
  /// Of the images' own BD-rates, in per cent; empty where there is none.
  std::optional<double> mean_bd_rate;
  std::optional<double> lowest_bd_rate;
  std::optional<double> highest_bd_rate;
  std::string refusal = {};  ///< why the first image that could not be compared was not
  /// Of the curves through the images' mean rates and mean scores.
  RateComparison of_means;
};

struct GRADSPACE_API FolderComparison {
  std::vector<std::string> metrics;
  std::vector<ComparedFolder> folders;
  std::vector<ComparedPair> pairs;    ///< by reference, then by folder; after a stop those so far
  std::vector<RateCurve> curves;      ///< every folder is in one
  std::optional<std::size_t> anchor;  ///< none where no curve has several points
  RateInterpolation interpolation = RateInterpolation::kPchip;
  std::vector<CurveComparison> comparisons;  ///< by curve, then by metric
  bool own_decoder = false;  ///< learned scores are of a decoder that the user named
  bool stopped = false;      ///< on request

  /// Whether any image has a score.
  bool any_scored() const;
  /// How many pairs no metric scored, how many lack a score, and how many lines `unmatched` has, over all folders.
  std::size_t failed() const;
  std::size_t incomplete() const;
  std::size_t unmatched() const;
};

/// Scores all images of all folders. References are read and prepared once for all folders, as far as memory and the
/// number of threads allow (`score_pairs`). `on_pair` is called once a pair, in the order of the result, one call at a
/// time, as the observer's functions are. What can't be read or scored is reported by `on_failure`, and the rest goes
/// on; so are images without a partner, and folders that hold no image or none with a partner.
///
/// Where `options.out` says so, and any image has a score, writes
///   scores.csv    folder, reference, distorted, bytes, bpp and one column a metric, of the images that were scored;
///                 empty where a metric gave no score
///   results.json  the options, the folders' summaries, curves and BD-rates
/// and until it is done keeps scores.journal there, from which a run that was stopped or killed continues when folders,
/// images, metrics and decoder are the same.
///
/// Throws IoError when a folder can't be read or written (also while somebody else writes into `out`), InvalidArgument
/// as `validate`, and FormatError when the references hold no image.
GRADSPACE_API FolderComparison compare_folders(
    const CompareFoldersOptions& options,
    const std::function<void(const FolderComparison&, const ComparedPair&)>& on_pair = {},
    const JobObserver& observer = {});

/// Tables for people: a metric each with the folders' summaries, then the BD-rates.
GRADSPACE_API std::string folder_comparison_table(const FolderComparison& comparison);

}  // namespace gradspace
