// Verdicts on images as a JUnit file, the XML that build servers show test results from.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/export.h"

namespace gradspace {

/// What became of one image. Texts may be of any bytes: what XML can't hold stands as `\x` and hexadecimal digits.
struct JUnitCase {
  std::string suite;                       ///< the folder that it lies in
  std::string name;                        ///< the image
  std::vector<std::string> failures = {};  ///< what was not as demanded, a line each
  std::vector<std::string> errors =
      {};  ///< why it could not be judged, a line each; weighs more than a failure
};

/// A `testsuites` element named `name`, with a `testsuite` for each suite, in the order in which they first come, and a
/// `testcase` for each case. In UTF-8.
GRADSPACE_API std::string junit_xml(std::string_view name, std::span<const JUnitCase> cases);

/// Writes that into a file: the old one or the new one, never half of it. Throws IoError.
GRADSPACE_API void write_junit(const std::filesystem::path& path, std::string_view name,
                               std::span<const JUnitCase> cases);

}  // namespace gradspace
