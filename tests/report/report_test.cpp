// The page's data, as they stand in report.html.
#include "gradspace/report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/csv.h"
#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "gradspace/metrics.h"
#include "gradspace/results.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::ThrowsMessage;

constexpr const char* kHostilePath = "</script><img src=x onerror=alert(1)>.png";

ResultRow row(const std::string& method, int type, int level, int run, double accuracy) {
  ResultRow result{method, type, level, run, {}};
  result.metrics.accuracy = accuracy;
  result.metrics.auroc = accuracy;
  result.metrics.n_in = 4;
  result.metrics.n_out = 4;
  return result;
}

/// A small run: one detector, rain at levels 1 and 2.
class Report : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_write_report()) {
      GTEST_SKIP() << "built without reports";
    }
    results_.options_json = R"({"command":"experiment ood","runs":1})";
    // Of the scores below, at 0.5: one clean image of four is a false alarm.
    results_.rows = {row("proposed", 9, 1, 0, (0.75 + 0.5) / 2),
                     row("proposed", 9, 2, 0, (0.75 + 1.0) / 2)};
  }

  void write_all() {
    write_results(folder_.path(), results_);
    std::string scores = "path,set,type,level,method,run,score,bce,kld\n";
    const auto add = [&](const char* set, int type, int level, std::vector<double> values) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        scores += fmt::format("{},{},{},{},proposed,0,{},{},7\n",
                              csv_field(i == 0 ? kHostilePath : fmt::format("{}.png", i)), set,
                              type, level, values[i], 100 * type + level);
      }
    };
    add("test", 0, 0, {0.1, 0.2, 0.3, 0.9});
    add("val", 0, 0, {0.15, 0.25, 0.35});
    add("test", 9, 1, {0.4, 0.5, 0.6, 0.7});
    add("test", 9, 2, {0.8, 0.85, 0.9, 0.95});
    write_file(folder_ / "image_scores.csv", scores);
    write_file(folder_ / "training.csv",
               "run,epoch,train_loss,validation_loss\n0,1,9,8\n0,2,nan,7\n");
    write_file(folder_ / "fingerprints.json", R"({"format_version": 1, "rows": [
      {"run": 0, "type": 0, "level": 0, "layer": "up.6", "loss": "bce", "mean_absolute": [1, 2]},
      {"run": 1, "type": 0, "level": 0, "layer": "up.6", "loss": "bce", "mean_absolute": [3, 4]},
      {"run": 0, "type": 9, "level": 1, "layer": "up.6", "loss": "bce", "mean_absolute": [5, 6]}]})");
    fs::create_directories(folder_ / "samples");
    write_image(folder_ / "samples/09_01_0.png", Image(8, 2, 3));
    write_samples("09_01_0.png");
  }

  void write_samples(const std::string& file) {
    write_file(folder_ / "samples/samples.json", json{{"format_version", 1},
                                                      {"rows",
                                                       {{{"file", file},
                                                         {"type", 9},
                                                         {"level", 1},
                                                         {"clean", kHostilePath},
                                                         {"challenged", kHostilePath}}}}}
                                                     .dump());
  }

  std::string page() { return read_text_file(write_report(folder_.path())); }

  json data() {
    const std::string text = page();
    const std::string begin = "id=\"report-data\">";
    const std::size_t from = text.find(begin) + begin.size();
    return json::parse(text.substr(from, text.find("</script>", from) - from));
  }

  testing::TemporaryFolder folder_;
  Results results_;
};

TEST_F(Report, HoldsWhatTheRunLeft) {
  write_all();
  const json page_data = data();
  EXPECT_EQ(page_data["kind"], "ood");
  EXPECT_THAT(page_data["notes"], IsEmpty());
  EXPECT_EQ(page_data["methods"], json({"proposed"}));
  EXPECT_EQ(page_data["types"][0]["name"], "rain");
  EXPECT_EQ(page_data["cells"].size(), 2U);
  EXPECT_EQ(page_data["paper"]["proposed"]["9"], 95.85);
  EXPECT_EQ(page_data["training"][0]["columns"]["train_loss"], json({9.0, nullptr}));
}

