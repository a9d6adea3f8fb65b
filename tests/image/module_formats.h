// Which of the modules that read further image formats this build has.
#pragma once

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

namespace gradspace::testing {

/// Whether the module is built: then its format must be read.
inline bool is_built(const std::string& module) {
  std::istringstream built(GRADSPACE_TEST_FORMAT_MODULES);
  for (std::string name; built >> name;) {
    if (name == "gradspace_" + module) {
      return true;
    }
  }
  return false;
}

/// A little-endian TIFF file whose first directory, which must lie behind all else but its values, says another size.
inline std::vector<std::uint8_t> with_tiff_size(std::vector<std::uint8_t> file, std::uint32_t width,
                                                std::uint32_t height) {
  const auto word = [&](std::size_t at) { return file.at(at) + 256U * file.at(at + 1); };
  const std::size_t directory = word(4) + 65536U * word(6);
  for (std::size_t i = 0; i < word(directory); ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    constexpr std::uint32_t kWidthTag = 256;
    constexpr std::uint32_t kHeightTag = 257;
    const std::uint32_t tag = word(entry);
    if (tag == kWidthTag || tag == kHeightTag) {
      const std::uint32_t value = tag == kWidthTag ? width : height;
      file[entry + 2] = 4;  // a number of 32 bits
      for (std::size_t byte = 0; byte < 4; ++byte) {
        file[entry + 8 + byte] = static_cast<std::uint8_t>(value >> (8 * byte));
      }
    }
  }
  return file;
}

}  // namespace gradspace::testing
