#include "results/results_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "core/json.h"
#include "gradspace/describe.h"
#include "gradspace/error.h"
#include "gradspace/report.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

/// tests/data/results holds a file of each kind as gradspace 0.1.0 wrote them, rows left out.
fs::path old_file(ResultsKind kind) {
  return testing::data_file("results") / (std::string(name(kind)) + "-0.1.0.json");
}

ResultsKind kind_in(const fs::path& path) {
  return require_results_kind(parse_json(read_text_file(path), path.string()), path);
}

class OldResults : public ::testing::TestWithParam<ResultsKind> {};

TEST_P(OldResults, BearNoKindAndAreStillTold) {
  const fs::path path = old_file(GetParam());
  EXPECT_THAT(read_text_file(path), Not(HasSubstr("\"kind\"")));
  EXPECT_EQ(kind_in(path), GetParam());
}

TEST_P(OldResults, AreShownAsAPage) {
  const testing::TemporaryFolder folder;
  fs::copy_file(old_file(GetParam()), folder / "results.json");
  const std::string page = read_text_file(write_report(folder.path()));
  EXPECT_THAT(page, HasSubstr("\"kind\":\"" + std::string(name(GetParam())) + "\""));
}

TEST_P(OldResults, AreDescribed) {
  const nlohmann::json facts = nlohmann::json::parse(describe_file(old_file(GetParam())).json);
  EXPECT_FALSE(facts.at("options").empty());
}

INSTANTIATE_TEST_SUITE_P(EachKind, OldResults,
                         ::testing::Values(ResultsKind::kOod, ResultsKind::kOneClass,
                                           ResultsKind::kGradCon, ResultsKind::kImageQuality),
                         [](const auto& test) {
                           std::string text(name(test.param));
                           std::erase(text, '-');
                           return text;
                         });

TEST(ResultsKind, IsInEveryFileThatIsWritten) {
  const testing::TemporaryFolder folder;
  Results results;
  results.kind = ResultsKind::kOneClass;
  write_results(folder.path(), results);
  EXPECT_THAT(read_text_file(folder / "results.json"), HasSubstr("\"kind\": \"one-class\""));
  EXPECT_EQ(read_results(folder / "results.json").kind, ResultsKind::kOneClass);
}

TEST(ResultsKind, IsRefusedWhereItIsNotKnownOrAnotherIsWanted) {
  const testing::TemporaryFolder folder;
  write_file(folder / "new.json", R"({"format_version": 1, "kind": "video", "rows": []})");
  EXPECT_THAT([&] { kind_in(folder / "new.json"); },
              ThrowsMessage<FormatError>(
                  HasSubstr("results of kind \"video\" are not known; there are ood, one-class")));
  write_file(folder / "else.json", R"({"format_version": 1, "columns": []})");
  EXPECT_THAT([&] { kind_in(folder / "else.json"); },
              ThrowsMessage<FormatError>(HasSubstr("else.json: not a results file")));
  EXPECT_THAT([&] { read_results(old_file(ResultsKind::kImageQuality)); },
              ThrowsMessage<FormatError>(HasSubstr("holds results of kind image-quality")));
}

TEST(PresentMethodName, IsThatOfOldFilesToo) {
  const Results results = read_results(old_file(ResultsKind::kOneClass));
  std::vector<std::string> methods;
  for (const ResultRow& row : results.rows) {
    methods.push_back(row.method);
  }
  EXPECT_THAT(methods, ::testing::ElementsAre("elbo", "image-pseudo-holdout", "leave-group-out"));
}

}  // namespace
}  // namespace gradspace
