// A monitor that is made to be killed: `killed_monitor FOLDER DETECTOR PHOTOGRAPHS SEED HEARD`. It is pushed clean
// frames and broken ones, as the seed says, without end, and writes what it hears of alarms into the file HEARD.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include "core/random.h"
#include "gradspace/challenge.h"
#include "gradspace/error.h"
#include "gradspace/monitor.h"
#include "gradspace/source.h"

namespace {

using namespace gradspace;

class Heard final : public MonitorListener {
 public:
  explicit Heard(const char* file)
      : file_(::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
  void on_verdict(const FrameVerdict&) override { ++judged; }
  void on_alarm(const MonitorAlarm& alarm) override {
    const std::string line = alarm.id + (alarm.cleared ? " cleared\n" : " raised\n");
    static_cast<void>(::write(file_, line.data(), line.size()) == 0);
  }
  void on_camera(const CameraStatus&) override {}
  void on_remark(std::string_view, std::string_view) override {}

  std::atomic<std::uint64_t> judged{0};

 private:
  int file_;
};

MonitorOptions options_of(char** arguments) {
  CameraOptions camera;
  camera.name = "gate";
  camera.detector = arguments[2];
  camera.drift.window = 20;
  camera.drift_every_s = 0;
  camera.alarms.at_least_s = 0;
  camera.alarms.clear_after = 5;
  camera.alarms.silent_after_s = 0;
  MonitorOptions options;
  options.cameras = {camera};
  options.folder = arguments[1];
  options.threads = 1;
  options.snapshots = 10;
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    return 2;
  }
  const auto photographs = open_source(arguments[3], SourceKind::kFolder);
  Heard heard(arguments[5]);
  Monitor monitor(options_of(arguments), heard);
  monitor.start();
  Random random(std::strtoull(arguments[4], nullptr, 10));
  bool broken = false;
  for (std::uint64_t i = 0;; ++i) {
    broken = random.chance(0.1) ? !broken : broken;
    Image image = photographs->load(random.below(photographs->size()));
    if (broken) {
      image = challenge::apply(image, challenge::Type::kNoise, 5, i);
    }
    monitor.push("gate", encode_image(image, ImageFormat::kBmp));
    while (heard.judged == i) {
      std::this_thread::yield();
    }
  }
}
