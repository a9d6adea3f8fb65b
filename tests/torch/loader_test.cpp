#include "loader/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <thread>
#include <vector>

#include "core/file.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(TorchModulePath, LiesBesideTheLibrary) {
  unsetenv("GRADSPACE_TORCH_MODULE");
  const std::filesystem::path path = torch_module_path();
  EXPECT_TRUE(path.is_absolute());
  EXPECT_THAT(path.string(), EndsWith("/lib/gradspace/libgradspace_torch.so"));
}

TEST(TorchModulePath, FollowsTheVariable) {
  setenv("GRADSPACE_TORCH_MODULE", "/elsewhere/module.so", 1);
  EXPECT_EQ(torch_module_path(), "/elsewhere/module.so");
  unsetenv("GRADSPACE_TORCH_MODULE");
}

TEST(LoadTorchModule, SaysWhatIsMissing) {
  EXPECT_THAT(
      [] { load_torch_module("/no/such/module.so"); },
      ThrowsMessage<Error>(AllOf(
          HasSubstr("/no/such/module.so is not there"), HasSubstr("the package gradspace-torch"),
          HasSubstr("GRADSPACE_TORCH=ON"), HasSubstr("GRADSPACE_TORCH_MODULE"))));
}

TEST(LoadTorchModule, RefusesAFileThatIsNoLibrary) {
  const testing::TemporaryFolder folder;
  write_file(folder / "module.so", std::string_view("text"));
  EXPECT_THAT([&] { load_torch_module(folder / "module.so"); },
              ThrowsMessage<Error>(HasSubstr("can't load")));
}

TEST(LoadTorchModule, RefusesALibraryThatIsNoModule) {
  // The library this code lies in.
  const std::filesystem::path library =
      torch_module_path().parent_path().parent_path() / "libgradspace.so";
  EXPECT_THAT([&] { load_torch_module(library); },
              ThrowsMessage<Error>(HasSubstr("is not a gradspace module")));
}

TEST(LoadTorchModule, RefusesAModuleOfAnotherVersion) {
  EXPECT_THAT([] { load_torch_module(GRADSPACE_OTHER_MODULE); },
              ThrowsMessage<Error>(HasSubstr("belongs to another gradspace")));
}

#if GRADSPACE_TEST_TORCH

TEST(TorchModule, IsLoadedOnceByManyThreads) {
  std::vector<const TorchModule*> modules(8);
  std::vector<std::jthread> threads;
  for (const TorchModule*& module : modules) {
    threads.emplace_back([&module] { module = &torch_module(); });
  }
  threads.clear();
  for (const TorchModule* module : modules) {
    EXPECT_EQ(module, &torch_module());
  }
  EXPECT_THAT(torch_module().version(), HasSubstr("."));
}

#else

TEST(TorchModule, IsMissedByName) {
  EXPECT_THAT([] { torch_module(); },
              ThrowsMessage<Error>(HasSubstr("libgradspace_torch.so is not there")));
}

#endif

}  // namespace
}  // namespace gradspace
