#include "gradspace/monitor.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/challenge.h"
#include "gradspace/error.h"
#include "monitor/monitor_core.h"
#include "monitor/monitor_fixture.h"
#include "monitor/simulated_camera.h"
#include "monitor/simulated_clock.h"

namespace gradspace::monitor {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

class Monitors : public MonitorFixture {
 protected:
  /// Pushes and waits until it is judged.
  template <typename SomeMonitor>
  void push(SomeMonitor& monitor, const Notes& notes, const std::string& name, const Image& image) {
    const std::size_t before = notes.count(name);
    ASSERT_EQ(monitor.push(name, png_of(image)), Monitor::Pushed::kTaken);
    ASSERT_TRUE(eventually([&] { return notes.count(name) > before; }));
  }

  /// A scene that no detector here takes for clean.
  static Image broken_scene(int i) {
    return challenge::apply(scene(i), challenge::Type::kNoise, 5, 1);
  }
};

TEST_F(Monitors, PushedFramesAreJudgedAsTheScorerJudgesThem) {
  Notes notes;
  Monitor monitor(options_of({camera("gate", CameraInputKind::kPush)}), notes);
  monitor.start();
  PhotographScorer scorer(nullptr, read_detector(detector()));
  for (int i = 0; i < 5; ++i) {
    push(monitor, notes, "gate", scene(7 * i));
    const FrameVerdict verdict = notes.verdicts("gate").back();
    const PhotographScore wanted = scorer.score(scene(7 * i));
    EXPECT_EQ(verdict.number, static_cast<std::uint64_t>(i) + 1);
    EXPECT_EQ(verdict.score, wanted.score.score);
    EXPECT_EQ(verdict.p_value, wanted.score.p_value);
    EXPECT_EQ(verdict.out_of_distribution, verdict.score > verdict.threshold);
    EXPECT_EQ(verdict.tile_p_values, wanted.tile_p_values);
    EXPECT_EQ(verdict.columns, 6);
    EXPECT_EQ(verdict.rows, 5);
  }
  EXPECT_EQ(monitor.push("door", {}), Monitor::Pushed::kNoSuchCamera);
}

TEST_F(Monitors, FramesThatCannotBeJudgedAreFailuresAndOthersGoOn) {
  Notes notes;
  Monitor monitor(options_of({camera("gate", CameraInputKind::kPush)}), notes);
  monitor.start();
  std::vector<std::uint8_t> cut_off = png_of(scene(1));
  cut_off.resize(cut_off.size() / 2);
  EXPECT_THROW(monitor.push("gate", std::vector<std::uint8_t>(100, 7)), FormatError);
  EXPECT_THROW(monitor.push("gate", cut_off), FormatError);
  EXPECT_THROW(monitor.push("gate", {}), FormatError);
  ASSERT_TRUE(eventually([&] { return notes.count("gate") == 3; }));
  push(monitor, notes, "gate", Image(8, 8, 3));  // smaller than a tile
  push(monitor, notes, "gate", scene(3));
  const std::vector<FrameVerdict> verdicts = notes.verdicts("gate");
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_FALSE(verdicts[i].failure.empty());
    EXPECT_THAT(verdicts[i].failure, Not(HasSubstr("\n")));
  }
  EXPECT_TRUE(verdicts[4].failure.empty());
  const CameraStatus status = monitor.cameras()[0];
  EXPECT_EQ(status.failures, 4);
  EXPECT_EQ(status.judged, 1);
  EXPECT_EQ(status.frames, 5);
}

TEST_F(Monitors, FramesMayChangeTheirSizeAndTheirColours) {
  Notes notes;
  Monitor monitor(options_of({camera("gate", CameraInputKind::kPush)}), notes);
  monitor.start();
  for (const auto& [width, height] : {std::pair(96, 80), {160, 40}, {33, 200}, {96, 80}}) {
    push(monitor, notes, "gate", testing::photograph_of_scene(width, height, 3));
    const FrameVerdict verdict = notes.verdicts("gate").back();
    EXPECT_EQ(verdict.failure, "");
    EXPECT_EQ(verdict.columns, width / 16);
    EXPECT_EQ(verdict.rows, height / 16);
    const Image jpeg = decode_image(monitor.newest_frame_jpeg("gate", 1000, true), "jpeg");
    EXPECT_EQ(jpeg.width(), width);
    EXPECT_EQ(jpeg.height(), height);
  }
  push(monitor, notes, "gate", to_grey(scene(4)));
  EXPECT_EQ(notes.verdicts("gate").back().failure, "");
  EXPECT_EQ(decode_image(monitor.newest_frame_jpeg("gate", 48, false), "jpeg").width(), 48);
  EXPECT_EQ(decode_image(monitor.newest_frame_jpeg("gate", 0, false), "jpeg").width(), 96);
  EXPECT_THAT(monitor.newest_frame_jpeg("door", 48, false), IsEmpty());
}

