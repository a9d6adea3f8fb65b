// The elements of a MATLAB file of level 5, looked at before libmatio reads them.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace gradspace {

/// libmatio allocates what a file's headers ask for. This compares the headers of all elements, compressed and
/// nested ones too, with the bytes that are there: no array has more values than bytes, no cell array more cells
/// than matrices that follow. Throws FormatError that names `name`; also for objects and functions, for over 64 MiB
/// in a compressed element, and for over 200 000 matrices in cells and structures.
void check_matlab_elements(const std::string& name, std::span<const std::uint8_t> file);

}  // namespace gradspace
