// How much processor time a container may take.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace gradspace {

/// The processors that the control groups of a process allow, such as 0.5, the least of all that apply;
/// nothing where they set no limit or can't be read. `groups` is the content of /proc/self/cgroup, `mount`
/// where the groups' files lie (/sys/fs/cgroup). Versions 1 and 2 of control groups are read.
std::optional<double> cpu_quota(std::string_view groups, const std::filesystem::path& mount);

}  // namespace gradspace