TEST_F(Monitors, UnderLoadTheNewestFrameIsJudgedAndOthersAreCounted) {
  Notes notes;
  Monitor monitor(options_of({camera("gate", CameraInputKind::kPush)}), notes);
  monitor.start();
  const std::vector<std::uint8_t> file = png_of(testing::photograph_of_scene(640, 480, 1));
  constexpr std::uint64_t kFrames = 60;
  std::thread other([&] {
    for (std::uint64_t i = 0; i < kFrames; ++i) {
      monitor.push("gate", file);
    }
  });
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    monitor.push("gate", file);
  }
  other.join();
  // The listener hears of a verdict after it was counted.
  ASSERT_TRUE(eventually([&] {
    const std::vector<FrameVerdict> verdicts = notes.verdicts("gate");
    return !verdicts.empty() && verdicts.back().number == 2 * kFrames;
  })) << "the newest is judged";
  const std::vector<FrameVerdict> verdicts = notes.verdicts("gate");
  EXPECT_TRUE(std::ranges::is_sorted(verdicts, std::ranges::less(), &FrameVerdict::number));
  const CameraStatus status = monitor.cameras()[0];
  EXPECT_EQ(status.judged, verdicts.size());
  EXPECT_EQ(status.judged + status.dropped, 2 * kFrames);
}

TEST_F(Monitors, AnAlarmIsRaisedClearedAcknowledgedAndHasAPicture) {
  CameraOptions gate = camera("gate", CameraInputKind::kPush);
  gate.alarms.at_least_s = 0;
  gate.alarms.clear_after = 6;
  Notes notes;
  Monitor monitor(options_of({gate, camera("door", CameraInputKind::kPush)}), notes);
  monitor.start();
  for (int i = 0; i < 10; ++i) {
    push(monitor, notes, "gate", scene(i));
    push(monitor, notes, "door", scene(i));
  }
  EXPECT_THAT(notes.alarms(), IsEmpty());
  for (int i = 0; i < 4; ++i) {
    push(monitor, notes, "gate", broken_scene(i));
  }
  ASSERT_TRUE(eventually([&] { return notes.alarms().size() == 1; }));
  const MonitorAlarm raised = notes.alarms()[0];
  EXPECT_EQ(raised.id, "gate-frames-1");
  EXPECT_EQ(raised.camera, "gate");
  EXPECT_FALSE(raised.cleared);
  EXPECT_EQ(raised.raised, notes.verdicts("gate")[12].time) << "with the third frame";
  const Image picture = decode_image(monitor.snapshot(raised.id), "snapshot");
  EXPECT_EQ(picture.width(), 2 * 96) << "the frame and its map";
  EXPECT_THAT(monitor.snapshot("../cameras/gate.json"), IsEmpty());
  EXPECT_THAT(monitor.cameras()[0].open_alarms, SizeIs(1));
  EXPECT_TRUE(monitor.acknowledge(raised.id));
  EXPECT_TRUE(monitor.acknowledge(raised.id)) << "twice does no harm";
  EXPECT_FALSE(monitor.acknowledge("gate-frames-2"));
  for (int i = 0; i < 8; ++i) {
    push(monitor, notes, "gate", scene(i));
  }
  ASSERT_TRUE(eventually([&] { return notes.alarms().size() == 3; }));
  EXPECT_TRUE(notes.alarms()[1].acknowledged);
  EXPECT_TRUE(notes.alarms()[2].cleared);
  EXPECT_TRUE(notes.alarms()[2].acknowledged);
  EXPECT_THAT(monitor.cameras()[0].open_alarms, IsEmpty());
  EXPECT_EQ(monitor.alarms(5)[0].cleared, notes.alarms()[2].cleared);
}

