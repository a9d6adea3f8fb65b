// Large arrays that are filled by several threads: setting them to zero first would be one thread's work.
#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace gradspace {

/// Leaves numbers as the memory has them where nothing is said of their values: `resize` and the constructor with a
/// size alone. The first to write a page of memory is then the thread that fills it.
template <typename T>
struct UninitialisedAllocator : std::allocator<T> {
  template <typename Other>
  struct rebind {
    using other = UninitialisedAllocator<Other>;
  };

  template <typename U>
  void construct(U* place) noexcept {
    ::new (static_cast<void*>(place)) U;
  }
  template <typename U, typename... Arguments>
  void construct(U* place, Arguments&&... arguments) {
    std::construct_at(place, std::forward<Arguments>(arguments)...);
  }
};

template <typename T>
using UninitialisedVector = std::vector<T, UninitialisedAllocator<T>>;

}  // namespace gradspace
