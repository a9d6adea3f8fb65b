// What the options of several jobs have in common.
#pragma once

#include <string_view>

#include "core/options.h"

namespace gradspace {

/// Throws InvalidArgument that starts with the job's name when `threads` is negative.
inline void require_threads(int threads, std::string_view job) {
  OptionCheck{job}(threads >= 0, "threads", threads, "1 or more, or 0 for all cores");
}

}  // namespace gradspace
