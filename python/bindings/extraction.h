// What extraction and scoring share.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "gradspace/source.h"

namespace gradspace::python {

/// How libraries' classes are held by Python's objects.
using SharedSource = std::shared_ptr<Source>;

/// Work on so few images, or on pixels of so few bytes as the model sees them, is done at once by the thread that asks
/// for it: it takes milliseconds, of which a thread of its own would take a twentieth.
inline constexpr std::size_t kFewImages = 64;
inline constexpr std::size_t kFewBytes = std::size_t{2} << 20;

/// The most images that a thread of the native engine takes at a time: what it makes of them stays in the caches.
inline constexpr std::size_t kNativePiece = 64;

/// How many images a thread takes at a time, for `count` on `threads` threads: at most `most`.
std::size_t piece_of(std::size_t count, int threads, std::size_t most = kNativePiece);

}  // namespace gradspace::python
