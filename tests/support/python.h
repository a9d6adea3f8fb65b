// Oracles that live in Python packages, run as scripts under tests/.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace gradspace::testing {

struct ScriptOutput {
  int status = -1;
  std::string text;  ///< what it printed to standard output
};

/// Runs a shell command line and reads its standard output.
inline ScriptOutput run_shell(const std::string& command_line) {
  ScriptOutput output;
  FILE* pipe = popen(command_line.c_str(), "r");
  if (pipe == nullptr) {
    return output;
  }
  char buffer[4096];
  std::size_t got = 0;
  while ((got = fread(buffer, 1, sizeof buffer, pipe)) > 0) {
    output.text.append(buffer, got);
  }
  output.status = pclose(pipe);
  return output;
}

/// Whether Debian's Python is there and has the module.
inline bool python_has(const std::string& module) {
  return std::string(GRADSPACE_PYTHON).ends_with("python3") &&
         run_shell(fmt::format("{} -c 'import {}' 2>/dev/null", GRADSPACE_PYTHON, module)).status ==
             0;
}

/// Runs `tests/<script>` with arguments (quoted by the caller).
inline ScriptOutput run_script(const std::string& script, const std::string& arguments) {
  return run_shell(
      fmt::format("{} '{}/../{}' {}", GRADSPACE_PYTHON, GRADSPACE_TEST_FILES, script, arguments));
}

}  // namespace gradspace::testing
