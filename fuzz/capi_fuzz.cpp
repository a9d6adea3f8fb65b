// Sequences of calls of the C interface with arguments of the input's choosing: handles of every kind, closed ones and
// none; images whose strides and sizes may be hostile; files of any bytes. Nothing may crash or read what it was not
// given, and an image that the header calls invalid is refused.
#include <fuzzer/FuzzedDataProvider.h>
#include <gradspace.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "fuzz_folder.h"
#include "gradspace/model.h"

namespace gradspace {
namespace {

constexpr int kMostCalls = 12;
constexpr int kMostSide = 24;  ///< of images that are valid
constexpr std::size_t kMostImages = 12;
constexpr std::size_t kMostFile = 4096;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// A model for images of 4x4, made once.
gradspace_model* small_model(const FuzzFolder& folder) {
  const AutoencoderSpec spec = parse_autoencoder_spec(
      R"({"input": [3, 4, 4], "down": [{"out_channels": 2, "kernel": 2, "stride": 2, "padding": 0}],
          "latent": 1, "up": [{"out_channels": 3, "kernel": 2, "stride": 2, "padding": 0, "output_padding": 0}]})",
      "spec");
  const std::filesystem::path file = folder.path() / "model";
  write_model(file, initialise(spec, 1));
  gradspace_model* model = nullptr;
  require(gradspace_model_open(file.c_str(), &model) == GRADSPACE_OK);
  return model;
}

/// An image in memory of just its size.
struct FuzzedImage {
  std::vector<std::uint8_t> memory;
  gradspace_image view = {};
  bool valid = true;
};

/// What the header says of images.
bool is_valid(const gradspace_image& view) {
  if (view.data == nullptr || view.width < 1 || view.height < 1 || view.reserved != 0 ||
      view.layout < GRADSPACE_GREY || view.layout > GRADSPACE_BGR ||
      std::int64_t{view.width} * view.height > std::int64_t{1} << 28) {
    return false;
  }
  const std::int64_t row = std::int64_t{view.width} * (view.layout == GRADSPACE_GREY ? 1 : 3);
  if (view.stride == std::numeric_limits<std::int64_t>::min()) {
    return false;
  }
  const std::int64_t stride = view.stride < 0 ? -view.stride : view.stride;
  return stride == 0 || (stride >= row && stride <= (std::int64_t{1} << 62) / view.height);
}

class Session {
 public:
  Session(FuzzedDataProvider& input, const FuzzFolder& folder, gradspace_model* model)
      : input_(input), folder_(folder), handles_{model, nullptr} {}

  ~Session() {
    for (std::size_t i = 2; i < handles_.size(); ++i) {  // the model serves the next input, too
      gradspace_close(handles_[i]);
    }
  }

  void run() {
    for (int call = 0; call < kMostCalls && input_.remaining_bytes() > 0; ++call) {
      one_call();
      require(gradspace_last_error() != nullptr);
    }
  }

 private:
  template <typename T>
  T* any() {
    return static_cast<T*>(input_.PickValueInArray<void*>(
        {handles_[input_.ConsumeIntegralInRange<std::size_t>(0, handles_.size() - 1)], handles_[0],
         reinterpret_cast<void*>(input_.ConsumeIntegral<std::uintptr_t>() % 64)}));
  }

  template <typename T>
  void keep(gradspace_status status, T* handle) {
    require((status == GRADSPACE_OK) == (handle != nullptr));
    if (handle != nullptr) {
      handles_.push_back(handle);
    }
  }

  /// What a struct says of its size. A caller has the memory that it says, so that no more is said than there is.
  std::size_t size_of_struct(std::size_t size) {
    return input_.ConsumeIntegralInRange<int>(0, 9) > 0
               ? size
               : input_.ConsumeIntegralInRange<std::size_t>(0, size);
  }

