#include "live/configuration.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace::live {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kSmall = R"(
folder = "state"

[defaults]
detector = "detector.safetensors"

[[camera]]
name = "gate"
kind = "folder"
address = "frames"
)";

Configuration parsed(std::string_view text) {
  return parse_configuration(text, "cameras.toml", "/etc/gradspace");
}

std::vector<std::string> problems_with(std::string_view more) {
  return parsed(std::string(kSmall) + std::string(more)).problems;
}

TEST(Configuration, TakesDefaultsAndResolvesPathsByItsFolder) {
  const Configuration read = parsed(kSmall);
  ASSERT_THAT(read.problems, IsEmpty());
  const MonitorOptions& monitor = read.settings.monitor;
  EXPECT_EQ(monitor.folder, "/etc/gradspace/state");
  ASSERT_EQ(monitor.cameras.size(), 1U);
  EXPECT_EQ(monitor.cameras[0].detector, "/etc/gradspace/detector.safetensors");
  EXPECT_EQ(monitor.cameras[0].input.kind, CameraInputKind::kFolder);
  EXPECT_EQ(monitor.cameras[0].input.address, "/etc/gradspace/frames");
  EXPECT_EQ(monitor.cameras[0].alarms.raise_within, AlarmRules().raise_within);
  EXPECT_EQ(read.settings.http.listen, "127.0.0.1:8477");
}

TEST(Configuration, CameraOverridesDefaults) {
  const Configuration read = parsed(std::string(kSmall) + R"(
[camera.alarms]
raise_after = 2
[camera.drift]
window = 50
reference = 1440
[[camera]]
name = "stream"
kind = "stream"
address = "rtsp://camera.example/1"
detector = "/other.safetensors"
frames_per_second = 2
)");
  ASSERT_THAT(read.problems, IsEmpty());
  EXPECT_EQ(read.settings.monitor.cameras[0].alarms.raise_after, 2);
  EXPECT_EQ(read.settings.monitor.cameras[0].drift.window, 50U);
  EXPECT_EQ(read.settings.monitor.cameras[0].drift.reference, 1440U);
  EXPECT_EQ(read.settings.monitor.cameras[1].drift.reference, 0U);
  EXPECT_EQ(read.settings.monitor.cameras[1].input.address, "rtsp://camera.example/1");
  EXPECT_EQ(read.settings.monitor.cameras[1].detector, "/other.safetensors");
  EXPECT_EQ(read.settings.monitor.cameras[1].input.frames_per_second, 2);
}

TEST(Configuration, BytesThatAreNoUtf8AreToldByTheirLine) {
  for (const char* line : {"'\xc3\xc3\xc3' = 1", "a = \"\xff\"", "# \xed\xa0\x80"}) {
    const Configuration read = parsed(std::string(kSmall) + "\n" + line + "\n");
    ASSERT_THAT(read.problems, ElementsAre(HasSubstr("no UTF-8"))) << line;
    const auto lines = std::ranges::count(std::string_view(kSmall), '\n') + 2;
    EXPECT_THAT(read.problems[0], HasSubstr(fmt::format(":{}:", lines)));
  }
}

TEST(Configuration, NamesUnknownKeysWithTheirLineAndWhatWasMeant) {
  EXPECT_THAT(
      problems_with("detecter = \"x\"\n"),
      ElementsAre(
          "cameras.toml:11: unknown key \"detecter\" in [[camera]]; did you mean \"detector\"?"));
  EXPECT_THAT(problems_with("[http]\nlisten = \"127.0.0.1:1\"\n\nport = 80\n"),
              Contains(HasSubstr(":14: unknown key \"port\" in [http]")));
  EXPECT_THAT(
      problems_with("[outputs.webhok]\nurl = \"x\"\n"),
      Contains(HasSubstr("unknown key \"webhok\" in [outputs]; did you mean \"webhook\"?")));
}

