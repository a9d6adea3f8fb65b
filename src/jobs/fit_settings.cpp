#include "gradspace/fit_settings.h"

namespace gradspace {
namespace {

/// What the three kinds of fits to clean images or features alone have in common.
template <typename Options>
Options clean_fit_options(const FitSettings& settings) {
  Options options;
  if (!settings.method.empty()) {
    options.method = settings.method;
  }
  options.false_alarms = settings.false_alarms.value_or(options.false_alarms);
  options.seed = settings.seed;
  options.memory_gib = settings.memory_gib;
  return options;
}

}  // namespace

OneClassOptions one_class_options(const FitSettings& settings) {
  auto options = clean_fit_options<OneClassOptions>(settings);
  options.distortions = settings.distortions;
  return options;
}

PhotographOptions photograph_options(const FitSettings& settings, const Model* model) {
  auto options = clean_fit_options<PhotographOptions>(settings);
  options.distortions = settings.distortions;
  options.hold_out = settings.hold_out.value_or(options.hold_out);
  if (settings.tiles) {
    options.tiling = *settings.tiles;
  } else if (model != nullptr) {
    const Extent& input = model->spec.input;
    options.tiling = {input.width, input.height, input.width, input.height};
  }
  if (settings.stride) {
    options.tiling.stride_x = settings.stride->width;
    options.tiling.stride_y = settings.stride->height;
  }
  return options;
}

FeatureFitOptions feature_fit_options(const FitSettings& settings) {
  auto options = clean_fit_options<FeatureFitOptions>(settings);
  options.features = settings.features;
  options.threads = settings.threads;
  return options;
}

FitOptions classifier_fit_options(const FitSettings& settings) {
  FitOptions options;
  options.features = settings.features;
  options.classifier.epochs = settings.epochs;
  options.classifier.batch = settings.batch;
  options.classifier.learning_rate = settings.learning_rate;
  options.classifier.seed = settings.seed;
  options.false_alarms = settings.false_alarms;
  options.two_sided = settings.two_sided;
  options.threads = settings.threads;
  return options;
}

}  // namespace gradspace
