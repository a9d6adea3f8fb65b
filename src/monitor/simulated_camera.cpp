#include "monitor/simulated_camera.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/random.h"
#include "gradspace/error.h"
#include "gradspace/source.h"
#include "gradspace/tiles.h"
#include "monitor/frame_reader.h"

namespace gradspace::monitor {
namespace {

/// As far as the view moves from where it was, in pixels, where the photograph is large enough.
constexpr int kSway = 8;
constexpr std::uint64_t kLeastCleanFrames = 300;
constexpr std::uint64_t kMostCleanFrames = 900;
constexpr std::uint64_t kLeastFaultFrames = 100;
constexpr std::uint64_t kMostFaultFrames = 300;
constexpr int kLeastLevel = 3;

std::uint64_t between(Random& random, std::uint64_t least, std::uint64_t most) {
  return least + random.below(most - least + 1);
}

/// Whether the fault is another one in every frame.
bool is_moving(challenge::Type type) {
  using challenge::Type;
  return type == Type::kRain || type == Type::kSnow || type == Type::kNoise ||
         type == Type::kCodecError;
}

class SimulatedCamera final : public FrameReader {
 public:
  SimulatedCamera(const CameraInput& input, const ReaderSurroundings& surroundings)
      : input_(input),
        surroundings_(surroundings),
        photographs_(open_source(input.address, SourceKind::kFolder)),
        script_(input.seed),
        begin_(surroundings.clock.steady()) {}

  std::optional<LiveFrame> next() override {
    if (input_.frames_per_second > 0 &&
        !surroundings_.clock.sleep_until(due(), surroundings_.stop)) {
      return std::nullopt;
    }
    if (surroundings_.stop.requested()) {
      return std::nullopt;
    }
    const std::uint64_t number = number_++;
    LiveFrame frame = surroundings_.frame_now();
    try {
      frame.image = view_of(number);
    } catch (const Error& error) {
      frame.failure = error.what();
    }
    return frame;
  }
  bool is_live() const override {
    return input_.frames_per_second > 0 && !surroundings_.clock.is_simulated();
  }
  bool reopens() const override { return false; }
  double frames_per_second() const override { return input_.frames_per_second; }

 private:
  SteadyTime due() const {
    return begin_ + seconds(static_cast<double>(number_) / input_.frames_per_second);
  }

  Image view_of(std::uint64_t number) {
    const std::uint64_t scene = number / kSimulatedSceneFrames;
    if (!photograph_ || scene != scene_) {
      scene_ = scene;
      photograph_.reset();
      photograph_ = photographs_->load(mix(combine(input_.seed, scene)) % photographs_->size());
    }
    const Image view = cut_out(*photograph_, number % kSimulatedSceneFrames);
    const std::optional<SimulatedFault> fault = input_.faults ? script_.at(number) : std::nullopt;
    return fault ? with_fault(view, *fault, input_.seed, number) : view;
  }

  /// The part that the camera sees of the photograph, a little further on in every frame.
  Image cut_out(const Image& photograph, std::uint64_t frame) const {
    const auto side = [](int wanted, int whole) {
      const int most = whole - std::min(2 * kSway, whole / 8);
      return wanted > 0 ? std::min(wanted, most) : most;
    };
    const int width = side(input_.width, photograph.width());
    const int height = side(input_.height, photograph.height());
    const double turn = 2 * 3.14159265358979 * static_cast<double>(frame) / kSimulatedSceneFrames;
    const auto place = [](double sway, int room) {
      const int reach = std::min(kSway, room / 2);
      return room / 2 + static_cast<int>(std::lround(sway * reach));
    };
    const TilePlace at = {place(std::sin(turn), photograph.width() - width),
                          place(std::sin(2 * turn), photograph.height() - height)};
    const ImageView part = part_of(photograph, at, width, height);
    return photograph.channels() == 1 ? to_grey(part) : to_rgb(part);
  }

  CameraInput input_;
  ReaderSurroundings surroundings_;
  std::unique_ptr<Source> photographs_;
  FaultScript script_;
  SteadyTime begin_;
  std::uint64_t number_ = 0;
  std::uint64_t scene_ = 0;
  std::optional<Image> photograph_;
};

}  // namespace

std::optional<SimulatedFault> FaultScript::at(std::uint64_t frame) {
  while (frame >= next_.first_frame + next_.frames) {
    advance();
  }
  return frame >= next_.first_frame ? std::optional(next_) : std::nullopt;
}

void FaultScript::advance() {
  Random random(combine(seed_, ++number_));
  const std::span<const challenge::TypeInfo> types = challenge::all_types();
  next_.first_frame += next_.frames + between(random, kLeastCleanFrames, kMostCleanFrames);
  next_.frames = between(random, kLeastFaultFrames, kMostFaultFrames);
  next_.type = types[random.below(types.size())].type;
  next_.level = static_cast<int>(between(random, kLeastLevel, challenge::kLevels));
}

Image with_fault(const Image& view, const SimulatedFault& fault, std::uint64_t seed,
                 std::uint64_t frame) {
  const std::uint64_t own =
      combine(combine(seed, fault.first_frame), is_moving(fault.type) ? frame : 0);
  challenge::Options options;
  options.strength = challenge::Strength::kPixels;
  return challenge::apply(view, fault.type, fault.level, own, options);
}

std::unique_ptr<FrameReader> open_simulated_camera(const CameraInput& input,
                                                   const ReaderSurroundings& surroundings) {
  return std::make_unique<SimulatedCamera>(input, surroundings);
}

}  // namespace gradspace::monitor
