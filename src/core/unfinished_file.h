// Files on their way to a name: how they are called meanwhile, and what becomes of those whose writer died.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/descriptor.h"

namespace gradspace {

/// ".gradspace.tmp-" and the number: the names that are swept.
std::string unfinished_name(std::uint64_t number);

bool is_unfinished_name(std::string_view name);

/// A new, empty file beside others, under a name that nobody else has.
struct UnfinishedFile {
  std::string name;  ///< in its folder
  /// Open for writing. While it is, the file bears a lock that tells others that its writer lives.
  Descriptor file;
};

/// Makes one in `folder`; `mode` as for open(2). `path` stands in messages. Throws IoError.
UnfinishedFile make_unfinished_file(const Descriptor& folder, unsigned mode,
                                    const std::string& path);

/// Removes unfinished files from `folder` whose writers died, once a process and folder, and those that
/// versions before 0.2 left of the file `name`. What can't be removed stays.
void sweep_unfinished_files(const Descriptor& folder, const std::string& name);

/// The same of a folder in which nothing is going to be written.
void sweep_unfinished_files(const std::filesystem::path& folder);

}  // namespace gradspace
