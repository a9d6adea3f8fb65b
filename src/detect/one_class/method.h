// What a one-class method is: a name, what it wants to know of images, how it is fitted and how it is
// read back. A new one is a file with a function that returns its methods, and a line in registry.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "detect/one_class/density.h"
#include "detect/one_class/pseudo_outliers.h"
#include "detect/score_memory.h"
#include "gradspace/one_class.h"

namespace gradspace {

/// What fitting may look at.
struct OneClassTraining {
  const AutoencoderSpec& spec;
  const Observations& clean;
  /// Observes further images of the model's input extent, [n, H, W, C], for what `needs` asks.
  std::function<Observations(const ObservationNeeds& needs, std::span<const std::uint8_t> images)>
      observe;
  std::uint64_t seed = 0;
  std::vector<Distortion> distortions = {};  ///< for methods that distort
};

struct OneClassMethod {
  std::string name;
  std::string summary;
  /// Throws InvalidArgument for a model that the method can't be used with.
  std::function<ObservationNeeds(const AutoencoderSpec&)> needs;
  std::function<TensorMap(const OneClassTraining&)> fit;
  std::function<std::unique_ptr<ScoreFunction>(const TensorMap&, const AutoencoderSpec&)> load;
  bool distorts = false;  ///< learns from distorted copies of the clean images
  bool any_model = true;  ///< see OneClassMethodInfo
  bool needs_model = true;
  /// Of methods that fit a covariance of as many columns as the model makes them: how many. Memory grows with
  /// their square, and time with their cube. Empty where the method's own numbers are few.
  std::function<std::size_t(const AutoencoderSpec&)> covariance_columns = {};
};

/// What fitting the method takes for its covariance, in bytes; 0 where that is bounded.
std::uint64_t covariance_bytes(const OneClassMethod& method, const AutoencoderSpec& spec);

/// Throws InvalidArgument where `covariance_bytes` are over OneClassOptions::memory_gib; names the methods whose
/// memory is bounded.
void check_memory(const OneClassMethod& method, const AutoencoderSpec& spec, double memory_gib);

/// A method by name, those made of others included. Throws InvalidArgument that lists the valid ones.
const OneClassMethod& one_class_method(std::string_view name);

/// All, in the order of their tables.
const std::vector<OneClassMethod>& one_class_registry();

/// The needs of methods that look at reconstructions, and of nothing else that a model says beside its losses.
ObservationNeeds needs_reconstruction(const AutoencoderSpec& spec);

/// Turns observations into rows of features.
using Representation = std::function<Matrix(const Observations&)>;

/// The same into `memory.features`, in memory that is kept from call to call.
using RepresentationInto = std::function<void(const Observations&, ScoreMemory& memory)>;

/// A density over a representation. `represent` makes it for a model.
OneClassMethod density_method(std::string name, std::string summary,
                              std::function<ObservationNeeds(const AutoencoderSpec&)> needs,
                              std::function<Representation(const AutoencoderSpec&)> represent,
                              DensityKind kind);
OneClassMethod density_method(std::string name, std::string summary,
                              std::function<ObservationNeeds(const AutoencoderSpec&)> needs,
                              std::function<RepresentationInto(const AutoencoderSpec&)> represent,
                              DensityKind kind);

/// A score that is computed as it stands, without anything learned.
OneClassMethod direct_method(std::string name, std::string summary,
                             std::function<ObservationNeeds(const AutoencoderSpec&)> needs,
                             std::function<std::vector<double>(const Observations&)> score);

/// How far the base's score lies from the middle of clean scores, to either side: |z| by NormalScore
/// (Nalisnick et al. 2019 ask the same of the likelihood: is it typical?). A fifth of the clean images
/// is held out of the base's fit for it.
OneClassMethod typicality_method(const OneClassMethod& base);

enum class Combination {
  kFisher,    ///< the sum of -2 log p (R. A. Fisher 1925)
  kStouffer,  ///< the sum of normal scores (Stouffer et al. 1949)
  kHarmonic,  ///< minus the log of the harmonic mean of p (D. J. Wilson 2019)
};

/// Several methods' p-values combined, each calibrated on a fifth of the clean images held out of its
/// fit. Beyond the clean scores p goes on falling as the normal tail of NormalScore, where a rank alone
/// would tie.
OneClassMethod ensemble_method(std::string name, std::string summary, Combination combination,
                               std::vector<OneClassMethod> members);

/// A network that tells clean images from distorted copies of them (pseudo_outliers.h), over a
/// representation.
OneClassMethod pseudo_outlier_method(std::string name, std::string summary,
                                     std::function<ObservationNeeds(const AutoencoderSpec&)> needs,
                                     Representation represent);

/// Several networks' verdicts as one: the mean of the logits of scores that are probabilities, which are held within
/// 1e-15 of 0 and 1. Each network learns from the same copies of the clean images. The members must distort.
OneClassMethod logit_sum_method(std::string name, std::string summary,
                                std::vector<OneClassMethod> members);

/// Clean observations in two: every fifth in a seeded random order is for calibration.
struct HeldOut {
  Observations fit;
  Observations calibration;
};
HeldOut hold_out(const Observations& clean, std::uint64_t seed);

/// The tensors whose names begin with `prefix`, without it.
TensorMap tensors_under(const TensorMap& tensors, const std::string& prefix);
/// Puts `part` into `tensors` under `prefix`.
void put_under(TensorMap& tensors, const std::string& prefix, const TensorMap& part);

}  // namespace gradspace