TEST_F(Report, AveragesLevelsInTheTable) {
  write_all();
  const json table = data()["table"];
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table[0]["type"], nullptr);
  EXPECT_EQ(table[0]["mean"][0], 0.75);
}

TEST_F(Report, FindsTheThresholdAndCountsTheScores) {
  write_all();
  const json curve = data()["curves"][0];
  EXPECT_EQ(curve["threshold"], 0.5);
  ASSERT_EQ(curve["series"].size(), 3U);
  EXPECT_EQ(curve["series"][0]["type"], -1);
  EXPECT_EQ(curve["series"][0]["n"], 4);
  // Stops 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.85 0.9 0.95: one clean score each at the first three and
  // at 0.9.
  EXPECT_EQ(curve["series"][0]["counts"], "AQEBAAAAAAAAAQA=");
}

TEST_F(Report, GivesEachAurocItsInterval) {
  write_all();
  const std::vector<double> clean{0.1, 0.2, 0.3, 0.9};
  const Interval first = auroc_interval(clean, std::vector<double>{0.4, 0.5, 0.6, 0.7});
  const json page_data = data();
  const json& interval = page_data["cells"][0]["auroc_interval"];
  EXPECT_NEAR(interval[0].get<double>(), first.low, 1e-5);
  EXPECT_NEAR(interval[1].get<double>(), first.high, 1e-5);
  EXPECT_LT(first.low, first.high);
  // The mean over both levels: 0.75 and 0.8125 by counting pairs.
  const json& mean = page_data["table"][0]["auroc_interval"];
  EXPECT_LT(mean[0].get<double>(), (0.75 + 0.8125) / 2);
  EXPECT_GT(mean[1].get<double>(), (0.75 + 0.8125) / 2);
  EXPECT_EQ(page_data["intervals"]["resamples"], 1000);
  EXPECT_EQ(page(), page()) << "the same page each time";
}

TEST_F(Report, GivesNoIntervalWhereScoresAreMissing) {
  results_.rows.push_back(row("proposed", 9, 2, 1, 0.5));  // of a run without scores
  write_all();
  const json page_data = data();
  EXPECT_TRUE(page_data["cells"][0].contains("auroc_interval"));
  EXPECT_FALSE(page_data["cells"][1].contains("auroc_interval"));
  for (const json& mean : page_data["table"]) {
    EXPECT_FALSE(mean.contains("auroc_interval"));
  }
}

TEST_F(Report, ShowsSetsOfOutliersByTheirNames) {
  results_.options_json = R"({"command":"evaluate"})";
  results_.rows = {row("m", 0, 0, 0, 0.5), row("m", 0, 0, 0, 0.75), row("m", 9, 1, 0, 0.5)};
  results_.rows[0].name = "wet lens";
  results_.rows[1].name = "<fog>";
  write_results(folder_.path(), results_);
  write_file(folder_ / "image_scores.csv",
             std::string_view("path,set,type,level,method,run,score,bce,kld,source,name\n"
                              "a.png,inliers,0,0,m,0,1,2,3,clean,\n"
                              "b.png,inliers,0,0,m,0,3,2,3,clean,\n"
                              "a.png,outliers,0,0,m,0,5,2,3,x/fog,<fog>\n"
                              "a.png,outliers,0,0,m,0,2,2,3,lens,wet lens\n"
                              "a.png,outliers,9,1,m,0,4,2,3,rain,\n"));
  const json page_data = data();
  EXPECT_THAT(page_data["notes"], IsEmpty()) << "evaluate makes no pictures";
  ASSERT_EQ(page_data["types"].size(), 3U);
  EXPECT_EQ(page_data["types"][0]["name"], "rain");
  EXPECT_EQ(page_data["types"][1]["name"], "wet lens");
  EXPECT_EQ(page_data["types"][2]["name"], "<fog>");
  ASSERT_EQ(page_data["curves"][0]["series"].size(), 4U);
  EXPECT_EQ(page_data["curves"][0]["series"][2]["type"], page_data["types"][1]["type"]);
  EXPECT_EQ(page_data["cells"][2]["auroc_interval"], json({1.0, 1.0}));
  EXPECT_THAT(page_data["drift"]["absent"].get<std::string>(), HasSubstr("validation"));
}

