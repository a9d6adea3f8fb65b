// The page's data of benchmarks of image quality metrics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/file.h"
#include "gradspace/error.h"
#include "report/page_data.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// Five pairs, the first the best for people. The metric agrees, but likes best of all what people like least.
class QualityReport : public ::testing::Test {
 protected:
  json data(bool metric_rises, bool opinions_rise) {
    std::string csv = "reference,distorted,type,opinion,metric\n";
    for (int i = 0; i < 5; ++i) {
      const int quality_for_people = 5 - i;
      const int quality_for_metric = i == 4 ? 6 : 5 - i;
      csv += "r.png,d" + std::to_string(i) + ".png,blur," +
             std::to_string(opinions_rise ? quality_for_people : 9 - quality_for_people) + ',' +
             std::to_string(metric_rises ? quality_for_metric : 9 - quality_for_metric) + '\n';
    }
    write_file(folder_ / "scores.csv", csv);
    const json metrics = {{{"name", "metric"}, {"larger_is_better", metric_rises}}};
    const json results = {{"summary", json::array()},
                          {"options", {{"larger_is_better", opinions_rise}}},
                          {"metrics", metrics}};
    notes_.clear();
    return quality_data(folder_.path(), results, notes_);
  }

  testing::TemporaryFolder folder_;
  Notes notes_;
};

TEST_F(QualityReport, SaysWhereThereAreNoPictures) {
  EXPECT_THAT(data(true, true)["pairs"]["images"], ::testing::IsEmpty());
  EXPECT_THAT(notes_, ::testing::ElementsAre(HasSubstr("no pictures")));
}

TEST_F(QualityReport, SaysOfPairsWhetherTheMetricThinksBetterOfThem) {
  for (const bool metric_rises : {true, false}) {
    for (const bool opinions_rise : {true, false}) {
      const json pairs = data(metric_rises, opinions_rise)["pairs"];
      EXPECT_EQ(pairs["opinions_rise"], opinions_rise);
      const json& metric = pairs["metrics"][0];
      EXPECT_EQ(metric["larger_is_better"], metric_rises);
      const json& worst = metric["worst"];
      ASSERT_EQ(worst.size(), 5U);
      EXPECT_EQ(worst[0]["pair"], 4);
      EXPECT_NEAR(worst[0]["difference"].get<double>(), 0.8, 1e-6)
          << "from the last place to the first, metric " << metric_rises << ", opinions "
          << opinions_rise;
      for (std::size_t i = 1; i < worst.size(); ++i) {
        EXPECT_NEAR(worst[i]["difference"].get<double>(), -0.2, 1e-6);
      }
    }
  }
}

TEST_F(QualityReport, TellsByTheAgreementWhereAnOldBenchmarkDoesNotSayWhichWayAMetricPoints) {
  std::string csv = "reference,distorted,type,opinion,gmsd\n";
  for (int i = 0; i < 9; ++i) {
    csv +=
        "r.png,d.png,blur," + std::to_string(9 - i) + ',' + std::to_string(i == 8 ? -1 : i) + '\n';
  }
  write_file(folder_ / "scores.csv", csv);
  Notes notes;
  const json page = quality_data(folder_.path(), {{"summary", json::array()}}, notes);
  const json& metric = page["pairs"]["metrics"][0];
  EXPECT_EQ(metric["larger_is_better"], false);
  EXPECT_EQ(metric["worst"][0]["pair"], 8);
  EXPECT_GT(metric["worst"][0]["difference"].get<double>(), 0);
}

TEST_F(QualityReport, RefusesDirectionsThatAreNone) {
  data(true, true);
  Notes notes;
  for (const json& metrics :
       {json::array({json::object({{"name", 1}})}),
        json::array({json::object({{"name", "metric"}, {"larger_is_better", "so"}})}),
        json::array({json::array()})}) {
    try {
      quality_data(folder_.path(), {{"summary", json::array()}, {"metrics", metrics}}, notes);
      FAIL() << metrics;
    } catch (const FormatError& error) {
      EXPECT_THAT(error.what(), HasSubstr("results.json"));
    }
  }
}

}  // namespace
}  // namespace gradspace
