// References that a struct keeps.
#pragma once

namespace gradspace {

/// A reference to something that outlives the struct it is kept in: one to a temporary does not compile.
template <typename T>
class Borrowed {
 public:
  Borrowed(const T& lent) : lent_(&lent) {}  // NOLINT(google-explicit-constructor): stands for it
  Borrowed(const T&& temporary) = delete;

  const T& get() const { return *lent_; }
  const T& operator*() const { return *lent_; }
  const T* operator->() const { return lent_; }
  operator const T&() const { return *lent_; }  // NOLINT(google-explicit-constructor)

 private:
  const T* lent_;
};

}  // namespace gradspace
