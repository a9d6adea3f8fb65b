// Rows of feature sets that detectors are fitted to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "detect/hold_out.h"
#include "gradspace/classifier.h"
#include "gradspace/detector.h"
#include "gradspace/feature_set.h"

namespace gradspace {

/// The blocks of a set with these columns that `features` names, columns from 0; all for an empty text. Throws
/// InvalidArgument for one that the set does not hold.
std::vector<FeatureBlock> choose_columns(const std::vector<FeatureBlock>& columns,
                                         const std::string& features);

/// Rows copied out of a set, because they do not lie evenly apart in it.
struct Rows {
  std::vector<float> values;
  std::size_t dimension = 0;

  FeatureView view() const {
    return {values.data(), dimension == 0 ? 0 : values.size() / dimension, dimension, dimension};
  }
};

/// Training and validation rows of one class, a view for each of the model's members: of two sets, or of one that is
/// split.
struct ClassData {
  std::vector<FeatureView> training;
  std::vector<FeatureView> validation;
  std::vector<Rows> held;  ///< keeps the rows where the set was split
};

/// The detector's columns of `training`, and of `validation` or, where that is null, of rows held out of
/// `training`. `which` stands in messages.
ClassData class_data(const Detector& detector, const FeatureSet& training,
                     const FeatureSet* validation, std::uint64_t seed, HoldOutOf what,
                     const std::string& which);

}  // namespace gradspace
