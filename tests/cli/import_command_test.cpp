// `gradspace import`, and `gradspace info` of what it wrote, run as programs.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "core/file.h"
#include "gradspace/model.h"
#include "jobs/describe.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

TEST(ImportAndInfo, AsAUserRunsThem) {
  const testing::TemporaryFolder folder;
  const std::string model = (folder / "m.safetensors").string();
  const std::string checkpoint = testing::data_file("ood/vae.pth.tar").string();
  const auto run = [](const std::string& arguments) {
    return testing::run_shell(fmt::format("'{}' {} 2>&1", GRADSPACE_COMMAND, arguments));
  };
  const auto imported = run(fmt::format("import '{}' --out '{}'", checkpoint, model));
  EXPECT_EQ(imported.status, 0);
  EXPECT_EQ(imported.text,
            fmt::format("{}: autoencoder of 12727 weights in 22 tensors, from the PyTorch "
                        "checkpoint {}\n",
                        model, checkpoint));
  EXPECT_EQ(read_model(model).weights, import_pytorch_checkpoint(checkpoint).weights);
  const auto info = run(fmt::format("info '{}' --format json", model));
  EXPECT_EQ(info.status, 0);
  EXPECT_EQ(nlohmann::ordered_json::parse(info.text), describe(model).facts);

  write_file(folder / "vae.json", std::string_view(R"({"latent": 16})"));
  const auto misfit =
      run(fmt::format("import '{}' --out '{}' --spec '{}'", checkpoint,
                      (folder / "other.safetensors").string(), (folder / "vae.json").string()));
  EXPECT_EQ(WEXITSTATUS(misfit.status), 1);
  EXPECT_THAT(misfit.text, HasSubstr("does not fit the description"));
  EXPECT_FALSE(std::filesystem::exists(folder / "other.safetensors"));
  const auto wrong =
      run(fmt::format("import '{}' --out '{}'", model, (folder / "other.safetensors").string()));
  EXPECT_EQ(WEXITSTATUS(wrong.status), 1);
  EXPECT_THAT(wrong.text, HasSubstr("is none of the formats that can be imported"));
}

}  // namespace
}  // namespace gradspace
