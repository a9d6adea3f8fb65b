#include "gradspace/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "gradspace/error.h"
#include "support/damage.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

ResultRow stored_row(const std::string& method, int type, int level, int run, double accuracy) {
  ResultRow result{method, type, level, run, {}};
  result.metrics.accuracy = accuracy;
  result.metrics.auroc = 0.1 + 0.2;  // not a short decimal: must come back to the last bit
  result.metrics.n_in = 600;
  result.metrics.n_out = 599;
  return result;
}

Results two_runs() {
  Results results;
  results.options_json = R"({"seed":7})";
  results.rows = {stored_row("proposed", 9, 1, 0, 0.8), stored_row("proposed", 9, 2, 0, 0.9),
                  stored_row("proposed", 9, 1, 1, 0.9), stored_row("proposed", 9, 2, 1, 1.0)};
  return results;
}

TEST(Results, ComeBackFromJsonToTheLastBit) {
  const testing::TemporaryFolder folder;
  const Results written = two_runs();
  write_results(folder.path(), written);
  const Results read = read_results(folder / "results.json");
  ASSERT_EQ(read.rows.size(), written.rows.size());
  EXPECT_EQ(read.rows[3].method, "proposed");
  EXPECT_EQ(read.rows[3].level, 2);
  EXPECT_EQ(read.rows[3].run, 1);
  EXPECT_EQ(read.rows[3].metrics.auroc, written.rows[3].metrics.auroc);
  EXPECT_EQ(read.rows[3].metrics.n_out, 599U);
  EXPECT_EQ(read.options_json, written.options_json);
}

TEST(Results, NamesAndIntervalsComeBack) {
  const testing::TemporaryFolder folder;
  Results written = two_runs();
  written.rows[1].name = "wet, \xe9 lens";
  written.rows[1].auroc_interval = Interval{0.1, 0.1 + 0.2};
  write_results(folder.path(), written);
  const Results read = read_results(folder / "results.json");
  EXPECT_EQ(read.rows[0].name, "");
  EXPECT_FALSE(read.rows[0].auroc_interval);
  EXPECT_EQ(read.rows[1].name, "wet, \xe9 lens");
  EXPECT_THAT(read_text_file(folder / "results.json"), HasSubstr("wet, \\\\xe9 lens"));
  ASSERT_TRUE(read.rows[1].auroc_interval);
  EXPECT_EQ(read.rows[1].auroc_interval->high, 0.1 + 0.2);
  const std::string csv = read_text_file(folder / "results.csv");
  EXPECT_THAT(csv, HasSubstr(",n_in,n_out,name,auroc_low,auroc_high\n"));
  EXPECT_THAT(csv, HasSubstr(",600,599,,,\n"));
  EXPECT_THAT(csv, HasSubstr(",600,599,\"wet, \xe9 lens\",0.1,0.30000000000000004\n"));
}

TEST(Results, CsvHasAHeaderAndALineARow) {
  const testing::TemporaryFolder folder;
  write_results(folder.path(), two_runs());
  const std::string text = read_text_file(folder / "results.csv");
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "method,type,level,run,accuracy,auroc,aupr_in,aupr_out,fpr95_in_positive,"
            "fpr95_ood_positive,detection_error,n_in,n_out");
  EXPECT_THAT(text, HasSubstr("\nproposed,9,2,1,1,0.30000000000000004,0,0,0,0,0,600,599\n"));
}

TEST(Results, RefuseTruncatedAndNewerFilesByName) {
  const testing::TemporaryFolder folder;
  write_results(folder.path(), two_runs());
  const std::string text = read_text_file(folder / "results.json");
  write_file(folder / "half.json", text.substr(0, text.size() / 2));
  EXPECT_THAT([&] { read_results(folder / "half.json"); },
              ThrowsMessage<FormatError>(HasSubstr("half.json")));
  std::string newer = text;
  const std::string version = "\"format_version\": 1";
  newer.replace(newer.find(version), version.size(), "\"format_version\": 2");
  const std::size_t checksum = newer.find("\"checksum\"");
  newer.erase(checksum, newer.find('\n', checksum) + 1 - checksum);
  write_file(folder / "newer.json", newer);
  EXPECT_THAT([&] { read_results(folder / "newer.json"); },
              ThrowsMessage<FormatError>(HasSubstr("format version 2 is newer")));
}

TEST(ResultsTable, AveragesLevelsAndShowsTheSpreadBetweenRuns) {
  // Runs of 85 and 95 %: mean 90, standard deviation sqrt(50) = 7.07.
  EXPECT_THAT(results_table(two_runs()), HasSubstr("90.00 ±7.07"));
}

TEST(ResultsTable, HasTheBestOneClassDetectorFirst) {
  Results results;
  results.kind = ResultsKind::kOneClass;
  for (const auto& [method, auroc] : {std::pair("worse", 0.6), std::pair("better", 0.9)}) {
    results.rows.emplace_back(stored_row(method, 9, 1, 0, 0.5)).metrics.auroc = auroc;
  }
  const std::string best_first = results_table(results);
  EXPECT_LT(best_first.find("better"), best_first.find("worse"));
  results.kind = ResultsKind::kOod;
  const std::string as_given = results_table(results);
  EXPECT_GT(as_given.find("better"), as_given.find("worse"));
}

TEST(ResultsTable, HasAColumnForEachNameAndShowsItsInterval) {
  Results results;
  for (const char* name : {"rain", "fog"}) {
    ResultRow& row = results.rows.emplace_back(stored_row("m", 0, 0, 0, 0.8));
    row.name = name;
    row.auroc_interval = Interval{0.25, 0.375};
  }
  const std::string table = results_table(results);
  EXPECT_LT(table.find("rain"), table.find("fog")) << "in the order of the rows";
  EXPECT_THAT(table, HasSubstr("0.3000 (0.2500 to 0.3750)"));
}

TEST(ResultsTable, ShowsIntervalsOfMeansWhereAskedFor) {
  const testing::TemporaryFolder folder;
  Results results = two_runs();
  results.mean_intervals = {{"proposed", 9, {0.25, 0.375}}, {"proposed", std::nullopt, {0.1, 0.9}}};
  write_results(folder.path(), results);
  const Results read = read_results(folder / "results.json");
  const std::string table = results_table(read, /*intervals=*/true);
  EXPECT_THAT(table, HasSubstr("(0.250 to 0.375)"));
  EXPECT_THAT(table, HasSubstr("(0.100 to 0.900)"));
  EXPECT_THAT(results_table(read), ::testing::Not(HasSubstr("0.375")));
}

TEST(ResultsTable, ShowsThePapersRowWhereItTestedTheType) {
  EXPECT_THAT(results_table(two_runs()), HasSubstr("95.85"));
  Results other;
  other.rows = {stored_row("proposed", 12, 1, 0, 0.8)};
  EXPECT_THAT(results_table(other), ::testing::Not(HasSubstr("paper")));
}

TEST(Results, AreRefusedWithAByteThatChanged) {
  const testing::TemporaryFolder folder;
  write_results(folder.path(), two_runs());
  testing::expect_damage_noticed(
      folder / "results.json", [&] { read_results(folder / "results.json"); }, 5000);
}

}  // namespace
}  // namespace gradspace
