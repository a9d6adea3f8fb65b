#include "jobs/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "core/hash.h"
#include "gradspace/detector.h"
#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/model.h"
#include "gradspace/npy.h"
#include "gradspace/results.h"
#include "gradspace/safetensors.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Json = nlohmann::ordered_json;

TEST(Describe, TellsAModelsLayersAndOrigin) {
  const gradspace::testing::TemporaryFolder folder;
  const std::filesystem::path path = folder / "m.safetensors";
  write_model(path, import_pytorch_checkpoint(gradspace::testing::data_file("ood/vae.pth.tar")));
  const Description description = describe(path);
  const Json& facts = description.facts;
  EXPECT_EQ(facts["type"], "autoencoder");
  EXPECT_EQ(facts["values"], 12727);
  EXPECT_EQ(facts["input"], "3x28x28");
  EXPECT_EQ(facts["sha256"], sha256_hex_of_file(path));
  ASSERT_EQ(facts["layers"].size(), 11U);
  EXPECT_EQ(facts["layers"][3], (Json{{"layer", "down.6"},
                                      {"kind", "convolution"},
                                      {"in", "9x5x5"},
                                      {"out", "12x3x3"},
                                      {"weight", {12, 9, 4, 4}}}));
  EXPECT_EQ(facts["metadata"]["import"]["checkpoint"]["epoch"], 1);
  const std::string text = description_text(description);
  EXPECT_THAT(text, HasSubstr("latent                                20\n"));
  EXPECT_THAT(text, HasSubstr("metadata.import.file                  vae.pth.tar\n"));
  EXPECT_THAT(text, HasSubstr("up.6"));
}

TEST(Describe, RefusesAModelThatWouldNotBeRead) {
  const gradspace::testing::TemporaryFolder folder;
  Model model = initialise({}, 1);
  model.weights.erase("fc2.bias");
  write_safetensors(folder / "m.safetensors", "autoencoder",
                    {model.weights, {{"spec", to_json(model.spec)}}});
  EXPECT_THAT([&] { describe(folder / "m.safetensors"); },
              ThrowsMessage<FormatError>(HasSubstr("tensor 'fc2.bias' is missing")));
}

TEST(Describe, TellsOtherSafetensorsFiles) {
  const Json facts = describe(gradspace::testing::data_file("model/foreign.safetensors")).facts;
  EXPECT_EQ(facts["type"], "safetensors");
  EXPECT_EQ(facts["metadata"]["note"], "ä");
  EXPECT_EQ(facts["tensors"][3], (Json{{"tensor", "z.weight"}, {"shape", {2, 3}}, {"values", 6}}));
}

TEST(Describe, TellsNpyFilesWithoutReadingTheirValues) {
  const gradspace::testing::TemporaryFolder folder;
  const Json facts = describe(gradspace::testing::data_file("ood/images_u8_nhwc.npy")).facts;
  EXPECT_EQ(facts["values"], "uint8");
  EXPECT_EQ(facts["shape"], (Json{19, 28, 28, 3}));
  write_file(folder / "t.npy", npy_header(NpyType::kFloat32, {5}));
  EXPECT_THAT([&] { describe(folder / "t.npy"); },
              ThrowsMessage<FormatError>(
                  HasSubstr("truncated: shape [5] makes 148 bytes, the file has 128")));
}

TEST(Describe, TellsAFeatureSetByItsFolderOrItsMeta) {
  const gradspace::testing::TemporaryFolder folder;
  FeatureSetMeta meta;
  meta.columns = {{"down.6", Loss::kKld, 0, 2}, {"mu", std::nullopt, 2, 3}};
  meta.model_sha256 = std::string(64, 'a');
  meta.source = "photos";
  meta.source_images = 1;
  meta.version = "0.1.0";
  meta.options_json = R"({"threads": 2})";
  FeatureSetWriter writer(folder / "set", meta);
  const FeatureRow row{{"a.png", "", 0, 0, -1}, 1, 3.5F, 4.5F};
  const float features[3] = {1, 2, 3};
  writer.append({&row, 1}, features, 1);
  writer.finish();
  for (const char* name : {"set", "set/meta.json"}) {
    const Description description = describe(folder / name);
    EXPECT_EQ(description.facts["type"], "feature-set");
    EXPECT_EQ(description.facts["rows"], 1);
    EXPECT_EQ(description.facts["dimension"], 3);
    EXPECT_EQ(description.facts["columns"][0],
              (Json{{"layer", "down.6"}, {"loss", "kld"}, {"begin", 0}, {"end", 2}}));
    EXPECT_THAT(description_text(description),
                AllOf(HasSubstr("options.threads    2\n"), HasSubstr("photos"),
                      HasSubstr("mu         -      2    3\n")));
  }
}

