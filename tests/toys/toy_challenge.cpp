#include "challenge/types.h"

namespace gradspace::challenge {

/// The negative of the picture.
Image toy_challenge(const Request& request) {
  Image image = request.image;
  for (std::uint8_t& value : image.pixels()) {
    value = static_cast<std::uint8_t>(255 - value);
  }
  return image;
}

}  // namespace gradspace::challenge
