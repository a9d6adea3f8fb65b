// The words for kinds of inputs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gradspace/monitor.h"

namespace gradspace::live {

std::optional<CameraInputKind> input_kind(std::string_view word);
std::string input_kind_word(CameraInputKind kind);
const std::vector<std::string>& input_kind_words();

}  // namespace gradspace::live
