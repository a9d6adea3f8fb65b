// Files with one byte turned over, as disks and networks do it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "core/file.h"
#include "gradspace/error.h"

namespace gradspace::testing {

/// Writes over one byte in place, which takes a tenth of the time of writing the file anew.
inline void write_byte(const std::filesystem::path& path, std::size_t at, std::uint8_t value) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(value));
  ASSERT_TRUE(file.flush()) << path;
}

/// Calls `read` with the file at `path` damaged at up to `places` places, one after the other, in several ways; each
/// time it must throw FormatError that names the file. Leaves the file as it was.
inline void expect_damage_noticed(const std::filesystem::path& path,
                                  const std::function<void()>& read, std::size_t places = 400) {
  const std::vector<std::uint8_t> whole = read_file(path);
  const std::size_t step = std::max<std::size_t>(1, whole.size() / places);
  std::size_t unnoticed = 0;
  for (std::size_t i = 0; i < whole.size() && unnoticed < 5; i += step) {
    for (const int mask : {0x01, 0x20, 0xFF}) {
      write_byte(path, i, static_cast<std::uint8_t>(whole[i] ^ mask));
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
    write_byte(path, i, whole[i]);
  }
  EXPECT_EQ(read_file(path), whole) << path;
  EXPECT_NO_THROW(read()) << path;
}

}  // namespace gradspace::testing
