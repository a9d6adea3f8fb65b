#include "capi/input_images.h"

#include <fmt/format.h>

#include <utility>

#include "capi/pixels.h"

namespace gradspace::capi {

InputImages::InputImages(const gradspace_image* images, std::size_t count)
    : images_(images), count_(count) {
  require_count(count);
  if (count > 0) {
    require(images, "images");
  }
}

InputImages::InputImages(const char* const* paths, std::size_t count)
    : paths_(paths), count_(count) {
  require_count(count);
  if (count > 0) {
    require(paths, "paths");
  }
}

void InputImages::fit(std::size_t i, FixedSizeReader& reader, std::vector<std::uint8_t>& copied,
                      std::span<std::uint8_t> out_hwc) const {
  if (paths_ != nullptr) {
    reader.read(path_of(i), out_hwc);
  } else {
    reader.fit(view(i, copied), out_hwc);
  }
}

const char* InputImages::path_of(std::size_t i) const {
  require(paths_[i], "the path");
  return paths_[i];
}

ImageView InputImages::view(std::size_t i, std::vector<std::uint8_t>& copied) const {
  return view_of(images_[i], copied);
}

gradspace_status FirstFailure::note_current(std::size_t i) {
  Failure failure = current_failure();
  const gradspace_status status = failure.status;
  const std::lock_guard lock(mutex_);
  if (failure_.status == GRADSPACE_OK || i < first_) {
    first_ = i;
    failure_ = std::move(failure);
  }
  return status;
}

gradspace_status FirstFailure::report(const char* function) const {
  if (failure_.status == GRADSPACE_OK) {
    return GRADSPACE_OK;
  }
  try {
    return note(function, {failure_.status, fmt::format("image {}: {}", first_, failure_.line)});
  } catch (const std::bad_alloc&) {
    return note(function, {failure_.status});
  }
}

}  // namespace gradspace::capi
