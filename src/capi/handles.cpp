#include "capi/handles.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace gradspace::capi {
namespace {

class HandleTable {
 public:
  void* add(std::shared_ptr<Object> object) {
    const std::unique_lock lock(mutex_);
    const std::uintptr_t number = next_;
    objects_.emplace(number, std::move(object));
    next_ += kStep;
    return reinterpret_cast<void*>(number);  // NOLINT(performance-no-int-to-ptr): never followed
  }

  std::shared_ptr<Object> remove(const void* handle) {
    const std::unique_lock lock(mutex_);
    const auto found = objects_.find(reinterpret_cast<std::uintptr_t>(handle));
    if (found == objects_.end()) {
      throw InvalidHandle(missing(handle));
    }
    std::shared_ptr<Object> object = std::move(found->second);
    objects_.erase(found);
    return object;
  }

  std::shared_ptr<Object> find(const void* handle) const {
    const std::shared_lock lock(mutex_);
    const auto found = objects_.find(reinterpret_cast<std::uintptr_t>(handle));
    if (found == objects_.end()) {
      throw InvalidHandle(missing(handle));
    }
    return found->second;
  }

 private:
  /// Odd numbers, which no pointer to an object of C is.
  static constexpr std::uintptr_t kFirst = 0x1001;
  static constexpr std::uintptr_t kStep = 2;

  std::string missing(const void* handle) const {
    const auto number = reinterpret_cast<std::uintptr_t>(handle);
    const bool was_given = number >= kFirst && number < next_ && number % kStep == kFirst % kStep;
    return was_given ? "the handle was closed already" : "this is no handle";
  }

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::uintptr_t, std::shared_ptr<Object>> objects_;
  std::uintptr_t next_ = kFirst;
};

/// Never destroyed: threads may still call while the process ends.
HandleTable& handle_table() {
  static auto* const table = new HandleTable;
  return *table;
}

}  // namespace

void* add_handle(std::shared_ptr<Object> object) {
  return handle_table().add(std::move(object));
}

void remove_handle(const void* handle) {
  handle_table().remove(handle);
}

std::shared_ptr<Object> find_handle(const void* handle, const char* kind) {
  if (handle == nullptr) {
    throw InvalidHandle(fmt::format("the {} is a null pointer", kind));
  }
  std::shared_ptr<Object> object = handle_table().find(handle);
  if (std::strcmp(object->kind(), kind) != 0) {
    throw InvalidHandle(
        fmt::format("the handle is of a {}; wanted is one of a {}", object->kind(), kind));
  }
  return object;
}

}  // namespace gradspace::capi

extern "C" gradspace_status gradspace_close(const void* handle) {
  return gradspace::capi::guarded("gradspace_close", [&] {
    if (handle != nullptr) {
      gradspace::capi::remove_handle(handle);
    }
  });
}
