// One-class detectors from clean images.
#include "gradspace/fit_settings.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "capi/input_images.h"
#include "capi/objects.h"
#include "capi/pixels.h"

namespace gradspace::capi {
namespace {

/// The caller's images as a source; all of them were looked at once, so that each is valid.
class CallersImages final : public Source {
 public:
  CallersImages(const gradspace_image* images, std::size_t count) : images_(images), count_(count) {
    require_count(count);
    if (count == 0) {
      throw InvalidArgument("there are no images");
    }
    require(images, "images");
    for (std::size_t i = 0; i < count; ++i) {
      check(i);
    }
  }

  SourceKind kind() const override { return SourceKind::kFolder; }
  std::size_t size() const override { return count_; }
  ImageInfo info(std::size_t i) const override {
    ImageInfo result;
    result.path = fmt::format("image {:010}",
                              i);  // in the order of the array, as blocks are held out by name
    return result;
  }
  Image load(std::size_t i) const override { return image_of(images_[i]); }
  void load_fitted(std::size_t i, FixedSizeReader& reader,
                   std::span<std::uint8_t> out_hwc) const override {
    std::vector<std::uint8_t> copied;
    reader.fit(view_of(images_[i], copied), out_hwc);
  }
  std::span<const std::string> skipped() const override { return {}; }

 private:
  void check(std::size_t i) const {
    try {
      check_image(images_[i]);
    } catch (const InvalidArgument& error) {
      throw InvalidArgument(fmt::format("image {}: {}", i, error.what()));
    }
  }

  const gradspace_image* images_;
  std::size_t count_;
};

/// "a,b" in two.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

FitSettings settings_of(const gradspace_fit_options& options) {
  FitSettings result;
  if (options.method != nullptr) {
    result.method = options.method;
  }
  if (options.distortions != nullptr) {
    result.distortions = words_of(options.distortions);
  }
  if (options.false_alarms != 0) {
    result.false_alarms = options.false_alarms;
  }
  if (options.memory_gib != 0) {
    result.memory_gib = options.memory_gib;
  }
  result.seed = options.seed;
  return result;
}

JobObserver observer_of(const gradspace_fit_options& options) {
  JobObserver observer;
  if (options.progress != nullptr) {
    observer.on_progress = [progress = options.progress, user = options.user](std::size_t done,
                                                                              std::size_t total) {
      if (progress(user, done, total) != 0) {
        throw Stopped("the progress function asked to stop");
      }
    };
  }
  return observer;
}

Detector fit_to(const Source& source, const ModelObject* model,
                const gradspace_fit_options& options) {
  const CleanSources sources{source};
  const OneClassOptions how = one_class_options(settings_of(options));
  const JobObserver observer = observer_of(options);
  const int threads = checked_threads(options.threads);
  if (model == nullptr) {
    const Extent input{options.channels, options.height, options.width};
    return fit_to_images(input, sources, how, threads, observer);
  }
  if (options.width != 0 || options.height != 0 || options.channels != 0) {
    throw InvalidArgument(
        "with a model, the options' width, height and channels are 0: the model says them");
  }
  return fit_to_images(model->value, sources, how, threads, observer);
}

/// `open`: makes the source, once the other arguments are known to be good.
template <typename Open>
gradspace_status fit_by(const char* function, const gradspace_model* model,
                        const gradspace_fit_options* options, gradspace_detector** detector,
                        const Open& open) {
  return guarded(function, [&] {
    const std::shared_ptr<ModelObject> object = find_model_or_null(model);
    require(detector, "the place for the handle");
    const gradspace_fit_options chosen =
        known_options_or_none(options, sizeof(gradspace_fit_options));
    give<DetectorObject>(detector, fit_to(*open(), object.get(), chosen));
  });
}

}  // namespace
}  // namespace gradspace::capi

using namespace gradspace::capi;  // NOLINT(google-build-using-namespace): C functions have none

extern "C" {

gradspace_status gradspace_fit_one_class(const gradspace_model* model,
                                         const gradspace_image* images, size_t count,
                                         const gradspace_fit_options* options,
                                         gradspace_detector** detector) {
  return fit_by("gradspace_fit_one_class", model, options, detector,
                [&] { return std::make_unique<const CallersImages>(images, count); });
}

gradspace_status gradspace_fit_one_class_path(const gradspace_model* model, const char* path,
                                              const gradspace_fit_options* options,
                                              gradspace_detector** detector) {
  return fit_by("gradspace_fit_one_class_path", model, options, detector, [&] {
    require(path, "path");
    return gradspace::open_source(path);
  });
}

}  // extern "C"