TEST(Configuration, RefusesWrongTypesAndRanges) {
  EXPECT_THAT(problems_with("loop = \"yes\"\n"),
              Contains(HasSubstr(":11: camera.loop is of type string; wanted true or false")));
  EXPECT_THAT(problems_with("width = 1.5\n"), Contains(HasSubstr("wanted a whole number")));
  EXPECT_THAT(problems_with("width = -1\n"),
              Contains(HasSubstr("camera.width = -1; wanted 0 to 65535")));
  EXPECT_THAT(problems_with("[camera.alarms]\nfalse_alarms_per_day = nan\n"),
              Contains(HasSubstr("false_alarms_per_day = nan")));
  EXPECT_THAT(problems_with("[http]\nhosts = [1]\n"),
              Contains(HasSubstr("wanted a list of texts")));
  EXPECT_THAT(problems_with("[camera.alarms]\nraise_after = 9\n"),
              Contains(HasSubstr("raise_after = 9 over raise_within = 5")));
}

TEST(Configuration, SuggestsKindsOfInputs) {
  EXPECT_THAT(problems_with("[[camera]]\nname = \"b\"\nkind = \"folde\"\naddress = \"x\"\n"),
              Contains(HasSubstr("did you mean \"folder\"?")));
}

TEST(Configuration, RefusesCamerasThatCannotBe) {
  const auto camera = [](std::string_view lines) {
    return problems_with("[[camera]]\n" + std::string(lines));
  };
  EXPECT_THAT(camera("name = \"gate\"\nkind = \"push\"\n"), Contains(HasSubstr("is there twice")));
  EXPECT_THAT(camera("name = \"a/b\"\nkind = \"push\"\n"), Contains(HasSubstr("other characters")));
  EXPECT_THAT(camera("name = \"b\"\nkind = \"raw\"\naddress = \"-\"\n"),
              Contains(HasSubstr("wanted width and height")));
  EXPECT_THAT(camera("name = \"b\"\nkind = \"push\"\naddress = \"x\"\n"),
              Contains(HasSubstr("has no address")));
  EXPECT_THAT(camera("name = \"b\"\nkind = \"video\"\n"), Contains(HasSubstr("has no address")));
  EXPECT_THAT(camera("kind = \"push\"\n"), Contains(HasSubstr("a camera has no name")));
}

TEST(Configuration, AnotherAddressThanLoopbackWantsAToken) {
  EXPECT_THAT(problems_with("[http]\nlisten = \"0.0.0.0:8477\"\n"),
              Contains(HasSubstr("wanted http.token_file")));
  EXPECT_THAT(problems_with("[http]\nlisten = \"[::]:8477\"\n"),
              Contains(HasSubstr("wanted http.token_file")));
  EXPECT_THAT(problems_with("[http]\nlisten = \"0.0.0.0:8477\"\ntoken_file = \"token\"\n"),
              IsEmpty());
  EXPECT_THAT(problems_with("[http]\nlisten = \"127.1.2.3:0\"\n"), IsEmpty());
  EXPECT_THAT(problems_with("[http]\nlisten = \"[::1]:8477\"\n"), IsEmpty());
  EXPECT_THAT(problems_with("[http]\nlisten = \"example.org:80\"\n"),
              Contains(HasSubstr("wanted address:port")));
  EXPECT_THAT(problems_with("[http]\nlisten = \"127.0.0.1:70000\"\n"),
              Contains(HasSubstr("wanted address:port")));
}

TEST(Configuration, RefusesOtherSchemesOfOutputs) {
  EXPECT_THAT(problems_with("[outputs.webhook]\nurl = \"file:///etc/passwd\"\n"),
              Contains(HasSubstr("wanted http://")));
  EXPECT_THAT(problems_with("[outputs.mqtt]\nbroker = \"host\"\n"),
              Contains(HasSubstr("wanted tcp://")));
}

