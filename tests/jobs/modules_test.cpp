#include "gradspace/modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace gradspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Runs in a process of its own, as all tests do: a module is looked for once.
TEST(FindModules, SaysOfEachWhetherItCanBeLoaded) {
  setenv("GRADSPACE_WEBP_MODULE", "/no/such/webp.so", 1);
  setenv("GRADSPACE_TORCH_MODULE", "/no/such/torch.so", 1);
  std::vector<std::string> names;
  for (const ModuleInfo& module : find_modules()) {
    names.push_back(module.name);
    EXPECT_NE(module.library.empty(), module.failure.empty()) << module.name;
    if (module.name == "webp") {
      EXPECT_EQ(module.path, "/no/such/webp.so");
      EXPECT_THAT(module.failure, HasSubstr("/no/such/webp.so is not there"));
    }
  }
  EXPECT_THAT(names,
              ElementsAre("webp", "avif", "jpeg_xl", "tiff", "media", "mpi", "live", "torch"));
}

}  // namespace
}  // namespace gradspace
