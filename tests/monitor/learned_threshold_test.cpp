// A camera whose detector has few clean images learns its threshold from its own clean days.
#include <gmock/gmock.h>

#include <algorithm>

#include "monitor/monitor_core.h"
#include "monitor/monitor_fixture.h"
#include "monitor/simulated_clock.h"

namespace gradspace::monitor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LearnedThresholds : public MonitorFixture {};

TEST_F(LearnedThresholds, TakeThePlaceOfAGuessAfterACleanDay) {
  // Of one photograph: however far the camera gets, no view is new after the first hundred.
  const std::filesystem::path scenes = folder_ / "scenes";
  std::filesystem::create_directory(scenes);
  write_image(scenes / "scene.png", scene(1));
  CameraOptions gate = camera("gate", CameraInputKind::kSimulated, scenes.string());
  gate.input.faults = false;
  gate.input.frames_per_second = 1.0 / 60;
  gate.alarms.raise_after = gate.alarms.raise_within = 1;
  gate.alarms.silent_after_s = 0;
  gate.drift_every_s = 1e9;
  const MonitorOptions options = options_of({gate});
  CameraStatus learned;
  {
    Notes notes;
    SharedSimulatedClock clock(1);
    MonitorCore monitor(options, notes, clock);
    const CameraStatus before = monitor.cameras()[0];
    EXPECT_TRUE(before.is_threshold_guessed);
    EXPECT_FALSE(before.is_threshold_learned);
    monitor.start();
    ASSERT_TRUE(eventually([&] { return notes.count("gate") > 1445; }));
    monitor.stop();
    learned = monitor.cameras()[0];
    EXPECT_TRUE(learned.is_threshold_learned);
    EXPECT_FALSE(learned.is_threshold_guessed);
    EXPECT_LT(learned.threshold, before.threshold);
    EXPECT_LE(learned.expected_false_alarms_per_day, 1);
    EXPECT_THAT(notes.remarks(), Contains(HasSubstr("takes the place of the guess")));
    double highest = -1e9;
    for (const FrameVerdict& verdict : notes.verdicts("gate")) {
      highest = std::max(highest, verdict.score);
    }
    EXPECT_EQ(learned.threshold, highest) << "one false alarm a day";
    EXPECT_THAT(notes.alarms(), IsEmpty());
  }
  Notes notes;
  EXPECT_EQ(Monitor(options, notes).cameras()[0].threshold, learned.threshold) << "it is kept";
  MonitorOptions fixed = options;
  fixed.cameras[0].alarms.learn_threshold = false;
  EXPECT_TRUE(Monitor(fixed, notes).cameras()[0].is_threshold_guessed);
}

}  // namespace
}  // namespace gradspace::monitor
