// What a database's loader gives: its list, as the database has it. A new database is a file with a
// function that lists it, and a line in registry.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "opinions/any_case_files.h"

namespace gradspace::databases {

/// A pair as listed; whether its files are there is not looked at.
struct ListedPair {
  std::string reference;  ///< paths below the root
  std::string distorted;
  std::string type;
  double opinion = 0;
  std::optional<double> deviation;

  friend bool operator==(const ListedPair&, const ListedPair&) = default;
};

using List = std::vector<ListedPair>;

// Parsers of text files. `name` starts every message; they throw FormatError.

/// TID2013: lines "5.51429 I01_01_1.bmp"; `deviations`, where there are any, has a number for each of
/// these lines, in their order.
List parse_tid2013(std::string_view opinions, std::optional<std::string_view> deviations,
                   const std::string& name);
/// KADID-10k: a CSV with the columns dist_img, ref_img, dmos, var.
List parse_kadid(std::string_view text, const std::string& name);
/// A CSV with the columns reference, distorted, score and, where known, type and std.
List parse_csv_list(std::string_view text, const std::string& name);

/// A line of one of LIVE's info.txt: "sailing1.bmp img1.bmp 0.7".
struct LiveInfo {
  std::string reference;
  std::string distorted;
};
std::vector<LiveInfo> parse_live_info(std::string_view text, const std::string& name);

}  // namespace gradspace::databases
