// The page's data of GradCon's experiment, and the files they come from.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "gradspace/metrics.h"
#include "gradspace/report.h"
#include "report/page_data.h"
#include "results/gradcon_scores.h"
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

constexpr const char* kHostile = "</script><img src=x onerror=alert(1)>,\".png";

GradConScore score(double error, double cosine) {
  return {error - 0.12 * cosine, error, cosine};
}

/// Twenty clean images of errors 0.01 to 0.20, three inliers and two outliers.
GradConImages images_of(int inlier_class) {
  GradConImages images;
  for (int i = 1; i <= 20; ++i) {
    images.validation.push_back(score(0.01 * i, 0.5));
  }
  images.inliers = {{kHostile, inlier_class, score(0.1, 0.1 + 0.2)},
                    {"b", inlier_class, score(0.15, 0.4)},
                    {"c", inlier_class, score(0.3, 0.2)}};
  images.outliers = {{"d", inlier_class + 1, score(0.25, -0.1)}, {"e", 9, score(0.12, 0.1)}};
  return images;
}

class GradConReport : public ::testing::Test {
 protected:
  GradConReport() {
    results_.kind = ResultsKind::kGradCon;
    results_.options_json =
        R"({"command":"experiment gradcon","classes":[3,5],"runs":2,"false_alarms":0.05})";
    for (int run = 0; run < 2; ++run) {
      for (const int label : {3, 5}) {
        for (const char* method : kGradConMethods) {
          ResultRow row{method, label, 0, run, {}, 7};
          row.metrics.auroc = 0.5 + 0.1 * run + 0.01 * label;
          row.metrics.n_in = 3;
          row.metrics.n_out = 2;
          results_.rows.push_back(row);
        }
      }
    }
  }

  fs::path part(int label, int run) const { return folder_ / gradcon_folder_name(label, run); }

  void write_all() {
    write_results(folder_.path(), results_);
    for (int run = 0; run < 2; ++run) {
      for (const int label : {3, 5}) {
        fs::create_directories(part(label, run));
        write_file(part(label, run) / "training.csv",
                   "epoch,train_loss,train_kld,validation_loss,validation_kld,best,seconds\n"
                   "1,9,0,8,0,1,1.5\n2,7,0,6,0,1,3\n");
        write_file(part(label, run) / "image_scores.csv",
                   gradcon_scores_csv(label, run, images_of(label)));
      }
    }
    fs::create_directories(part(3, 0) / "samples");
    write_image(part(3, 0) / "samples/in_0.png", Image(6, 2, 3));
    write_samples("in_0.png");
  }

  void write_samples(const std::string& file) {
    write_file(part(3, 0) / "samples/samples.json", json{{"format_version", 1},
                                                         {"rows",
                                                          {{{"file", file},
                                                            {"path", kHostile},
                                                            {"label", 3},
                                                            {"score", 0.25},
                                                            {"error", 0.3},
                                                            {"cosine", 0.4}}}}}
                                                        .dump());
  }

  json data() {
    notes_.clear();
    return gradcon_data(folder_.path(), read_results(folder_ / "results.json"), notes_);
  }

  testing::TemporaryFolder folder_;
  Results results_;
  Notes notes_;
};

TEST_F(GradConReport, ReadsResultsAsTheyWereWritten) {
  write_all();
  const Results read = read_results(folder_ / "results.json");
  ASSERT_EQ(read.rows.size(), 12U);
  for (std::size_t i = 0; i < read.rows.size(); ++i) {
    EXPECT_EQ(read.rows[i].type, results_.rows[i].type);
    EXPECT_EQ(read.rows[i].best_epoch, 7);
    EXPECT_EQ(read.rows[i].method, results_.rows[i].method);
    EXPECT_EQ(read.rows[i].metrics.auroc, results_.rows[i].metrics.auroc);
  }
}

TEST_F(GradConReport, ReadsScoresToTheLastBit) {
  write_all();
  const GradConImages read = read_gradcon_scores(part(3, 1) / "image_scores.csv", 3);
  const GradConImages written = images_of(3);
  ASSERT_EQ(read.validation.size(), 20U);
  ASSERT_EQ(read.inliers.size(), 3U);
  ASSERT_EQ(read.outliers.size(), 2U);
  EXPECT_EQ(read.inliers[0].path, kHostile);
  EXPECT_EQ(read.outliers[1].label, 9);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read.inliers[i].score.score, written.inliers[i].score.score);
    EXPECT_EQ(read.inliers[i].score.cosine, written.inliers[i].score.cosine);
  }
}

