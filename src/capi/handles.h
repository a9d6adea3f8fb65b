// What handles of C stand for.
//
// A handle is a number that is given once and never followed as a pointer: a table says what it stands for. So a handle
// that was closed, one of another kind and one out of thin air are told apart from one that is good.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "capi/boundary.h"

namespace gradspace::capi {

/// What a handle may stand for. A class of it has a name for its kind, `kKind`, which is also its identity.
class Object {
 public:
  explicit Object(const char* kind) : kind_(kind) {}
  virtual ~Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  const char* kind() const { return kind_; }

 private:
  friend class Exclusive;
  const char* kind_;
  std::atomic_flag in_use_;
};

/// Gives a handle to an object. Throws std::bad_alloc.
void* add_handle(std::shared_ptr<Object> object);
/// Takes it back. Throws InvalidHandle.
void remove_handle(const void* handle);
/// The object of a handle, which lives at least as long as the result. Throws InvalidHandle unless it is of the kind.
std::shared_ptr<Object> find_handle(const void* handle, const char* kind);

template <typename Kind>
std::shared_ptr<Kind> find(const void* handle) {
  return std::static_pointer_cast<Kind>(find_handle(handle, Kind::kKind));
}

/// Makes an object and writes its handle, which is of type Handle*.
template <typename Kind, typename Handle, typename... Arguments>
void give(Handle** out, Arguments&&... arguments) {
  *out = static_cast<Handle*>(
      add_handle(std::make_shared<Kind>(std::forward<Arguments>(arguments)...)));
}

/// Keeps others from an object that is for one thread at a time. Throws Busy when another has it.
class Exclusive {
 public:
  explicit Exclusive(Object& object) : object_(object) {
    if (object_.in_use_.test_and_set(std::memory_order_acquire)) {
      throw Busy(std::string("another thread works with this ") + object_.kind());
    }
  }
  ~Exclusive() { object_.in_use_.clear(std::memory_order_release); }
  Exclusive(const Exclusive&) = delete;
  Exclusive& operator=(const Exclusive&) = delete;

 private:
  Object& object_;
};

}  // namespace gradspace::capi
