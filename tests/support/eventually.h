// What other threads and processes bring about is waited for.
#pragma once

#include <chrono>
#include <thread>

namespace gradspace::testing {

/// Waits until `is_so`, for as long as a machine may need that has much else to do. Whether it became so.
template <typename Condition>
bool eventually(const Condition& is_so) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace gradspace::testing
