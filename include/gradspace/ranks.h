// Processes of one job: that train one model together, each a share of every batch, or that share out work.
#pragma once

#include <cstddef>
#include <cstdint>
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

  /// The calls of all ranks together get 0, 1, 2, ..., each once, in any order: which part of some work this rank is to
  /// do next. Unlike others, this call may be made by ranks at different times and unequally often, but for the first,
  /// which waits for that of all others. Throws Error.
  virtual std::uint64_t next() = 0;
};

/// Whether any rank says yes. Throws as `Ranks::share`.
GRADSPACE_API bool any_rank(Ranks& ranks, bool own);

}  // namespace gradspace
