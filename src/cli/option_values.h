// What the values of options may be: said once, checked before any work, and named in the message.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "cli/command.h"
#include "gradspace/error.h"
#include "gradspace/model.h"
#include "gradspace/tiles.h"

namespace gradspace::cli {

/// A whole number from `least` to `most`.
CLI::Validator whole_number(std::uint64_t least,
                            std::uint64_t most = std::numeric_limits<int>::max());

/// 0 for all cores, or so many threads.
CLI::Validator thread_count();

/// Any seed of 64 bits.
CLI::Validator seed_number();

/// A finite number: over `bound`, or at least `bound`.
CLI::Validator number_over(double bound);
CLI::Validator number_from(double bound);
/// A number over 0 and under 1.
CLI::Validator fraction();
/// Any finite number.
CLI::Validator finite_number();

/// One of the words. The message suggests the nearest, or lists them all.
CLI::Validator one_of(std::vector<std::string> words);

/// The names in a registry's list, for `one_of`.
template <typename Infos>
std::vector<std::string> names_of(const Infos& infos) {
  std::vector<std::string> names;
  for (const auto& info : infos) {
    names.emplace_back(info.name);
  }
  return names;
}

/// A text that `parse` takes; what it throws says why not.
template <class Parse>
CLI::Validator parsed_by(Parse parse) {
  return {[parse](std::string& text) {
            try {
              parse(text);
              return std::string();
            } catch (const InvalidArgument& error) {
              return std::string(error.what());
            }
          },
          ""};
}

/// The tiling with the distance of neighbouring tiles that `stride` says, "14x14"; as it is where that is empty.
/// Throws InvalidArgument.
Tiling with_stride(Tiling tiling, const std::string& stride);

/// The autoencoder for images of a size such as "64x64". Throws InvalidArgument.
AutoencoderSpec autoencoder_of_size(const std::string& size);

/// A table, or lines for programs.
CLI::Validator output_format();

/// What is wrong with a command line that CLI11 would pass over: "--model=" without a value, for which it would
/// take the next word, and lists with an empty part, such as "psnr,,ssim". Empty where nothing is.
std::string missing_value(const CLI::App& app, const std::vector<std::string>& arguments);

/// Refuses empty values of all options of a command, and of its subcommands, that take any.
void refuse_empty_values(CLI::App& app);

/// Calls `check`, for what can only be judged once all options are there. Throws WrongUsage in the place of
/// InvalidArgument.
template <class Check>
void check_usage(const Check& check) {
  try {
    check();
  } catch (const InvalidArgument& error) {
    throw WrongUsage(error.what());
  }
}

}  // namespace gradspace::cli
