// A detector that was fitted once, a listener that writes down what it hears, and options to begin from.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gradspace/monitor.h"
#include "gradspace/photograph.h"
#include "support/eventually.h"
#include "support/scenes.h"
#include "support/test_files.h"

namespace gradspace::monitor {

using testing::eventually;

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
  void on_camera(const CameraStatus& status) override {
    const std::lock_guard lock(mutex_);
    changes_.push_back(status);
  }
  void on_remark(std::string_view camera, std::string_view line) override {
    const std::lock_guard lock(mutex_);
    remarks_.push_back(fmt::format("{}: {}", camera, line));
  }

  std::vector<FrameVerdict> verdicts(const std::string& camera) const {
    const std::lock_guard lock(mutex_);
    const auto found = verdicts_.find(camera);
    return found == verdicts_.end() ? std::vector<FrameVerdict>() : found->second;
  }
  std::size_t count(const std::string& camera) const { return verdicts(camera).size(); }
  std::vector<MonitorAlarm> alarms() const {
    const std::lock_guard lock(mutex_);
    return alarms_;
  }
  std::vector<CameraStatus> changes() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }
  std::vector<std::string> remarks() const {
    const std::lock_guard lock(mutex_);
    return remarks_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<FrameVerdict>> verdicts_;
  std::vector<MonitorAlarm> alarms_;
  std::vector<CameraStatus> changes_;
  std::vector<std::string> remarks_;
};

inline std::vector<std::uint8_t> png_of(const Image& image) {
  return encode_image(image, ImageFormat::kPng);
}

/// Photographs of twelve scenes, and a detector of photographs that was fitted to them.
class MonitorFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new testing::TemporaryFolder;
    std::filesystem::create_directory(photographs());
    for (int i = 0; i < 60; ++i) {
      write_image(photographs() / fmt::format("{:02}.png", i), scene(i));
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

  static Image scene(int i) {
    return testing::photograph_of_scene(96, 80, static_cast<std::uint64_t>(i / 5), 6 * (i % 5));
  }
  static std::filesystem::path photographs() { return *shared_ / "photographs"; }
  static std::filesystem::path detector() { return *shared_ / "detector.safetensors"; }

  static CameraOptions camera(const std::string& name, CameraInputKind kind,
                              const std::string& address = {}) {
    CameraOptions options;
    options.name = name;
    options.input.kind = kind;
    options.input.address = address;
    options.detector = detector();
    options.drift_every_s = 0;
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
  inline static testing::TemporaryFolder* shared_ = nullptr;
};

}  // namespace gradspace::monitor