TEST_F(Monitors, AFaultOfOneOfFourCamerasRaisesItsAlarmWithinTwentyFramesAndNoOther) {
  std::vector<CameraOptions> cameras;
  for (const char* name : {"a", "b", "c", "d"}) {
    cameras.push_back(camera(name, CameraInputKind::kPush));
    // The detector was fitted to these frames: of them its scores are not what those held out are.
    cameras.back().drift_every_s = 3600;
  }
  Notes notes;
  Monitor monitor(options_of(cameras), notes);
  monitor.start();
  for (int i = 0; i < 100; ++i) {
    for (const CameraOptions& one : cameras) {
      const bool fault = one.name == "c" && i >= 40;
      push(monitor, notes, one.name, fault ? broken_scene(i % 60) : scene(i % 60));
    }
  }
  ASSERT_THAT(notes.alarms(), SizeIs(1));
  EXPECT_EQ(notes.alarms()[0].id, "c-frames-1");
  const std::vector<FrameVerdict> verdicts = notes.verdicts("c");
  const auto at = std::ranges::find(verdicts, notes.alarms()[0].raised, &FrameVerdict::time);
  ASSERT_NE(at, verdicts.end());
  EXPECT_GE(at->number, 43);
  EXPECT_LE(at->number, 60);
}

TEST_F(Monitors, ARestartGoesOnWhereTheOtherStopped) {
  const CameraOptions gate = camera("gate", CameraInputKind::kPush);
  CameraStatus before;
  {
    Notes notes;
    Monitor monitor(options_of({gate}), notes);
    monitor.start();
    for (int i = 0; i < 7; ++i) {
      push(monitor, notes, "gate", i < 4 ? scene(i) : broken_scene(i));
    }
    EXPECT_THROW(Monitor(options_of({gate}), notes), IoError) << "the folder is locked";
    monitor.stop();
    before = monitor.cameras()[0];
  }
  {
    Notes notes;
    Monitor monitor(options_of({gate}), notes);
    const CameraStatus after = monitor.cameras()[0];
    EXPECT_EQ(after.frames, 7);
    EXPECT_EQ(after.judged, before.judged);
    EXPECT_EQ(after.out_of_distribution, before.out_of_distribution);
    EXPECT_EQ(after.alarms, 1);
    EXPECT_THAT(after.open_alarms, SizeIs(1));
    monitor.start();
    ASSERT_THAT(notes.alarms(), SizeIs(1)) << "its delivery was not confirmed";
    EXPECT_EQ(notes.alarms()[0].id, "gate-frames-1");
    monitor.confirm_delivery(notes.alarms()[0]);
    push(monitor, notes, "gate", broken_scene(9));
    EXPECT_EQ(notes.verdicts("gate")[0].number, 8);
    monitor.stop();
    EXPECT_THAT(notes.alarms(), SizeIs(1)) << "the alarm is the same one";
  }
  Notes later;
  Monitor third(options_of({gate}), later);
  third.start();
  EXPECT_THAT(later.alarms(), IsEmpty());
}

TEST_F(Monitors, DriftFromHowACameraBeganIsKeptOverRestarts) {
  CameraOptions gate = camera("gate", CameraInputKind::kPush);
  gate.drift = {10, 0.1, 12};
  gate.alarms.raise_after = 5;
  const auto see = [&](const CameraOptions& options, int frames, bool broken) {
    Notes notes;
    Monitor monitor(options_of({options}), notes);
    monitor.start();
    for (int i = 0; i < frames; ++i) {
      push(monitor, notes, "gate", broken ? broken_scene(i) : scene(i));
    }
    monitor.stop();
    return monitor.cameras()[0];
  };
  EXPECT_EQ(see(gate, 7, false).drift_reference_missing, 5U);
  EXPECT_EQ(see(gate, 4, true).drift_reference_missing, 5U) << "what is broken is no reference";
  EXPECT_EQ(see(gate, 5, false).drift_reference_missing, 0U);
  const CameraStatus clean = see(gate, 10, false);
  EXPECT_EQ(clean.drift_windows, 1U);
  EXPECT_GT(clean.drift_p_value, 0.05);
  const CameraStatus broken = see(gate, 10, true);
  EXPECT_EQ(broken.drift_windows, 2U);
  EXPECT_LT(broken.drift_p_value, 1e-4);
  gate.drift.reference = 20;
  const CameraStatus anew = see(gate, 1, false);
  EXPECT_EQ(anew.drift_reference_missing, 19U) << "another reference is of other frames";
  EXPECT_EQ(anew.drift_windows, 2U) << "what is spent remains spent";
}

