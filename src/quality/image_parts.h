// What metrics keep of an image: each thing is made when a metric first asks for it, and serves all of them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <typeindex>

#include "core/made_once.h"
#include "gradspace/quality.h"

namespace gradspace::quality {

/// Things of any types, at most one of each. Thread-safe.
class KeptParts {
 public:
  /// The part of that type, made by `make` when it is not there yet. What `make` throws is passed on.
  template <typename Part, typename Make>
  const Part& get(const Make& make) {
    return slot<MadeOnce<Part>>().get(make);
  }

 private:
  template <typename Slot>
  Slot& slot() {
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<void>& place = slots_[std::type_index(typeid(Slot))];
    if (place == nullptr) {
      place = std::make_shared<Slot>();
    }
    return *static_cast<Slot*>(place.get());
  }

  std::mutex mutex_;
  std::map<std::type_index, std::shared_ptr<void>> slots_;
};

KeptParts& parts_of(const QualityImage& image);

/// The image's part of that type: a metric that wants to keep something has a type of its own for it.
template <typename Part, typename Make>
const Part& part_of(const QualityImage& image, const Make& make) {
  return parts_of(image).get<Part>(make);
}

}  // namespace gradspace::quality