  FuzzedImage image() {
    FuzzedImage image;
    gradspace_image& view = image.view;
    view.width = input_.ConsumeIntegralInRange<std::int32_t>(1, kMostSide);
    view.height = input_.ConsumeIntegralInRange<std::int32_t>(1, kMostSide);
    view.layout = input_.ConsumeIntegralInRange<std::int32_t>(GRADSPACE_GREY, GRADSPACE_BGR);
    const std::int64_t row = std::int64_t{view.width} * (view.layout == GRADSPACE_GREY ? 1 : 3);
    const std::int64_t step = row + input_.ConsumeIntegralInRange<std::int64_t>(0, 7);
    const int rows = view.height;
    image.memory.resize(static_cast<std::size_t>((rows - 1) * step + row));
    const std::vector<std::uint8_t> drawn = input_.ConsumeBytes<std::uint8_t>(16);
    for (std::size_t i = 0; i < image.memory.size(); ++i) {
      image.memory[i] = drawn.empty() ? 0 : static_cast<std::uint8_t>(drawn[i % drawn.size()] + i);
    }
    view.data = image.memory.data();
    view.stride = step;
    if (input_.ConsumeBool()) {
      view.stride = -step;
      view.data += (rows - 1) * step;
    }
    if (input_.ConsumeIntegralInRange<int>(0, 7) == 0) {
      make_hostile(image);
    }
    return image;
  }

  /// Another width, height, stride, layout or address; what happens to be valid is left as it was.
  void make_hostile(FuzzedImage& image) {
    gradspace_image view = image.view;
    switch (input_.ConsumeIntegralInRange<int>(0, 5)) {
      case 0:
        view.width = input_.ConsumeIntegral<std::int32_t>();
        break;
      case 1:
        view.height = input_.ConsumeIntegral<std::int32_t>();
        break;
      case 2:
        view.stride = input_.ConsumeIntegral<std::int64_t>();
        break;
      case 3:
        view.layout = input_.ConsumeIntegral<std::int32_t>();
        break;
      case 4:
        view.reserved = input_.ConsumeIntegral<std::int32_t>();
        break;
      default:
        view.data = nullptr;
        break;
    }
    if (!is_valid(view)) {
      image.view = view;
      image.valid = false;
    }
  }

  std::vector<FuzzedImage> images() {
    std::vector<FuzzedImage> result(input_.ConsumeIntegralInRange<std::size_t>(0, kMostImages));
    std::ranges::generate(result, [&] { return image(); });
    return result;
  }

  static std::vector<gradspace_image> views_of(const std::vector<FuzzedImage>& images) {
    std::vector<gradspace_image> views;
    for (const FuzzedImage& image : images) {
      views.push_back(image.view);
    }
    return views;
  }

