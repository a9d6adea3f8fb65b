// Arrays aligned for vectors of any width.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

namespace gradspace {

/// Two lines of cache, which processors fetch together.
inline constexpr std::align_val_t kArrayAlignment{128};

struct DeleteAligned {
  void operator()(void* array) const noexcept { ::operator delete(array, kArrayAlignment); }
};

template <typename T>
using AlignedArray = std::unique_ptr<T[], DeleteAligned>;

/// Not initialised. Throws std::bad_alloc.
template <typename T>
AlignedArray<T> make_aligned(std::size_t count) {
  static_assert(std::is_trivially_default_constructible_v<T> &&
                std::is_trivially_destructible_v<T>);
  if (count > static_cast<std::size_t>(-1) / sizeof(T)) {
    throw std::bad_array_new_length();
  }
  return AlignedArray<T>(static_cast<T*>(::operator new(count * sizeof(T), kArrayAlignment)));
}

}  // namespace gradspace
