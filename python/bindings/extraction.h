// What extraction and scoring share.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "gradspace/source.h"

namespace gradspace::python {

/// How libraries' classes are held by Python's objects.
using SharedSource = std::shared_ptr<Source>;

/// A piece of work of so few images is done at once, on the thread that asks for it: it takes milliseconds.
inline constexpr std::size_t kFewImages = 64;

/// How many images a thread takes at a time, for `count` on `threads` threads.
std::size_t piece_of(std::size_t count, int threads);

}  // namespace gradspace::python