  std::string file() {
    const std::string bytes = input_.ConsumeRandomLengthString(kMostFile);
    return folder_.put("file", {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  }

  void one_call() {
    switch (input_.ConsumeIntegralInRange<int>(0, 13)) {
      case 0:
        fit();
        break;
      case 1:
        make_scorer();
        break;
      case 2:
        score();
        break;
      case 3:
        make_extractor();
        break;
      case 4:
        extract();
        break;
      case 5:
        make_drift();
        break;
      case 6:
        add_to_drift();
        break;
      case 7:
        make_metric();
        break;
      case 8:
        make_reference();
        break;
      case 9:
        score_by_reference();
        break;
      case 10:
        challenge();
        break;
      case 11:
        open_file();
        break;
      case 12:
        describe();
        break;
      default:
        close();
        break;
    }
  }

  void fit() {
    const std::vector<FuzzedImage> clean = images();
    const std::vector<gradspace_image> views = views_of(clean);
    gradspace_fit_options options = {};
    options.size = size_of_struct(sizeof options);
    const std::string method =
        input_.PickValueInArray({"reconstruction", "gradient-mahalanobis", "gradient-neighbour",
                                 "image-statistics", "none"});
    options.method = method.c_str();
    options.false_alarms = input_.PickValueInArray({0.5, 0.9, 0.0, -1.0});
    options.threads = 1;
    options.width = input_.ConsumeIntegralInRange<std::int32_t>(-1, 16);
    options.height = options.width;
    options.channels = input_.ConsumeIntegralInRange<std::int32_t>(0, 3);
    gradspace_detector* detector = nullptr;
    const gradspace_status status =
        gradspace_fit_one_class(any<gradspace_model>(), views.data(), views.size(),
                                input_.ConsumeBool() ? &options : nullptr, &detector);
    keep(status, detector);
    const bool all_valid = std::ranges::all_of(clean, &FuzzedImage::valid);
    require(status != GRADSPACE_OK || all_valid);
  }

  void make_scorer() {
    gradspace_scorer* scorer = nullptr;
    auto* const model = any<gradspace_model>();
    auto* const detector = any<gradspace_detector>();
    const auto threads = input_.ConsumeIntegralInRange<std::int32_t>(-1, 1);
    keep(gradspace_scorer_new(model, detector, threads == 0 ? 1 : threads, &scorer), scorer);
  }

  void score() {
    const std::vector<FuzzedImage> given = images();
    const std::vector<gradspace_image> views = views_of(given);
    std::vector<gradspace_score> scores(given.size());
    const gradspace_status status =
        gradspace_score_images(any<gradspace_scorer>(), views.data(), views.size(), scores.data());
    for (std::size_t i = 0; i < given.size(); ++i) {
      require(status == GRADSPACE_INVALID_HANDLE || given[i].valid ||
              scores[i].status == GRADSPACE_INVALID_ARGUMENT);
    }
  }

  void make_extractor() {
    gradspace_extractor* extractor = nullptr;
    const std::string features = input_.ConsumeRandomLengthString(32);
    keep(gradspace_extractor_new(any<gradspace_model>(),
                                 input_.ConsumeBool() ? nullptr : features.c_str(), 1, &extractor),
         extractor);
  }

  void extract() {
    auto* const extractor = any<gradspace_extractor>();
    std::size_t columns = 0;
    gradspace_extractor_dimension(extractor, &columns);
    const std::vector<FuzzedImage> given = images();
    const std::vector<gradspace_image> views = views_of(given);
    std::vector<float> features(
        input_.ConsumeIntegralInRange<std::size_t>(0, 2 * kMostImages * 64));
    std::vector<gradspace_status> statuses(given.size());
    gradspace_gradients gradients = {};
    gradients.size = sizeof gradients;
    gradients.features = features.data();
    gradients.capacity = features.size();
    gradients.row_stride = input_.ConsumeBool() ? 0 : input_.ConsumeIntegral<std::size_t>();
    gradients.statuses = statuses.data();
    const gradspace_status status =
        gradspace_extract_images(extractor, views.data(), views.size(), &gradients);
    require(status != GRADSPACE_OK || given.empty() || columns * given.size() <= features.size());
  }

  void make_drift() {
    gradspace_drift* drift = nullptr;
    auto* const detector = any<gradspace_detector>();
    gradspace_drift_options options = {};
    options.size = size_of_struct(sizeof options);
    options.window = input_.ConsumeIntegral<std::uint8_t>();
    options.false_alarms = input_.ConsumeFloatingPoint<double>();
    options.reference = input_.ConsumeBool() ? input_.ConsumeIntegral<std::uint8_t>() : 0;
    keep(gradspace_drift_new(detector, &options, &drift), drift);
  }

  void add_to_drift() {
    std::vector<double> scores(input_.ConsumeIntegralInRange<std::size_t>(0, 200));
    const double step = input_.ConsumeFloatingPoint<double>();
    for (std::size_t i = 0; i < scores.size(); ++i) {
      scores[i] = step * static_cast<double>(i);
    }
    std::vector<gradspace_drift_window> windows(input_.ConsumeIntegralInRange<std::size_t>(0, 8));
    std::size_t filled = 0;
    gradspace_drift_add(any<gradspace_drift>(), scores.data(), scores.size(), windows.data(),
                        windows.size(), &filled);
    require(filled <= windows.size());
  }

  void make_metric() {
    gradspace_metric* metric = nullptr;
    const std::string name = input_.PickValueInArray(
        {"psnr", "ssim", "gmsd", "gradient", "unique", "accord", "vif-p", "haarpsi", "no-such"});
    auto* const decoder = input_.ConsumeBool() ? nullptr : any<gradspace_decoder>();
    keep(gradspace_metric_new(name.c_str(), decoder, &metric), metric);
  }

  void make_reference() {
    const FuzzedImage given = image();
    gradspace_reference* reference = nullptr;
    const gradspace_status status =
        gradspace_reference_new(any<gradspace_metric>(), &given.view, &reference);
    keep(status, reference);
    require(status != GRADSPACE_OK || given.valid);
  }

  void score_by_reference() {
    const FuzzedImage given = image();
    double score = 0;
    const gradspace_status status =
        gradspace_reference_score(any<gradspace_reference>(), &given.view, &score);
    require(status != GRADSPACE_OK || given.valid);
    gradspace_quality quality;
    gradspace_quality_equivalent("psnr", score, &quality);
  }

  void challenge() {
    const FuzzedImage given = image();
    const std::string type =
        input_.PickValueInArray({"rain", "noise", "lens-blur", "codec-error", "9"});
    std::vector<std::uint8_t> out(input_.ConsumeIntegralInRange<std::size_t>(0, 4096));
    const gradspace_status status = gradspace_challenge(
        &given.view, type.c_str(), input_.ConsumeIntegralInRange<std::int32_t>(-1, 6),
        input_.ConsumeIntegral<std::uint64_t>(), input_.ConsumeIntegralInRange<std::uint32_t>(0, 5),
        out.data(), out.size(), input_.ConsumeBool() ? 0 : input_.ConsumeIntegral<std::int64_t>());
    require(status != GRADSPACE_OK || given.valid);
  }

  void open_file() {
    const std::string path = file();
    gradspace_model* model = nullptr;
    gradspace_detector* detector = nullptr;
    gradspace_decoder* decoder = nullptr;
    gradspace_picture* picture = nullptr;
    switch (input_.ConsumeIntegralInRange<int>(0, 4)) {
      case 0:
        keep(gradspace_model_open(path.c_str(), &model), model);
        break;
      case 1:
        keep(gradspace_detector_open(path.c_str(), &detector), detector);
        break;
      case 2:
        keep(gradspace_decoder_open(path.c_str(), &decoder), decoder);
        break;
      case 3:
        keep(gradspace_picture_open(path.c_str(), &picture), picture);
        break;
      default: {
        gradspace_score score;
        const char* const file = path.c_str();
        gradspace_score_paths(any<gradspace_scorer>(), &file, 1, &score);
        break;
      }
    }
  }

  void describe() {
    gradspace_model_info model = {};
    gradspace_detector_info detector = {};
    gradspace_image view = {};
    model.size = size_of_struct(sizeof model);
    detector.size = sizeof detector;
    gradspace_model_describe(any<gradspace_model>(), &model);
    gradspace_detector_describe(any<gradspace_detector>(), &detector);
    if (gradspace_picture_view(any<gradspace_picture>(), &view) == GRADSPACE_OK) {
      require(is_valid(view));
    }
    double threshold = 0;
    gradspace_detector_threshold(any<gradspace_detector>(), input_.ConsumeFloatingPoint<double>(),
                                 &threshold);
  }

  void close() {
    if (handles_.size() > 2) {  // a closed handle stays among those that are tried
      gradspace_close(handles_[input_.ConsumeIntegralInRange<std::size_t>(2, handles_.size() - 1)]);
    }
  }

  FuzzedDataProvider& input_;
  const FuzzFolder& folder_;
  std::vector<void*> handles_;
};

}  // namespace
}  // namespace gradspace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const gradspace::FuzzFolder folder;
  static gradspace_model* const model = gradspace::small_model(folder);
  FuzzedDataProvider input(data, size);
  gradspace::Session(input, folder, model).run();
  return 0;
}
