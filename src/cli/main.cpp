#include <string>
#include <vector>

#include "cli/allocation.h"
#include "cli/command_line.h"
#include "cli/output.h"

int main(int argc, char** argv) {
  gradspace::cli::secure_standard_descriptors();
  gradspace::cli::let_large_writes_fail();
  gradspace::cli::keep_freed_memory();
  return gradspace::cli::run(std::vector<std::string>(argv + 1, argv + argc));
}
