// How options of an algorithm are checked: each wrong one gives the same kind of message.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "gradspace/error.h"

namespace gradspace {

class OptionCheck {
 public:
  /// `command`: what the options belong to, at the start of each message.
  explicit constexpr OptionCheck(std::string_view command) : command_(command) {}

  /// Throws InvalidArgument unless `holds`: "train: batch 0: must be 1 or more".
  template <typename Value>
  void operator()(bool holds, std::string_view option, const Value& value,
                  std::string_view wanted) const {
    if (!holds) {
      throw InvalidArgument(fmt::format("{}: {} {}: must be {}", command_, option, value, wanted));
    }
  }

  /// Throws InvalidArgument when a run is to be resumed from no file.
  void resumable(bool resume, const std::filesystem::path& checkpoint) const {
    if (resume && checkpoint.empty()) {
      throw InvalidArgument(
          fmt::format("{}: to resume, the checkpoint's file must be given", command_));
    }
  }

 private:
  std::string_view command_;
};

}  // namespace gradspace
