// What the library throws. A message names what was wrong, the values, what was wanted and where, in
// one line; the command prints it as it stands. Broken invariants of our own are assertions instead.
#pragma once

#include <stdexcept>
#include <string>

#include "gradspace/export.h"

namespace gradspace {

/// Base of every exception the library throws on purpose.
class GRADSPACE_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An argument or an option has a value the function does not accept.
class GRADSPACE_API InvalidArgument : public Error {
 public:
  using Error::Error;
};

/// The operating system refused: a file is missing, unreadable, or the disk is full.
class GRADSPACE_API IoError : public Error {
 public:
  using Error::Error;
};

/// The bytes of a file are not what their format promises: truncated, hostile, of a newer version.
class GRADSPACE_API FormatError : public Error {
 public:
  using Error::Error;
};

}  // namespace gradspace
