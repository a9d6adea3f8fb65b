// Detectors that look at the image alone, or at the image and what the model leaves of it: the simple
// rivals that gradients are measured against. See image_features.h for the numbers.
#include "detect/one_class/image_features.h"
#include "detect/one_class/method.h"
#include "detect/one_class/nearest_neighbour.h"
#include "detect/one_class/shrunk_gaussian.h"

namespace gradspace {
namespace {

constexpr std::size_t kImageBands = 9;

ObservationNeeds pixels_alone(const AutoencoderSpec&) {
  return {};
}

Matrix band_energies(const Observations& observations) {
  return describe_images(observations, [](const Observations& all, std::size_t i, auto& out) {
    add_band_energies(image_planes(all, i), kImageBands, out);
  });
}

void add_appearance(const Observations& observations, std::size_t i, std::vector<double>& out) {
  const Planes image = image_planes(observations, i);
  add_tones(observations, i, out);
  add_local_energies(image, out);
  add_directional_energies(image, out);
  add_channel_correlations(image, out);
}

Matrix appearance(const Observations& observations) {
  return describe_images(observations, add_appearance);
}

Matrix appearance_and_residual(const Observations& observations) {
  return describe_images(observations, [](const Observations& all, std::size_t i, auto& out) {
    const Planes residual = residual_planes(all, i);
    add_appearance(all, i, out);
    add_band_energies(residual, kImageBands, out);
    add_local_energies(residual, out);
  });
}

}  // namespace

std::vector<OneClassMethod> image_statistics_methods() {
  const auto bands = [](const AutoencoderSpec&) { return band_energies; };
  const auto all = [](const AutoencoderSpec&) { return appearance; };
  std::vector<OneClassMethod> methods = {
      density_method("image-statistics",
                     "Mahalanobis distance of log DCT band energies of luma and opponent colours",
                     pixels_alone, bands, density_kind<ShrunkGaussian>()),
      density_method("image-appearance",
                     "Mahalanobis distance of tones, local and directional energies, correlations",
                     pixels_alone, all, density_kind<ShrunkGaussian>()),
      density_method("image-neighbour", "The same numbers: distance to the nearest clean image's",
                     pixels_alone, all, density_kind<NearestNeighbour>()),
      pseudo_outlier_method(
          "image-pseudo",
          "The same numbers, told from those of distorted clean images by a network", pixels_alone,
          appearance),
  };
  for (OneClassMethod& method : methods) {
    method.needs_model = false;
  }
  methods.push_back(
      pseudo_outlier_method("pseudo-outliers",
                            "The same and log Fisher scores, told from those of distorted clean "
                            "images by a network",
                            needs_reconstruction, appearance_and_residual));
  return methods;
}

}  // namespace gradspace
