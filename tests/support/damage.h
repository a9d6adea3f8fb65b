// Files with one byte turned over, as disks and networks do it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/file.h"
#include "gradspace/error.h"

namespace gradspace::testing {

/// Calls `read` with the file at `path` damaged at up to `places` places, one after the other, in several ways; each
/// time it must throw FormatError that names the file. Leaves the file as it was.
inline void expect_damage_noticed(const std::filesystem::path& path,
                                  const std::function<void()>& read, std::size_t places = 400) {
  const std::vector<std::uint8_t> whole = read_file(path);
  const std::size_t step = std::max<std::size_t>(1, whole.size() / places);
  std::size_t unnoticed = 0;
  for (std::size_t i = 0; i < whole.size() && unnoticed < 5; i += step) {
    for (const int mask : {0x01, 0x20, 0xFF}) {
      std::vector<std::uint8_t> damaged = whole;
      damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ mask);
      write_file(path, damaged, Survives::kKill);
      try {
        read();
        ++unnoticed;
        ADD_FAILURE() << path << ": byte " << i << " xor " << mask << " is not noticed";
      } catch (const FormatError& error) {
        const std::string message = error.what();
        EXPECT_NE(message.find(path.filename().string()), std::string::npos) << message;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
      }
    }
  }
  write_file(path, whole, Survives::kKill);
  EXPECT_NO_THROW(read()) << path;
}

}  // namespace gradspace::testing
