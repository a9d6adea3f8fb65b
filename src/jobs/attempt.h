// What one image costs when something is wrong with it: a line, and no other image its result.
#pragma once

#include <fmt/format.h>

#include <new>
#include <string>

#include "gradspace/error.h"

namespace gradspace {

/// Does what is to be done with the image called `name`. Empty when it went well; else why not, in a line:
/// that of the error, which names the file where it is one of reading.
template <typename Work>
std::string failure_of(const std::string& name, const Work& work) {
  try {
    work();
    return {};
  } catch (const Error& error) {
    return error.what();
  } catch (const std::bad_alloc&) {
    return fmt::format("{}: out of memory", name);
  }
}

}  // namespace gradspace
