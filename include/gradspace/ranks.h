// Processes that train one model together, each a share of every batch.
#pragma once

#include <cstddef>
#include <span>

#include "gradspace/export.h"

namespace gradspace {

/// The processes of one job, numbered from 0. All of them make the same calls in the same order, each from one thread
/// at a time.
class GRADSPACE_API Ranks {
 public:
  virtual ~Ranks() = default;

  virtual int rank() const = 0;  ///< this process's number
  virtual int size() const = 0;  ///< of all processes

  /// Part r of `bytes`, [offsets[r], offsets[r + 1]), is what rank r has to tell; afterwards every rank has all
  /// parts. There are size() + 1 offsets, from 0 to the number of bytes, the same at every rank. Throws Error.
  virtual void share(std::span<std::byte> bytes, std::span<const std::size_t> offsets) = 0;
};

/// Whether any rank says yes. Throws as `Ranks::share`.
GRADSPACE_API bool any_rank(Ranks& ranks, bool own);

}  // namespace gradspace
