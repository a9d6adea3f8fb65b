// Models, detectors, decoders and pictures out of files.
#include <algorithm>
#include <cstring>
#include <string>

#include "capi/objects.h"
#include "capi/pixels.h"
#include "gradspace/photograph.h"

namespace gradspace::capi {
namespace {

/// Opens a file: `read` makes of its path what an object of the kind holds.
template <typename Kind, typename Handle, typename Read>
gradspace_status open_file(const char* function, const char* path, Handle** out, const Read& read) {
  return guarded(function, [&] {
    require(path, "path");
    require(out, "the place for the handle");
    give<Kind>(out, read(path));
  });
}

/// Fills as much of a caller's struct as it has; what a later version has more of becomes 0.
template <typename Info>
void put_info(const Info& info, Info* out) {
  const std::size_t size = out->size;
  std::memcpy(out, &info, std::min(size, sizeof info));
  if (size > sizeof info) {
    std::memset(reinterpret_cast<char*>(out) + sizeof info, 0, size - sizeof info);
  }
  out->size = size;
}

}  // namespace
}  // namespace gradspace::capi

using namespace gradspace;        // NOLINT(google-build-using-namespace): C functions have none
using namespace gradspace::capi;  // NOLINT(google-build-using-namespace)

extern "C" {

gradspace_status gradspace_model_open(const char* path, gradspace_model** model) {
  return open_file<ModelObject>("gradspace_model_open", path, model, [](const char* file) {
    Model read = read_model(file);
    read.validate();
    return read;
  });
}

gradspace_status gradspace_detector_open(const char* path, gradspace_detector** detector) {
  return open_file<DetectorObject>("gradspace_detector_open", path, detector,
                                   [](const char* file) { return read_detector(file); });
}

gradspace_status gradspace_decoder_open(const char* path, gradspace_decoder** decoder) {
  return open_file<DecoderObject>("gradspace_decoder_open", path, decoder,
                                  [](const char* file) { return load_decoder(file); });
}

gradspace_status gradspace_picture_open(const char* path, gradspace_picture** picture) {
  return open_file<PictureObject>("gradspace_picture_open", path, picture,
                                  [](const char* file) { return read_image(file); });
}

gradspace_status gradspace_picture_view(const gradspace_picture* picture, gradspace_image* image) {
  return guarded("gradspace_picture_view", [&] {
    const Image& held = find<PictureObject>(picture)->value;
    require(image, "image");
    *image = {};
    image->data = held.pixels().data();
    image->stride = std::int64_t{held.width()} * held.channels();
    image->width = held.width();
    image->height = held.height();
    image->layout = held.channels() == 1 ? GRADSPACE_GREY : GRADSPACE_RGB;
  });
}

gradspace_status gradspace_model_describe(const gradspace_model* model,
                                          gradspace_model_info* info) {
  return guarded("gradspace_model_describe", [&] {
    const std::shared_ptr<ModelObject> object = find<ModelObject>(model);
    require(info, "info");
    require_struct_size(info->size, sizeof(gradspace_model_info), "info");
    const Model& held = object->value;
    gradspace_model_info filled = {};
    filled.width = held.spec.input.width;
    filled.height = held.spec.input.height;
    filled.channels = held.spec.input.channels;
    filled.latent = held.spec.latent;
    filled.members = static_cast<std::int32_t>(held.members());
    copy_text(fingerprint(held), filled.sha256);
    put_info(filled, info);
  });
}

gradspace_status gradspace_detector_describe(const gradspace_detector* detector,
                                             gradspace_detector_info* info) {
  return guarded("gradspace_detector_describe", [&] {
    const std::shared_ptr<DetectorObject> object = find<DetectorObject>(detector);
    require(info, "info");
    require_struct_size(info->size, sizeof(gradspace_detector_info), "info");
    const Detector& held = object->value;
    gradspace_detector_info filled = {};
    filled.threshold = held.threshold;
    filled.clean_scores = held.calibration.count();
    filled.needs_model = held.model_sha256.empty() ? 0 : 1;
    filled.takes_photographs = tiling_of(held).has_value() ? 1 : 0;
    copy_text(held.method, filled.method);
    put_info(filled, info);
  });
}

gradspace_status gradspace_detector_threshold(const gradspace_detector* detector,
                                              double false_alarms, double* threshold) {
  return guarded("gradspace_detector_threshold", [&] {
    const std::shared_ptr<DetectorObject> object = find<DetectorObject>(detector);
    require(threshold, "threshold");
    *threshold = object->value.calibration.threshold(false_alarms);
  });
}

gradspace_status gradspace_detector_write(const gradspace_detector* detector, const char* path) {
  return guarded("gradspace_detector_write", [&] {
    const std::shared_ptr<DetectorObject> object = find<DetectorObject>(detector);
    require(path, "path");
    write_detector(path, object->value);
  });
}

}  // extern "C"
