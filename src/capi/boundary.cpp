#include "capi/boundary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <new>
#include <thread>

namespace gradspace::capi {
namespace {

/// Of fixed size, so that a line can be noted when memory is short, and no destructor runs when a thread ends.
thread_local char last_line[4096] = "";

}  // namespace

Failure current_failure() noexcept {
  const auto failure = [](gradspace_status status, const char* line) noexcept {
    try {
      return Failure{status, line};
    } catch (const std::bad_alloc&) {
      return Failure{status};
    }
  };
  try {
    throw;
  } catch (const InvalidHandle& error) {
    return failure(GRADSPACE_INVALID_HANDLE, error.what());
  } catch (const Busy& error) {
    return failure(GRADSPACE_BUSY, error.what());
  } catch (const Stopped& error) {
    return failure(GRADSPACE_STOPPED, error.what());
  } catch (const InvalidArgument& error) {
    return failure(GRADSPACE_INVALID_ARGUMENT, error.what());
  } catch (const IoError& error) {
    return failure(GRADSPACE_IO_ERROR, error.what());
  } catch (const FormatError& error) {
    return failure(GRADSPACE_FORMAT_ERROR, error.what());
  } catch (const std::bad_alloc&) {
    return failure(GRADSPACE_OUT_OF_MEMORY, "out of memory");
  } catch (const std::length_error&) {  // more than a container can ever hold
    return failure(GRADSPACE_OUT_OF_MEMORY, "out of memory");
  } catch (const std::filesystem::filesystem_error& error) {
    return failure(GRADSPACE_IO_ERROR, error.what());
  } catch (const std::exception& error) {
    return failure(GRADSPACE_FAILED, error.what());
  } catch (...) {
    return failure(GRADSPACE_FAILED, "an exception of an unknown kind");
  }
}

gradspace_status note(const char* function, const Failure& failure) noexcept {
  const char* const line =
      failure.line.empty() ? gradspace_status_text(failure.status) : failure.line.c_str();
  std::snprintf(last_line, sizeof last_line, "%s: %s", function, line);
  return failure.status;
}

void require_count(std::size_t count) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  if (count > kMost) {
    throw InvalidArgument(fmt::format("{} images are more than {}", count, kMost));
  }
}

int checked_threads(std::int32_t threads) {
  if (threads < 0) {
    throw InvalidArgument(
        fmt::format("{} threads; wanted are 0, which stands for all, or more", threads));
  }
  const auto processors =
      static_cast<std::int32_t>(std::thread::hardware_concurrency());  // 0: nobody knows
  return processors == 0 ? threads : std::min(threads, processors);
}

void require_struct_size(std::size_t size, std::size_t first_version, const char* name) {
  constexpr std::size_t kMost = 4096;  // what a struct of a later version is well under
  if (size < first_version || size > kMost) {
    throw InvalidArgument(fmt::format("{} has size {}, at least {} is wanted: set it to sizeof",
                                      name, size, first_version));
  }
}

}  // namespace gradspace::capi

using gradspace::capi::last_line;

extern "C" {

const char* gradspace_status_text(gradspace_status status) {
  switch (status) {
    case GRADSPACE_OK:
      return "no error";
    case GRADSPACE_INVALID_ARGUMENT:
      return "invalid argument";
    case GRADSPACE_INVALID_HANDLE:
      return "invalid handle";
    case GRADSPACE_BUSY:
      return "in use by another thread";
    case GRADSPACE_IO_ERROR:
      return "input or output error";
    case GRADSPACE_FORMAT_ERROR:
      return "not the format that was expected";
    case GRADSPACE_OUT_OF_MEMORY:
      return "out of memory";
    case GRADSPACE_STOPPED:
      return "stopped by the caller";
    case GRADSPACE_FAILED:
      return "failed";
    default:
      return "unknown status";
  }
}

const char* gradspace_last_error(void) {
  return last_line;
}

}  // extern "C"