TEST_F(GradConReport, GivesIntervalsOfClassesWhoseScoresAreAllThere) {
  write_all();
  const auto row = [](const json& page, const json& type) {
    for (const json& candidate : page["table"]) {
      if (candidate["method"] == 1 && candidate["type"] == type) {
        return candidate;
      }
    }
    return json();
  };
  // Both runs have the same scores, so that their mean is each one's.
  const json page = data();
  BootstrapOptions options;
  options.seed = combine(options.seed, 5);
  const std::vector<double> known = {0.1, 0.15, 0.3};
  const std::vector<double> foreign = {0.25, 0.12};
  const Interval interval = auroc_interval(known, foreign, options);
  EXPECT_NEAR(row(page, 5)["auroc_interval"][0].get<double>(), interval.low, 1e-6);
  EXPECT_NEAR(row(page, 5)["auroc_interval"][1].get<double>(), interval.high, 1e-6);
  // Of a mean over classes that are drawn on their own, it is the narrower.
  const json mean = row(page, nullptr)["auroc_interval"];
  EXPECT_LT(mean[1].get<double>() - mean[0].get<double>(), interval.high - interval.low);
  EXPECT_EQ(page["intervals"]["resamples"], options.resamples);

  fs::remove(part(3, 1) / "image_scores.csv");
  const json without = data();
  EXPECT_FALSE(row(without, 3).contains("auroc_interval"));
  EXPECT_FALSE(row(without, nullptr).contains("auroc_interval"));
  EXPECT_TRUE(row(without, 5).contains("auroc_interval"));
}

TEST_F(GradConReport, HoldsEveryClassAndRun) {
  write_all();
  const json page = data();
  EXPECT_THAT(notes_, IsEmpty());
  EXPECT_EQ(page["methods"], json({"gradcon", "reconstruction", "gradient"}));
  EXPECT_EQ(page["types"][1], json({{"type", 5}, {"name", "class 5"}}));
  EXPECT_EQ(page["detectors"], 4);
  EXPECT_EQ(page["curves"].size(), 12U);
  EXPECT_EQ(page["calibration"].size(), 12U);
  EXPECT_EQ(page["samples"].size(), 1U);
  ASSERT_EQ(page["training"].size(), 4U);
  EXPECT_EQ(page["training"][1]["type"], 5);
  EXPECT_EQ(page["training"][1]["columns"],
            json({{"epoch", {1, 2}}, {"train_loss", {9, 7}}, {"validation_loss", {8, 6}}}));
}

TEST_F(GradConReport, AveragesOverClassesThenRuns) {
  write_all();
  const json page = data();
  const auto auroc = std::find(page["metrics"].begin(), page["metrics"].end(), "auroc");
  const std::size_t at = static_cast<std::size_t>(auroc - page["metrics"].begin());
  ASSERT_EQ(page["table"].size(), 3U * 3);
  const json& all = page["table"][0];  // of GradCon over all classes
  EXPECT_TRUE(all["type"].is_null());
  EXPECT_NEAR(all["mean"][at].get<double>(), 0.59, 1e-9);
  EXPECT_NEAR(all["deviation"][at].get<double>(), 0.1 / std::sqrt(2.0), 1e-6);
  EXPECT_EQ(page["table"][3]["type"], 3);  // behind the three scores' means over classes
  EXPECT_NEAR(page["table"][3]["mean"][at].get<double>(), 0.58, 1e-9);
}

TEST_F(GradConReport, TakesThresholdsFromTheValidationImages) {
  write_all();
  const json page = data();
  for (const json& curve : page["curves"]) {
    const std::string method = page["methods"][curve["method"].get<std::size_t>()];
    const std::vector<double> clean = gradcon_method_scores(method, images_of(3).validation);
    EXPECT_EQ(curve["threshold"].get<double>(), calibrate_threshold(clean, 0.05));
    EXPECT_EQ(curve["series"][0]["n"], 3);
    EXPECT_EQ(curve["series"][1]["n"], 2);
  }
}