TEST_F(Report, ShowsTheWorstPhotographsOfItsConditions) {
  results_.options_json = R"({"command":"evaluate"})";
  results_.rows = {row("m", 0, 0, 0, 0.5)};
  results_.rows[0].name = "fog";
  write_results(folder_.path(), results_);
  fs::create_directories(folder_ / "frames");
  write_image(folder_ / "frames/00.jpg", Image(20, 8, 3));
  const auto frame = [](const char* set, const char* name) {
    return json{{"file", "00.jpg"},
                {"path", kHostilePath},
                {"set", set},
                {"type", 0},
                {"level", 0},
                {"name", name},
                {"score", 2.5},
                {"p_value", 0.25},
                {"width", 10},
                {"height", 8},
                {"out_of_distribution", false}};
  };
  const auto write = [&](const json& rows) {
    write_file(folder_ / "frames/frames.json", json{{"format_version", 1}, {"rows", rows}}.dump());
  };
  write({frame("outliers", "fog"), frame("outliers", "not in the results"), frame("inliers", "")});
  const json page_data = data();
  const json& shown = page_data["frames"];
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0]["type"], page_data["types"][0]["type"]);
  EXPECT_EQ(shown[1]["type"], -1);
  EXPECT_EQ(shown[0]["path"], kHostilePath);
  EXPECT_THAT(shown[0]["image"].get<std::string>(), HasSubstr("data:image/jpeg;base64,"));

  json outside = frame("inliers", "");
  outside["file"] = "../00.jpg";
  write(json::array({outside}));
  EXPECT_THAT([&] { write_report(folder_.path()); },
              ThrowsMessage<FormatError>(HasSubstr("must be a file beside it")));
  json flat = frame("inliers", "");
  flat["height"] = 0;
  write(json::array({flat}));
  EXPECT_THAT([&] { write_report(folder_.path()); },
              ThrowsMessage<FormatError>(HasSubstr("height is 0")));
}

TEST_F(Report, AveragesFingerprintsOverRuns) {
  write_all();
  const json layer = data()["fingerprints"][0];
  EXPECT_EQ(layer["layer"], "up.6");
  EXPECT_EQ(layer["rows"][0]["values"], json({2.0, 3.0}));
}

TEST_F(Report, ShowsSamplesWithTheirScores) {
  write_all();
  const json sample = data()["samples"][0];
  EXPECT_EQ(sample["clean"]["path"], kHostilePath);
  EXPECT_EQ(sample["clean"]["scores"], json({0.1}));
  EXPECT_EQ(sample["challenged"]["scores"], json({0.4}));
  EXPECT_EQ(sample["challenged"]["bce"], 901.0);
  EXPECT_THAT(sample["image"].get<std::string>(), ::testing::StartsWith("data:image/png;base64,"));
}

TEST_F(Report, KeepsFileNamesOutOfItsMarkup) {
  write_all();
  EXPECT_THAT(page(), Not(HasSubstr("<img")));
}

TEST_F(Report, NamesWhatIsMissingAndShowsTheRest) {
  write_results(folder_.path(), results_);
  const json page_data = data();
  EXPECT_EQ(page_data["cells"].size(), 2U);
  for (const char* file : {"image_scores.csv", "samples.json", "fingerprints.json"}) {
    EXPECT_THAT(page_data["notes"].get<std::vector<std::string>>(), Contains(HasSubstr(file)));
  }
}

TEST_F(Report, SaysThatRepetitionsAreMissing) {
  results_.options_json = R"({"command":"experiment ood","runs":3})";
  write_all();
  EXPECT_THAT(data()["notes"].get<std::vector<std::string>>(),
              Contains(HasSubstr("1 of 3 repetitions")));
}

