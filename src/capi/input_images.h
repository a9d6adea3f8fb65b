// The images of one call, in the caller's memory or in files, and what became of each.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "capi/boundary.h"
#include "gradspace/image.h"

namespace gradspace::capi {

/// Images that are read one by one. Many threads may read at once, each with a reader of its own.
class InputImages {
 public:
  /// Throw InvalidArgument where there are images but no array, or more than an array can hold.
  InputImages(const gradspace_image* images, std::size_t count);
  InputImages(const char* const* paths, std::size_t count);

  std::size_t count() const { return count_; }

  /// An image fitted to the reader's size. Rows that lie bottom up are copied to `copied`.
  void fit(std::size_t i, FixedSizeReader& reader, std::vector<std::uint8_t>& copied,
           std::span<std::uint8_t> out_hwc) const;

  /// Calls work(view, name) with an image of its own size.
  template <typename Work>
  void with_view(std::size_t i, std::vector<std::uint8_t>& copied, const Work& work) const {
    if (paths_ != nullptr) {
      const char* const path = path_of(i);
      const Image image = read_image(path);
      work(ImageView(image), path);
    } else {
      work(view(i, copied), "the photograph");
    }
  }

 private:
  const char* path_of(std::size_t i) const;
  ImageView view(std::size_t i, std::vector<std::uint8_t>& copied) const;

  const gradspace_image* images_ = nullptr;
  const char* const* paths_ = nullptr;
  std::size_t count_;
};

/// Which image of a call failed first, whatever the order in which threads come to them.
class FirstFailure {
 public:
  /// Notes the exception that is being handled, of image `i`. Returns its status. Thread-safe.
  gradspace_status note_current(std::size_t i);

  /// What the call as a whole returns.
  gradspace_status report(const char* function) const;

 private:
  std::mutex mutex_;
  std::size_t first_ = 0;
  Failure failure_;
};

}  // namespace gradspace::capi
