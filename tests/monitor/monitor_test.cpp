#include "gradspace/monitor.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include "gradspace/error.h"
#include "gradspace/fit.h"
#include "gradspace/source.h"
#include "monitor/monitor_core.h"
#include "support/scenes.h"
#include "support/test_files.h"

namespace gradspace::monitor {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::IsEmpty;
using testing::photograph_of_scene;
using ::testing::SizeIs;

/// Writes down what it hears.
class Notes final : public MonitorListener {
 public:
  void on_verdict(const FrameVerdict& verdict) override {
    const std::lock_guard lock(mutex_);
    verdicts_[verdict.camera].push_back(verdict);
  }
  void on_alarm(const MonitorAlarm& alarm) override {
    const std::lock_guard lock(mutex_);
    alarms_.push_back(alarm);
  }
  void on_camera(const CameraStatus&) override {}
  void on_remark(std::string_view camera, std::string_view line) override {
    const std::lock_guard lock(mutex_);
    remarks_.push_back(fmt::format("{}: {}", camera, line));
  }

  std::vector<FrameVerdict> verdicts(const std::string& camera) const {
    const std::lock_guard lock(mutex_);
    const auto found = verdicts_.find(camera);
    return found == verdicts_.end() ? std::vector<FrameVerdict>() : found->second;
  }
  std::vector<MonitorAlarm> alarms() const {
    const std::lock_guard lock(mutex_);
    return alarms_;
  }
  std::vector<std::string> remarks() const {
    const std::lock_guard lock(mutex_);
    return remarks_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<FrameVerdict>> verdicts_;
  std::vector<MonitorAlarm> alarms_;
  std::vector<std::string> remarks_;
};

/// Waits until `is_so`, for at most half a minute.
template <typename Condition>
bool eventually(const Condition& is_so) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

/// Photographs of twelve scenes, and a detector that was fitted to them, once.
class Monitors : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new testing::TemporaryFolder;
    fs::create_directory(photographs());
    for (int i = 0; i < 60; ++i) {
      write_image(photographs() / fmt::format("{:02}.png", i),
                  photograph_of_scene(96, 80, static_cast<std::uint64_t>(i / 5), 6 * (i % 5)));
    }
    PhotographOptions options;
    options.method = "photograph-image";
    options.tiling = {16, 16, 16, 16};
    options.false_alarms = 0.1;
    write_detector(detector(), fit_photographs(nullptr, *open_source(photographs()), options));
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }

  static fs::path photographs() { return *shared_ / "photographs"; }
  static fs::path detector() { return *shared_ / "detector.safetensors"; }

  static CameraOptions camera(const std::string& name, CameraInputKind kind,
                              const std::string& address = {}) {
    CameraOptions options;
    options.name = name;
    options.input.kind = kind;
    options.input.address = address;
    options.detector = detector();
    return options;
  }
  MonitorOptions options_of(std::vector<CameraOptions> cameras) const {
    MonitorOptions options;
    options.cameras = std::move(cameras);
    options.folder = folder_ / "state";
    options.threads = 2;
    return options;
  }

  testing::TemporaryFolder folder_;
  static testing::TemporaryFolder* shared_;
};
testing::TemporaryFolder* Monitors::shared_ = nullptr;

std::vector<std::uint8_t> png_of(const Image& image) {
  return encode_image(image, ImageFormat::kPng);
}

TEST_F(Monitors, PushedFramesAreJudgedAsTheScorerJudgesThem) {
  Notes notes;
  Monitor monitor(options_of({camera("gate", CameraInputKind::kPush)}), notes);
  monitor.start();
  PhotographScorer scorer(nullptr, read_detector(detector()));
  for (std::uint64_t scene = 0; scene < 5; ++scene) {
    const Image image = photograph_of_scene(96, 80, scene);
    ASSERT_EQ(monitor.push("gate", png_of(image)), Monitor::Pushed::kTaken);
    ASSERT_TRUE(eventually([&] { return notes.verdicts("gate").size() == scene + 1; }));
    const FrameVerdict verdict = notes.verdicts("gate").back();
    const PhotographScore wanted = scorer.score(image);
    EXPECT_EQ(verdict.number, scene + 1);
    EXPECT_EQ(verdict.score, wanted.score.score);
    EXPECT_EQ(verdict.p_value, wanted.score.p_value);
    EXPECT_EQ(verdict.tile_p_values, wanted.tile_p_values);
    EXPECT_EQ(verdict.columns, 6);
    EXPECT_EQ(verdict.rows, 5);
  }
  EXPECT_EQ(monitor.push("door", {}), Monitor::Pushed::kNoSuchCamera);
  const std::vector<std::uint8_t> rubbish(100, 7);
  EXPECT_THROW(monitor.push("gate", rubbish), FormatError);
  EXPECT_THROW(monitor.push("gate", png_of(Image(8, 8, 3)).size() ? rubbish : rubbish),
               FormatError);
  ASSERT_TRUE(eventually([&] { return monitor.cameras()[0].failures == 2; }));
  monitor.stop();
}

TEST_F(Monitors, ASimulatedCameraWithTheSameSeedGivesTheSameFrames) {
  std::vector<std::vector<double>> scores;
  for (int run = 0; run < 2; ++run) {
    CameraOptions options = camera("sim", CameraInputKind::kSimulated, photographs().string());
    options.input.seed = 5;
    Notes notes;
    Monitor monitor(options_of({options}), notes);
    monitor.start();
    ASSERT_TRUE(eventually([&] { return notes.verdicts("sim").size() >= 50; }));
    monitor.stop();
    std::vector<double>& run_scores = scores.emplace_back();
    for (const FrameVerdict& verdict : notes.verdicts("sim")) {
      run_scores.push_back(verdict.score);
    }
    run_scores.resize(50);
  }
  EXPECT_EQ(scores[0], scores[1]);
}

}  // namespace
}  // namespace gradspace::monitor