TEST_F(Report, ShowsTheTrainingOfARunWithoutResults) {
  fs::create_directories(folder_ / "run-2");
  write_file(folder_ / "run-2/training.csv", "epoch,train_loss\n1,5\n");
  const json page_data = data();
  EXPECT_EQ(page_data["kind"], "unfinished");
  EXPECT_EQ(page_data["training"][0]["run"], 2);
  EXPECT_THAT(page_data["notes"][0].get<std::string>(), HasSubstr("has not finished"));
}

TEST_F(Report, StaysSmallWithTenThousandConditions) {
  results_.rows.clear();
  for (int type = 1; type <= 1000; ++type) {
    for (int level = 1; level <= 5; ++level) {
      results_.rows.push_back(row("A", type, level, 0, 0.5));
      results_.rows.push_back(row("B", type, level, 0, 0.1 * level));
    }
  }
  write_results(folder_.path(), results_);
  const json page_data = data();
  EXPECT_TRUE(page_data["levels_averaged"].get<bool>());
  ASSERT_EQ(page_data["cells"].size(), 2000U);
  EXPECT_NEAR(page_data["cells"].back()["mean"][0].get<double>(), 0.3, 1e-9);
  EXPECT_THAT(page_data["notes"].get<std::vector<std::string>>(),
              Contains(HasSubstr("10000 results are too many")));
  EXPECT_LT(fs::file_size(folder_ / "report.html"), 2'000'000U);
}

TEST_F(Report, CutsTypesOffWhereAveragesAreTooManyToo) {
  results_.rows.clear();
  for (int type = 0; type < 2500; ++type) {
    results_.rows.push_back(row("A", type, 1, 0, 0.5));
  }
  write_results(folder_.path(), results_);
  const json page_data = data();
  EXPECT_EQ(page_data["types"].size(), 2000U);
  EXPECT_THAT(page_data["notes"].get<std::vector<std::string>>(),
              Contains(HasSubstr("500 types and 0 detectors more")));
}

TEST_F(Report, RefusesDamagedAndNewerFilesByName) {
  write_all();
  const std::string good = read_text_file(folder_ / "results.json");
  write_file(folder_ / "results.json", good.substr(0, good.size() / 2));
  EXPECT_THAT([&] { page(); }, ThrowsMessage<FormatError>(HasSubstr("results.json: is damaged")));
  write_file(folder_ / "results.json", R"({"format_version": 2})");
  EXPECT_THAT([&] { page(); }, ThrowsMessage<FormatError>(HasSubstr("version 2 is newer")));
  write_file(folder_ / "results.json", R"({"format_version": 1, "options": 3, "rows": []})");
  EXPECT_THAT([&] { page(); }, ThrowsMessage<FormatError>(HasSubstr("results.json")));
  write_file(folder_ / "results.json", good);
  for (const char* file :
       {"image_scores.csv", "training.csv", "fingerprints.json", "samples/samples.json"}) {
    const std::string whole = read_text_file(folder_ / file);
    write_file(folder_ / file, whole.substr(0, whole.size() - 9));
    EXPECT_THAT([&] { page(); }, ThrowsMessage<FormatError>(HasSubstr(file))) << file;
    write_file(folder_ / file, whole);
  }
  EXPECT_NO_THROW(page());
}

TEST_F(Report, RefusesSamplesFromElsewhere) {
  write_all();
  for (const char* file : {"../09_01_0.png", "/etc/passwd", "..", "a\\b.png", ""}) {
    write_samples(file);
    EXPECT_THAT([&] { page(); }, ThrowsMessage<FormatError>(HasSubstr("must be a file beside it")))
        << file;
  }
}

TEST_F(Report, RefusesFoldersWithoutARun) {
  EXPECT_THAT([&] { page(); }, ThrowsMessage<IoError>(HasSubstr("holds no results.json")));
  EXPECT_THAT([&] { write_report(folder_ / "nowhere"); },
              ThrowsMessage<IoError>(HasSubstr("is not a folder")));
}

}  // namespace
}  // namespace gradspace
