#include "gradspace/version.h"

namespace gradspace {

std::string_view version() {
  return kVersion;
}

}  // namespace gradspace