TEST_F(GradConReport, SaysWhatIsMissingAndShowsTheRest) {
  results_.rows.resize(6);  // stopped in the second run
  write_all();
  fs::remove(part(3, 0) / "training.csv");
  fs::remove(part(5, 0) / "image_scores.csv");
  const json page = data();
  EXPECT_THAT(notes_,
              Contains(HasSubstr("has not finished: of 4 detectors (2 classes, 2 runs) 2")));
  EXPECT_THAT(notes_, Contains(HasSubstr("training.csv is not there for 1 of 2 detectors")));
  EXPECT_THAT(notes_, Contains(HasSubstr("image_scores.csv is not there for 1 of 2 detectors")));
  EXPECT_EQ(page["training"].size(), 1U);
  EXPECT_EQ(page["curves"].size(), 3U);
}

TEST_F(GradConReport, KeepsTheBestOfManyEpochs) {
  write_all();
  std::string log = "epoch,train_loss,validation_loss\n";
  for (int epoch = 1; epoch <= 5000; ++epoch) {
    log += fmt::format("{},1,{}\n", epoch, epoch == 1234 ? 0.5 : 0.6);
  }
  write_file(part(3, 0) / "training.csv", log);
  const json columns = data()["training"][0]["columns"];
  EXPECT_LE(columns["epoch"].size(), 301U);
  EXPECT_THAT(columns["epoch"].get<std::vector<int>>(), Contains(1234));
  EXPECT_EQ(columns["epoch"].back(), 5000);
}

TEST_F(GradConReport, StaysSmallWithManyClassesAndRuns) {
  results_.rows.clear();
  for (int run = 0; run < 5; ++run) {
    for (int label = 0; label < 1000; ++label) {
      results_.rows.push_back({"gradcon", label, 0, run, {}, 1});
    }
  }
  write_results(folder_.path(), results_);
  const json page = data();
  EXPECT_EQ(page["types"].size(), 100U);
  EXPECT_THAT(notes_, Contains(HasSubstr("The first 100 of 1000 classes")));
}

TEST_F(GradConReport, MakesAPageThatKeepsNamesOutOfItsMarkup) {
  if (!can_write_report()) {
    GTEST_SKIP() << "built without reports";
  }
  write_all();
  const std::string page = read_text_file(write_report(folder_.path()));
  EXPECT_THAT(page, HasSubstr("\"kind\":\"gradcon\""));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
}

TEST_F(GradConReport, RefusesDamagedAndNewerFilesByName) {
  write_all();
  const std::string good = read_text_file(folder_ / "results.json");
  write_file(folder_ / "results.json", good.substr(0, good.size() / 2));
  EXPECT_THAT([&] { data(); }, ThrowsMessage<FormatError>(HasSubstr("results.json: is damaged")));
  write_file(folder_ / "results.json", R"({"format_version": 2})");
  EXPECT_THAT([&] { data(); }, ThrowsMessage<FormatError>(HasSubstr("version 2 is newer")));
  for (const char* rows : {"3", "[3]", R"([{"class": -1, "best_epoch": 1}])",
                           R"([{"class": 1, "best_epoch": 1, "method": 5}])"}) {
    write_file(
        folder_ / "results.json",
        fmt::format(R"({{"format_version": 1, "kind": "gradcon", "options": {{}}, "rows": {}}})",
                    rows));
    EXPECT_THAT([&] { data(); }, ThrowsMessage<FormatError>(HasSubstr("results.json"))) << rows;
  }
  write_file(folder_ / "results.json", good);
  for (const char* file : {"image_scores.csv", "training.csv", "samples/samples.json"}) {
    const std::string whole = read_text_file(part(3, 0) / file);
    write_file(part(3, 0) / file, whole.substr(0, whole.size() - 9));
    EXPECT_THAT([&] { data(); }, ThrowsMessage<FormatError>(HasSubstr(file))) << file;
    write_file(part(3, 0) / file, whole);
  }
  EXPECT_NO_THROW(data());
}

TEST_F(GradConReport, RefusesSamplesFromElsewhere) {
  write_all();
  for (const char* file : {"../in_0.png", "/etc/passwd", "..", "a\\b.png", ""}) {
    write_samples(file);
    EXPECT_THAT([&] { data(); }, ThrowsMessage<FormatError>(HasSubstr("must be a file beside it")))
        << file;
  }
}

}  // namespace
}  // namespace gradspace
