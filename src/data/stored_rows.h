// What a feature set's rows lie in: one folder, a matrix of one's own, or many parts.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "gradspace/feature_set.h"

namespace gradspace {

/// The members are as FeatureSet has them. Thread-safe.
class StoredRows {
 public:
  virtual ~StoredRows() = default;

  virtual std::size_t size() const = 0;
  virtual std::span<const float> row(std::size_t i) const = 0;
  virtual std::size_t rows_together(std::size_t i) const = 0;
  virtual FeatureRow index_row(std::size_t i) const = 0;
  virtual const std::vector<FailedImage>& failures() const = 0;
  virtual const FeatureSetMeta& meta() const = 0;
  virtual void verify() const = 0;
};

}  // namespace gradspace
