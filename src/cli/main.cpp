#include <string>
#include <vector>

#include "cli/command_line.h"
#include "core/allocation.h"

int main(int argc, char** argv) {
  gradspace::keep_freed_memory();
  return gradspace::cli::run(std::vector<std::string>(argv + 1, argv + argc));
}
