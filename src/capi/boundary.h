// The wall between C++ and C: exceptions become a status and a line of text.
#pragma once

#include <cxxabi.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

#include "gradspace.h"
#include "gradspace/error.h"

namespace gradspace::capi {

/// A handle that is none, or of another kind.
class InvalidHandle : public Error {
 public:
  using Error::Error;
};

/// Another thread works with the handle.
class Busy : public Error {
 public:
  using Error::Error;
};

/// The caller's function asked to stop.
class Stopped : public Error {
 public:
  using Error::Error;
};

/// What went wrong, as C is told.
struct Failure {
  gradspace_status status = GRADSPACE_OK;
  std::string line = {};
};

/// Of the exception that is being handled. Where there is no memory for the line, it is empty.
Failure current_failure() noexcept;

/// Notes the line for gradspace_last_error, with the function's name before it, and returns the status.
gradspace_status note(const char* function, const Failure& failure) noexcept;

/// Calls what a C function is to do, which throws where it fails.
template <typename Work>
gradspace_status guarded(const char* function, const Work& work) {
  try {
    work();
    return GRADSPACE_OK;
  } catch (abi::__forced_unwind&) {  // the thread is being cancelled
    throw;
  } catch (...) {
    return note(function, current_failure());
  }
}

/// Throws InvalidArgument where a pointer is null that must not be.
inline void require(const void* pointer, const char* name) {
  if (pointer == nullptr) {
    throw InvalidArgument(std::string(name) + " is a null pointer");
  }
}

/// Throws InvalidArgument for more images than an array in memory can hold.
void require_count(std::size_t count);

/// How many threads a call works on that was asked to work on so many: no more than there are processors, as more would
/// gain nothing, and oneTBB would complain of it on the standard error. 0 stays 0, which stands for all. Throws
/// InvalidArgument for a negative number.
int checked_threads(std::int32_t threads);

/// Throws InvalidArgument unless a struct's `size` is one that this library, an earlier version or a later one knows.
/// `first_version`: the size that the struct was first released with, which is its sizeof until a field is added.
void require_struct_size(std::size_t size, std::size_t first_version, const char* name);

/// A struct of options of the caller's, of whatever version: what an older program does not have is 0. Throws
/// InvalidArgument as `require_struct_size`, and where a newer program set a field that this library does not know.
template <typename Options>
Options known_options(const Options* given, std::size_t first_version, const char* name) {
  require_struct_size(given->size, first_version, name);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(given);
  for (std::size_t i = sizeof(Options); i < given->size; ++i) {
    if (bytes[i] != 0) {
      throw InvalidArgument(std::string(name) +
                            " has a field that this version of the library does not know");
    }
  }
  Options known = {};
  std::memcpy(&known, given, given->size < sizeof known ? given->size : sizeof known);
  return known;
}

/// The same, all 0 where none are given.
template <typename Options>
Options known_options_or_none(const Options* given, std::size_t first_version) {
  return given == nullptr ? Options{} : known_options(given, first_version, "options");
}

/// Copies a text into an array of the caller's struct, cut where it is too long, ended by a NUL.
template <std::size_t Size>
void copy_text(const std::string& text, char (&out)[Size]) {
  out[text.copy(out, Size - 1)] = '\0';
}

}  // namespace gradspace::capi
