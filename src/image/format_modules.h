// Image formats that are read by modules, which are loaded with the first file of theirs.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gradspace/image.h"
#include "image/codec.h"
#include "image/row_sink.h"

namespace gradspace::codec {

/// A format that a module reads.
struct ModuleFormat {
  ImageFormat format;
  std::string_view module;  ///< its file is libgradspace_MODULE.so
  std::string_view words;   ///< "a WebP image"
};
std::span<const ModuleFormat> module_formats();

/// The format of those by the first bytes (64 are enough), or null.
const ModuleFormat* find_module_format(Bytes begin);

/// The library that reads the format, such as "libwebp 1.2.4". Throws Error where its module can't be loaded.
std::string module_library(const ModuleFormat& format);

/// Gives `out` the image. Throws FormatError, also where this build can't read the format.
void decode_by_module(const ModuleFormat& format, Bytes bytes, std::string_view name, RowSink& out);

}  // namespace gradspace::codec
