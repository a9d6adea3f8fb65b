#include "gradspace/causes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "core/file.h"
#include "gradspace/challenge.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "monitor/monitor_fixture.h"
#include "monitor/softmax.h"

namespace gradspace::monitor {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Softmax, LearnsClassesThatPlanesDivide) {
  Random random(3);
  ClassRows rows;
  std::vector<std::uint32_t> labels;
  for (int i = 0; i < 600; ++i) {
    const auto label = static_cast<std::uint32_t>(i % 3);
    const std::vector<float> row = {
        static_cast<float>(5 * std::cos(2.1 * label) + random.normal() + 100),
        static_cast<float>(1e-3 * (5 * std::sin(2.1 * label) + random.normal())), 7};
    rows.add(row, label);
  }
  const Softmax softmax = Softmax::fit(rows, 3, std::vector<bool>(rows.count(), true));
  TensorMap tensors;
  softmax.store(tensors, "a");
  const Softmax loaded = Softmax::load(tensors, "a");
  int right = 0;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const std::vector<double> said = softmax.probabilities(rows.row(i));
    EXPECT_NEAR(said[0] + said[1] + said[2], 1, 1e-9);
    EXPECT_EQ(said, loaded.probabilities(rows.row(i)));
    right += std::ranges::max_element(said) - said.begin() == rows.labels[i] ? 1 : 0;
  }
  EXPECT_GT(right, 590);
  EXPECT_THROW(softmax.probabilities(std::vector<float>(2)), InvalidArgument);
  tensors["a.weight"].values[0] = std::nanf("");
  EXPECT_THROW(Softmax::load(tensors, "a"), InvalidArgument);
  tensors.erase("a.weight");
  EXPECT_THROW(Softmax::load(tensors, "a"), InvalidArgument);
}

class CauseNames : public MonitorFixture {
 protected:
  static void SetUpTestSuite() {
    MonitorFixture::SetUpTestSuite();
    fitted_ =
        new Causes(fit_causes(nullptr, read_detector(detector()), *open_source(photographs()), {}));
  }
  static void TearDownTestSuite() {
    delete fitted_;
    MonitorFixture::TearDownTestSuite();
  }
  inline static Causes* fitted_ = nullptr;
};

TEST_F(CauseNames, NameWhatIsSevereAndNothingThatIsClean) {
  CauseNamer namer(nullptr, read_detector(detector()), *fitted_);
  std::map<std::string, int> right;
  int clean_unknown = 0;
  for (int i = 0; i < 60; i += 5) {  // a view of each scene
    CauseNamer of_scene(nullptr, read_detector(detector()), *fitted_);
    of_scene.see_clean(scene(i + 1));
    clean_unknown += of_scene.name(scene(i + 2)) == kUnknownCause ? 1 : 0;
    for (const challenge::Type type :
         {challenge::Type::kNoise, challenge::Type::kGaussianBlur, challenge::Type::kDarkening,
          challenge::Type::kDecolorization}) {
      const Image damaged = challenge::apply(scene(i), type, 5, 99);
      right[std::string(challenge::name(type))] +=
          of_scene.name(damaged) == challenge::name(type) ? 1 : 0;
    }
  }
  EXPECT_GE(clean_unknown, 11);
  for (const auto& [name, count] : right) {
    EXPECT_GE(count, 6) << name << ", of 12 scenes";
  }
  EXPECT_GT(fitted_->scene_accuracy.right_of_named, 0.89);
}

TEST_F(CauseNames, AreTheSameOnAnyNumberOfThreadsAndFromAFile) {
  const Causes one =
      fit_causes(nullptr, read_detector(detector()), *open_source(photographs()), {}, 1);
  EXPECT_EQ(one.weights, fitted_->weights);
  EXPECT_EQ(one.scene_certainty, fitted_->scene_certainty);
  const auto path = folder_ / "causes.safetensors";
  write_causes(path, one);
  const Causes read = read_causes(path);
  EXPECT_EQ(read.classes, one.classes);
  EXPECT_EQ(read.weights, one.weights);
  EXPECT_EQ(read.tiling, one.tiling);
  EXPECT_EQ(read.frame_certainty, one.frame_certainty);
  EXPECT_EQ(read.frame_accuracy.named_of_all, one.frame_accuracy.named_of_all);
}

TEST_F(CauseNames, RefuseFilesAndDetectorsThatAreNotTheirs) {
  const auto path = folder_ / "causes.safetensors";
  SafeTensors file;
  file.tensors = fitted_->weights;
  const auto refused = [&](const std::string& description) {
    file.metadata["causes"] = description;
    write_safetensors(path, "causes", file);
    EXPECT_THROW(read_causes(path), FormatError) << description;
  };
  refused("{}");
  refused("[1]");
  refused("not JSON");
  write_causes(path, *fitted_);
  std::string bytes = read_text_file(path);
  bytes[bytes.size() - 9] ^= 4;
  write_file(path, bytes);
  EXPECT_THROW(read_causes(path), FormatError);
  EXPECT_THROW(read_causes(detector()), FormatError);
  Causes other = *fitted_;
  other.tiling.width = 17;
  EXPECT_THROW(CauseNamer(nullptr, read_detector(detector()), other), InvalidArgument);
  other = *fitted_;
  other.model_sha256 = "abc";
  EXPECT_THROW(CauseNamer(nullptr, read_detector(detector()), other), InvalidArgument);
  other = *fitted_;
  other.classes.pop_back();
  EXPECT_THROW(write_causes(path, other), InvalidArgument);
  CauseOptions options;
  options.certainty = 0.2;
  EXPECT_THROW(fit_causes(nullptr, read_detector(detector()), *open_source(photographs()), options),
               InvalidArgument);
}

TEST_F(CauseNames, AMonitorsAlarmsBearThem) {
  const auto path = folder_ / "causes.safetensors";
  write_causes(path, *fitted_);
  CameraOptions gate = camera("gate", CameraInputKind::kPush);
  gate.causes = path;
  Notes notes;
  Monitor monitor(options_of({gate}), notes);
  monitor.start();
  for (int i = 0; i < 8; ++i) {
    const Image frame =
        i < 4 ? scene(i) : challenge::apply(scene(i), challenge::Type::kNoise, 5, 1);
    monitor.push("gate", png_of(frame));
    ASSERT_TRUE(eventually([&] { return notes.count("gate") == static_cast<std::size_t>(i) + 1; }));
  }
  EXPECT_EQ(notes.verdicts("gate")[2].cause, "");
  EXPECT_EQ(notes.verdicts("gate")[7].cause, "noise");
  ASSERT_EQ(notes.alarms().size(), 1U);
  EXPECT_EQ(notes.alarms()[0].cause, "noise");
}

}  // namespace
}  // namespace gradspace::monitor