TEST(Configuration, NoTomlIsALineAndNoCrash) {
  EXPECT_THAT(parsed("folder = \"x\"\nname ===\n").problems,
              ElementsAre(HasSubstr("cameras.toml:2: is no TOML")));
  EXPECT_THAT(parsed(std::string(100'000, '[')).problems,
              ElementsAre(HasSubstr("nested too deeply")));
  EXPECT_THAT(parsed(std::string(100'000, '{')).problems,
              ElementsAre(HasSubstr("nested too deeply")));
  std::string dotted = "a";
  for (int i = 0; i < 50'000; ++i) {
    dotted += ".a";
  }
  EXPECT_THAT(parsed(dotted + " = 1").problems, ElementsAre(HasSubstr("nested too deeply")));
  const std::string text(300, '[');
  EXPECT_THAT(parsed(std::string(kSmall) + "causes = \"" + text + "\" # " + text + "\n").problems,
              IsEmpty());
  EXPECT_THAT(parsed("a = \"\"\"\n" + text + "\\\"\"\"\"\nb = " + text).problems,
              ElementsAre(HasSubstr("nested too deeply")));
  EXPECT_THAT(parsed(std::string(2'000'000, ' ')).problems,
              ElementsAre(HasSubstr("a configuration has at most")));
  EXPECT_THAT(parsed("").problems, Contains(HasSubstr("has no camera")));
  EXPECT_THAT(parsed("camera = 1\ndefaults = 2\nhttp = 3\n").problems,
              ::testing::SizeIs(::testing::Ge(3)));
}

/// What is printed is read again as the same, whatever stands in it.
TEST(Configuration, WrittenTextGivesTheSameSettings) {
  Configuration first = parsed(std::string(kSmall) + R"(
[http]
hosts = ["a.example", "quote\"back\\slash"]
events_per_second = 0.5
[outputs]
waiting = 7
[outputs.command]
arguments = ["/bin/alarm", "--text=line\nbreak", "tab\t"]
[outputs.mqtt]
broker = "ssl://b:8883"
[snapshots]
bytes = 123456789012
)");
  ASSERT_THAT(first.problems, IsEmpty());
  const std::string text = configuration_text(first.settings);
  const Configuration second = parsed(text);
  ASSERT_THAT(second.problems, IsEmpty()) << text;
  EXPECT_EQ(configuration_text(second.settings), text);
  EXPECT_EQ(second.settings.outputs.command.arguments[1], "--text=line\nbreak");
  EXPECT_EQ(second.settings.monitor.snapshot_bytes, 123456789012U);
  EXPECT_EQ(second.settings.http.hosts[1], "quote\"back\\slash");
  EXPECT_THAT(text, HasSubstr("silent_after_s = 30.0"));
}

TEST(Configuration, NamesFilesThatAreMissing) {
  const gradspace::testing::TemporaryFolder folder;
  std::ofstream(folder / "there").put('x');
  Settings settings;
  CameraOptions camera;
  camera.name = "gate";
  camera.detector = folder / "missing";
  camera.model = folder / "there";
  settings.monitor.cameras = {camera};
  settings.outputs.command.arguments = {(folder / "there").string()};
  EXPECT_THAT(missing_files(settings, "c.toml"),
              ElementsAre(HasSubstr("camera \"gate\": detector"), HasSubstr("can't be run")));
  settings.outputs.command.arguments = {"alarm.sh"};
  EXPECT_THAT(missing_files(settings, "c.toml"), Contains(HasSubstr("is no absolute path")));
}

TEST(Configuration, FileThatIsNotThereIsAnIoError) {
  EXPECT_THROW(read_configuration("/nonexistent.toml"), IoError);
  EXPECT_THROW(read_configuration("/"), IoError);
}

TEST(Configuration, FirstProblemSaysHowManyFollow) {
  const gradspace::testing::TemporaryFolder folder;
  std::ofstream(folder / "c.toml") << kSmall << "widht = 1\nheigth = 2\n";
  try {
    static_cast<void>(read_settings(folder / "c.toml"));
    FAIL();
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), HasSubstr("widht"));
    EXPECT_THAT(error.what(), HasSubstr("(and 1 more"));
  }
}

}  // namespace
}  // namespace gradspace::live
