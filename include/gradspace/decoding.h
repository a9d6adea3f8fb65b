// How JPEG files are decoded on their way to a model's input, and what files of ours say of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gradspace/export.h"

namespace gradspace {

/// Fast decoding lets libjpeg-turbo's inverse transform give 1/2, 1/4 or 1/8 of the image's size: the smallest of them
/// that leaves at least twice the wanted size on either side, from where the image is resized as ever. Pixels come out
/// otherwise than by exact decoding, which gives all of them; other formats, and files too small for it, are decoded
/// exactly by either. What was learned by one is for images decoded by the same.
enum class Decoding { kExact, kFast };

/// "exact", "fast".
GRADSPACE_API std::string_view name(Decoding decoding);

/// What the metadata of a model or detector say: "decode" of the JSON object "preprocessing". Nothing where they do not
/// say it, as files of older versions, which are of exact decoding. Throws FormatError for a word that is neither.
GRADSPACE_API std::optional<Decoding> decoding_in(
    const std::map<std::string, std::string>& metadata);

/// Writes it there, beside what "preprocessing" says already.
GRADSPACE_API void record_decoding(Decoding decoding, std::map<std::string, std::string>& metadata);

/// A word out of a file. Throws FormatError that begins with `where` for one that is neither.
GRADSPACE_API Decoding parse_decoding(std::string_view text, std::string_view where);

}  // namespace gradspace
