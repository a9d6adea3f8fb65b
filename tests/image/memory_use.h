// How much memory readers of large images take.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "gradspace/image.h"
#include "sanitizers.h"

namespace gradspace::testing {

/// The most memory that this process ever had, in bytes.
inline std::uint64_t most_memory() {
  std::ifstream file("/proc/self/status");  // which has no size
  const std::string status(std::istreambuf_iterator<char>(file), {});
  return std::stoull(status.substr(status.find("VmHWM:") + 6)) * 1024;
}

/// Reads one file on many threads, a reader each. All of them together may take `bytes_a_thread` each, and
/// `bytes_in_all` beside.
inline void expect_little_memory(const std::vector<std::uint8_t>& file, std::size_t threads,
                                 std::size_t bytes_a_thread, std::size_t bytes_in_all = 0) {
#if GRADSPACE_TEST_SANITIZED
  GTEST_SKIP() << "sanitizers keep freed memory";
#endif
  if (!std::filesystem::exists("/proc/self/status")) {
    GTEST_SKIP() << "there is no /proc/self/status";
  }
  const std::uint64_t before = most_memory();
  std::vector<std::vector<std::uint8_t>> fitted(threads, std::vector<std::uint8_t>(8 * 8 * 3));
  std::vector<std::thread> running;
  std::latch start(static_cast<std::ptrdiff_t>(threads));
  for (std::size_t i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      FixedSizeReader reader(8, 8, 3);
      start.arrive_and_wait();
      reader.decode(file, "large", fitted[i]);
    });
  }
  for (std::thread& thread : running) {
    thread.join();
  }
  EXPECT_LT(most_memory() - before, bytes_in_all + threads * bytes_a_thread);
  for (const auto& pixels : fitted) {
    EXPECT_EQ(pixels, fitted[0]);
  }
}

}  // namespace gradspace::testing
