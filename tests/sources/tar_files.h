// Tar archives byte by byte, as tests want them.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace gradspace::testing {

/// A header of 512 bytes with its checksum, in ustar's form; `type` '0' is a file.
inline std::string tar_header(std::string_view name, std::uint64_t size, char type = '0',
                              std::string_view prefix = "") {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) {
    std::memcpy(header.data() + at, text.data(), text.size());
  };
  put(0, name.substr(0, 100));
  put(100, "0000644");
  put(124, fmt::format("{:011o}", size));
  put(136, "00000000000");
  header[156] = type;
  put(257, std::string_view("ustar\0"
                            "00",
                            8));
  put(345, prefix);
  put(148, "        ");
  unsigned sum = 0;
  for (const char byte : header) {
    sum += static_cast<std::uint8_t>(byte);
  }
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  return header;
}

/// Data, filled up to whole blocks.
inline std::string tar_blocks(std::string_view data) {
  std::string blocks(data);
  blocks.resize((data.size() + 511) / 512 * 512);
  return blocks;
}

inline std::string tar_file(std::string_view name, std::string_view data) {
  return tar_header(name, data.size()) + tar_blocks(data);
}

inline std::string tar_end() {
  return std::string(1024, '\0');
}

/// A record of a pax header, with its own length before it.
inline std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) {
    ++length;
  }
  return fmt::format("{} {}={}\n", length, key, value);
}

}  // namespace gradspace::testing
