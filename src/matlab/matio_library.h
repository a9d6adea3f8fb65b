// libmatio, which reads MATLAB files. It brings forty other libraries with it, so it is loaded only
// when such a file is met.
#pragma once

#include <matio.h>

namespace gradspace {

/// The functions that are used.
struct MatioLibrary {
  decltype(&::Mat_Open) open;
  decltype(&::Mat_Close) close;
  decltype(&::Mat_GetVersion) version;
  decltype(&::Mat_VarReadInfo) read_info;
  decltype(&::Mat_VarReadDataAll) read_data;
  decltype(&::Mat_VarFree) free;
};

/// Loads it on first use. Thread-safe. Throws Error when it is not installed.
const MatioLibrary& matio();

}  // namespace gradspace