TEST_F(Monitors, ADamagedStateIsSaidAndGoneOnWithout) {
  const CameraOptions gate = camera("gate", CameraInputKind::kPush);
  const fs::path state = folder_ / "state" / "cameras" / "gate.json";
  {
    Notes notes;
    Monitor monitor(options_of({gate}), notes);
    monitor.start();
    push(monitor, notes, "gate", scene(1));
  }
  const std::string whole = read_text_file(state);
  std::string turned = whole;
  turned[turned.find("\"judged\":") + 9] ^= 1;
  for (const std::string& text :
       {turned, whole.substr(0, whole.size() / 2), std::string(), std::string("{}"),
        std::string(100'000, '['), std::string("\0\xff\x01", 3)}) {
    write_file(state, text);
    Notes notes;
    Monitor monitor(options_of({gate}), notes);
    EXPECT_THAT(notes.remarks(), Contains(HasSubstr("gate.json")));
    EXPECT_EQ(monitor.cameras()[0].judged, 1) << "the verdicts' lines tell it again";
  }
}

TEST_F(Monitors, ACameraThatFallsSilentIsAnAlarmUntilItComesBack) {
  SimulatedClock clock;
  CameraOptions gate = camera("gate", CameraInputKind::kPush);
  gate.alarms.silent_after_s = 30;
  gate.alarms.at_least_s = 60;
  Notes notes;
  MonitorCore monitor(options_of({gate}), notes, clock);
  monitor.start();
  push(monitor, notes, "gate", scene(1));
  clock.pass(std::chrono::seconds(29));
  std::this_thread::sleep_for(std::chrono::milliseconds(450));  // two looks
  EXPECT_THAT(notes.alarms(), IsEmpty());
  clock.jump(std::chrono::hours(-48));  // a clock that is set makes no camera silent, nor loud
  clock.pass(std::chrono::seconds(2));
  ASSERT_TRUE(eventually([&] { return notes.alarms().size() == 1; }));
  EXPECT_EQ(notes.alarms()[0].kind, AlarmKind::kSilent);
  clock.jump(std::chrono::hours(96));
  push(monitor, notes, "gate", scene(2));
  std::this_thread::sleep_for(std::chrono::milliseconds(450));
  EXPECT_THAT(notes.alarms(), SizeIs(1)) << "held for a minute";
  clock.pass(std::chrono::seconds(61));
  push(monitor, notes, "gate", scene(3));
  ASSERT_TRUE(eventually([&] { return notes.alarms().size() == 2; }));
  EXPECT_TRUE(notes.alarms()[1].cleared);
}

TEST_F(Monitors, WithoutRoomForSnapshotsAlarmsGoOnAndPicturesComeBackByThemselves) {
  SimulatedClock clock;
  CameraOptions gate = camera("gate", CameraInputKind::kPush);
  gate.alarms.at_least_s = 0;
  gate.alarms.clear_after = 5;
  const MonitorOptions options = options_of({gate});
  fs::create_directories(options.folder);
  write_file(options.folder / "snapshots", std::string_view("in the way"));
  Notes notes;
  MonitorCore monitor(options, notes, clock);
  monitor.start();
  const auto raise_and_clear = [&] {
    for (int i = 0; i < 13; ++i) {
      push(monitor, notes, "gate", i < 4 ? broken_scene(i) : scene(i));
    }
  };
  raise_and_clear();
  ASSERT_THAT(notes.alarms(), SizeIs(2));
  EXPECT_EQ(notes.alarms()[0].snapshot, "");
  EXPECT_TRUE(monitor.health().snapshots_stopped);
  EXPECT_FALSE(monitor.health().records_stopped);
  EXPECT_THAT(monitor.health().trouble, Not(IsEmpty()));
  fs::remove(options.folder / "snapshots");
  clock.pass(std::chrono::minutes(1));
  raise_and_clear();
  ASSERT_THAT(notes.alarms(), SizeIs(4));
  EXPECT_NE(notes.alarms()[2].snapshot, "");
  EXPECT_FALSE(monitor.health().snapshots_stopped);
}

TEST_F(Monitors, SnapshotsAndVerdictLinesStayWithinTheirLimits) {
  CameraOptions gate = camera("gate", CameraInputKind::kPush);
  gate.alarms.at_least_s = 0;
  gate.alarms.clear_after = 5;
  MonitorOptions options = options_of({gate});
  options.snapshots = 3;
  options.verdict_bytes = 1 << 17;
  Notes notes;
  Monitor monitor(options, notes);
  monitor.start();
  for (int i = 0; i < 13 * 6; ++i) {
    push(monitor, notes, "gate", i % 13 < 4 ? broken_scene(i % 60) : scene(i % 60));
  }
  ASSERT_THAT(notes.alarms(), SizeIs(12));
  std::set<std::string> pictures;
  for (const auto& entry : fs::directory_iterator(options.folder / "snapshots")) {
    pictures.insert(entry.path().filename().string());
  }
  EXPECT_EQ(pictures,
            (std::set<std::string>{"gate-frames-4.jpg", "gate-frames-5.jpg", "gate-frames-6.jpg"}));
  EXPECT_THAT(monitor.snapshot("gate-frames-1"), IsEmpty());
  EXPECT_THAT(monitor.snapshot("gate-frames-6"), Not(IsEmpty()));
  for (int i = 0; i < 1500; ++i) {
    push(monitor, notes, "gate", Image(4, 4, 3));
  }
  monitor.stop();  // no file is begun anew meanwhile
  EXPECT_LT(fs::file_size(options.folder / "verdicts" / "gate.jsonl") +
                fs::file_size(options.folder / "verdicts" / "gate.1.jsonl"),
            options.verdict_bytes + 2000);
}

TEST_F(Monitors, FilesOfAWatchedFolderAreJudgedAndThoseThatAreNoneAreFailures) {
  const fs::path frames = folder_ / "frames";
  fs::create_directory(frames);
  Notes notes;
  Monitor monitor(options_of({camera("gate", CameraInputKind::kFolder, frames.string())}), notes);
  monitor.start();
  ASSERT_TRUE(eventually([&] { return monitor.cameras()[0].connected; }));
  write_image(frames / "a.png", scene(1));
  ASSERT_TRUE(eventually([&] { return notes.count("gate") == 1; }));
  std::ofstream(frames / "b.png") << "no picture";
  ASSERT_TRUE(eventually([&] { return notes.count("gate") == 2; }));
  fs::remove_all(frames);
  ASSERT_TRUE(eventually([&] { return !monitor.cameras()[0].connected; }));
  EXPECT_THAT(monitor.cameras()[0].trouble, HasSubstr(frames.string()));
  fs::create_directory(frames);
  ASSERT_TRUE(eventually([&] { return monitor.cameras()[0].connected; }));
  write_image(frames / "c.png", scene(2));
  ASSERT_TRUE(eventually([&] { return notes.count("gate") == 3; }));
  const std::vector<FrameVerdict> verdicts = notes.verdicts("gate");
  EXPECT_EQ(verdicts[0].frame, "a.png");
  EXPECT_THAT(verdicts[1].failure, HasSubstr("b.png"));
  EXPECT_EQ(verdicts[2].frame, "c.png");
  EXPECT_EQ(monitor.cameras()[0].reconnects, 1);
  EXPECT_FALSE(monitor.ended());
}

TEST_F(Monitors, AVideoThatEndsIsJudgedWholeAndTheMonitorHasEnded) {
  std::string video = "YUV4MPEG2 W96 H80 F25:1 Cmono\n";
  for (int i = 0; i < 40; ++i) {
    const Image grey = to_grey(scene(i));
    video += "FRAME\n" + std::string(grey.pixels().begin(), grey.pixels().end());
  }
  write_file(folder_ / "a.y4m", video + "FRAME\ncut off");
  Notes notes;
  Monitor monitor(
      options_of({camera("gate", CameraInputKind::kVideo, (folder_ / "a.y4m").string())}), notes);
  monitor.start();
  ASSERT_TRUE(eventually([&] { return monitor.ended(); }));
  EXPECT_EQ(notes.count("gate"), 41) << "a file waits for its judge";
  EXPECT_THAT(notes.verdicts("gate")[40].failure, HasSubstr("truncated"));
  EXPECT_EQ(monitor.cameras()[0].dropped, 0);
}

TEST_F(Monitors, AReloadLeavesCamerasThatAreTheSameAlone) {
  const CameraOptions gate = camera("gate", CameraInputKind::kPush);
  CameraOptions door = camera("door", CameraInputKind::kPush);
  Notes notes;
  Monitor monitor(options_of({gate, door}), notes);
  monitor.start();
  push(monitor, notes, "gate", scene(1));
  push(monitor, notes, "door", scene(2));
  const std::size_t changes = notes.changes().size();
  door.alarms.raise_after = 1;
  MonitorOptions wrong = options_of({gate, door, camera("yard", CameraInputKind::kPush)});
  wrong.cameras[2].detector = folder_ / "none.safetensors";
  EXPECT_THROW(monitor.reload(wrong), IoError);
  EXPECT_EQ(monitor.cameras().size(), 2);
  wrong.cameras.pop_back();
  wrong.folder = folder_ / "elsewhere";
  EXPECT_THROW(monitor.reload(wrong), InvalidArgument);
  MonitorOptions right = options_of({gate, door, camera("yard", CameraInputKind::kPush)});
  right.threads = 1;
  monitor.reload(right);
  EXPECT_EQ(notes.changes().size(), changes + 2) << "the door began anew, the yard began";
  for (const char* name : {"gate", "door", "yard"}) {
    push(monitor, notes, name, scene(3));
  }
  EXPECT_EQ(notes.verdicts("gate").back().number, 2);
  EXPECT_EQ(notes.verdicts("door").back().number, 2) << "with what it had come to";
  monitor.reload(options_of({door}));
  EXPECT_EQ(monitor.push("gate", png_of(scene(1))), Monitor::Pushed::kNoSuchCamera);
}

TEST_F(Monitors, StopsAtOnceWhateverItsInputsDo) {
  fs::create_directory(folder_ / "frames");
  CameraOptions raw = camera("raw", CameraInputKind::kRaw, (folder_ / "pipe").string());
  raw.input.width = raw.input.height = 32;
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  CameraOptions simulated = camera("sim", CameraInputKind::kSimulated, photographs().string());
  CameraOptions slow = simulated;
  slow.name = "slow";
  slow.input.frames_per_second = 0.01;
  Notes notes;
  Monitor monitor(
      options_of({camera("push", CameraInputKind::kPush), raw, simulated, slow,
                  camera("folder", CameraInputKind::kFolder, (folder_ / "frames").string()),
                  camera("gone", CameraInputKind::kFolder, (folder_ / "none").string())}),
      notes);
  monitor.start();
  ASSERT_TRUE(eventually([&] { return notes.count("sim") > 20; }));
  const auto begin = std::chrono::steady_clock::now();
  monitor.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << "it ended";
  const std::size_t count = notes.count("sim");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(notes.count("sim"), count);
}

TEST_F(Monitors, RefuseWhatCannotBe) {
  Notes notes;
  const auto refused = [&](const MonitorOptions& options, const char* why) {
    EXPECT_THAT([&] { Monitor(options, notes); }, ThrowsMessage<InvalidArgument>(HasSubstr(why)));
  };
  const CameraOptions gate = camera("gate", CameraInputKind::kPush);
  refused(options_of({}), "no camera");
  refused(options_of({gate, gate}), "another one has this name");
  refused(options_of({camera("a/b", CameraInputKind::kPush)}), "\"a/b\"");
  refused(options_of({camera("", CameraInputKind::kPush)}), "1 to 64");
  refused(options_of({camera("a", CameraInputKind::kFolder)}), "address");
  refused(options_of({camera("a", CameraInputKind::kPush, "x")}), "address");
  refused(options_of({camera("a", CameraInputKind::kRaw, "-")}), "0x0");
  CameraOptions wrong = gate;
  wrong.alarms.raise_after = 6;
  refused(options_of({wrong}), "6 of 5");
  wrong = gate;
  wrong.alarms.false_alarms_per_day = std::nan("");
  refused(options_of({wrong}), "false_alarms_per_day");
  wrong = gate;
  wrong.drift.window = 1;
  refused(options_of({wrong}), "camera gate: drift");
  CameraOptions first = camera("first", CameraInputKind::kVideo, "-");
  CameraOptions second = camera("second", CameraInputKind::kVideo, "-");
  refused(options_of({first, second}), "standard input");
}

}  // namespace
}  // namespace gradspace::monitor