TEST(Describe, TellsResultsWithTheirTable) {
  const gradspace::testing::TemporaryFolder folder;
  Results results;
  results.rows = {{"proposed", 9, 1, 0, {}}, {"proposed", 2, 1, 0, {}}, {"VAE-A", 9, 1, 0, {}}};
  results.options_json = R"({"command": "evaluate"})";
  write_results(folder.path(), results);
  for (const std::filesystem::path& path : {folder.path(), folder / "results.json"}) {
    const Description description = describe(path);
    EXPECT_EQ(description.facts["rows"], 3);
    EXPECT_EQ(description.facts["methods"], (Json{"VAE-A", "proposed"}));
    EXPECT_EQ(description.facts["types"], (Json{2, 9}));
    EXPECT_EQ(description.facts["options"]["command"], "evaluate");
    EXPECT_THAT(description_text(description), HasSubstr(results_table(results)));
  }
}

TEST(Describe, SummarisesGradConsExperiment) {
  const gradspace::testing::TemporaryFolder folder;
  Results results;
  results.kind = ResultsKind::kGradCon;
  results.rows = {{"gradcon", 3, 0, 0, {0.5, 0.875}, 12}, {"gradcon", 5, 0, 0, {0.5, 0.75}, 9}};
  write_results(folder.path(), results);
  const Description description = describe(folder.path());
  EXPECT_EQ(description.facts["type"], "gradcon-benchmark");
  EXPECT_EQ(description.facts["classes"], (Json{3, 5}));
  EXPECT_THAT(description_text(description), HasSubstr(results_table(results)));
}

TEST(Describe, SummarisesAQualityBenchmark) {
  const gradspace::testing::TemporaryFolder folder;
  const auto path = folder / "results.json";
  const auto row = [](const char* type, double srocc) {
    return nlohmann::json{{"metric", "psnr"},   {"type", type},  {"srocc", srocc},
                          {"krocc", 0.5},       {"plcc", 0.625}, {"rmse", nullptr},
                          {"outlier_ratio", 0}, {"n", 60}};
  };
  nlohmann::json file = {{"format_version", 1},
                         {"options", {{"database", "csv"}}},
                         {"summary", {row("all", 0.75), row("blur", 0.25)}}};
  write_file(path, file.dump());
  for (const std::filesystem::path& named : {folder.path(), path}) {
    const Description description = describe(named);
    EXPECT_EQ(description.facts["type"], "iqa-benchmark");
    EXPECT_EQ(description.facts["types"], Json({"blur"}));
    ASSERT_EQ(description.facts["agreement"].size(), 1U);
    EXPECT_EQ(description.facts["agreement"][0]["srocc"], 0.75);
    EXPECT_THAT(description_text(description), AllOf(HasSubstr("psnr"), HasSubstr("0.625")));
  }
  file["summary"][0].erase("metric");
  file["summary"][0].erase("type");
  write_file(path, file.dump());
  EXPECT_THAT([&] { describe(path); }, ThrowsMessage<FormatError>(HasSubstr("not a benchmark's")));
  file["format_version"] = 2;
  write_file(path, file.dump());
  EXPECT_THAT([&] { describe(path); }, ThrowsMessage<FormatError>(HasSubstr("is newer")));
}

TEST(Describe, TellsADescription) {
  const gradspace::testing::TemporaryFolder folder;
  write_file(folder / "vae.json", to_json(AutoencoderSpec{}));
  EXPECT_EQ(describe(folder / "vae.json").facts["layers"].size(), 11U);
}

TEST(Describe, SaysWhatItDoesNotKnow) {
  const gradspace::testing::TemporaryFolder folder;
  EXPECT_THAT([&] { describe(folder.path()); },
              ThrowsMessage<FormatError>(HasSubstr("holds neither a feature set")));
  EXPECT_THAT(
      [] { describe(gradspace::testing::data_file("ood/vae.pth.tar")); },
      ThrowsMessage<FormatError>(HasSubstr("gradspace import turns that into one of ours")));
  write_file(folder / "empty", std::string_view());
  EXPECT_THAT([&] { describe(folder / "empty"); },
              ThrowsMessage<FormatError>(HasSubstr("is none of gradspace's files")));
  EXPECT_THROW(describe(folder / "none"), IoError);
}

TEST(DescriptionText, LetsNoFileControlTheTerminal) {
  Json facts{{"note",
              "\x1b[2J\x7f\xc2\x9b"
              "é\n"},
             {"\x1b", 1}};
  const std::string text = description_text({facts, ""});
  EXPECT_THAT(text, HasSubstr("\\u001b[2J??é\\n\n"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace gradspace
