#include "cli/fast_decode.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "gradspace/error.h"

namespace gradspace::cli {

CLI::Option* declare_fast_decode(CLI::App& app, bool& asked) {
  return app.add_flag(
      "--fast-decode", asked,
      "Decode JPEG files at 1/2, 1/4 or 1/8 of their size, but never below twice the "
      "input's: faster, with other pixels, which what is made here is for from then "
      "on");
}

CLI::Option* declare_fast_decode_of(CLI::App& app, const std::string& file, bool& asked) {
  return app.add_flag("--fast-decode", asked,
                      fmt::format("Refuse {} unless it is for fast decoding of JPEG files (without "
                                  "it: they are decoded as {} says)",
                                  file, file));
}

void require_decoding(bool fast_was_asked, Decoding recorded, const std::string& path) {
  if (fast_was_asked && recorded != Decoding::kFast) {
    throw InvalidArgument(
        fmt::format("{}: is for images of exact decoding, which --fast-decode is not", path));
  }
}

void refuse_fast_tiles(bool fast_was_asked, const std::string& command) {
  if (fast_was_asked) {
    throw WrongUsage(
        fmt::format("{}: --fast-decode does not go with tiles, which are cut from photographs at "
                    "their own resolution",
                    command));
  }
}

}  // namespace gradspace::cli
