// Databases of distorted images with people's opinions of them.
//
//   tid2013  mos_with_names.txt, mos_std.txt (where it is), reference_images/, distorted_images/
//   live     LIVE release 2: jp2k/ jpeg/ wn/ gblur/ fastfading/ refimgs/, refnames_all.mat (or the
//            folders' info.txt), dmos_realigned.mat (which has the deviations) or else dmos.mat;
//            copies of reference images among the distorted (`orgs`) are passed over
//   live-md  LIVE multiply distorted: "Part 1/" and "Part 2/", each with Imagelists.mat, Scores.mat
//            and the images in blurjpeg/ or blurnoise/
//   kadid    KADID-10k: dmos.csv, images/; its DMOS grow with quality, its column `var` is taken for
//            the variance of opinion
//   csv      a file with the columns reference, distorted, score and, where known, type and std;
//            paths relative to it
// All names are found in any letter case.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"

namespace gradspace {

struct OpinionPair {
  std::string reference;  ///< path below the database's root, as it is spelled on the disk
  std::string distorted;  ///< the same
  std::string type;       ///< of distortion; may be empty
  double opinion = 0;     ///< mean opinion
  std::optional<double> deviation;  ///< standard deviation of opinions
};

struct OpinionDatabase {
  std::string name;  ///< "tid2013", ...
  std::filesystem::path root;
  bool larger_is_better = true;    ///< else opinions are difference scores, 0 = perfect
  std::vector<OpinionPair> pairs;  ///< those with both files, in the database's order; at least one
  std::size_t listed = 0;          ///< pairs the database should have
  std::vector<std::string> missing;  ///< files that are listed but not there, each once
};

struct OpinionDatabaseInfo {
  std::string_view name;
  std::string_view summary;  ///< one line for --help
};

/// Those known.
GRADSPACE_API std::span<const OpinionDatabaseInfo> all_opinion_databases();

/// `path` is the database's folder, for csv the file. Images are not opened. Reading .mat files needs
/// libmatio. Throws InvalidArgument for a name that is not known, IoError, FormatError; also when no
/// pair has both its files.
GRADSPACE_API OpinionDatabase open_opinion_database(std::string_view name,
                                                    const std::filesystem::path& path);

}  // namespace gradspace
