// Damaged copies of whole photographs: what a detector of photographs learns to reject.
//
// The families are generic, as those of src/detect/one_class/pseudo_outliers.h are, but act on the photograph
// before tiles are cut, so that a veil or a smear spans many tiles. They share no code and no parameter with
// gradspace/challenge.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/random.h"
#include "gradspace/image.h"

namespace gradspace {

/// How a photograph was coded, so that a damaged copy can be coded alike: else the coder would tell them apart.
struct Coding {
  std::optional<int> jpeg_quality;  ///< none: without loss
};

/// What `bytes` say of their coding. Quality is that of libjpeg's tables that come closest.
Coding coding_of(const std::vector<std::uint8_t>& bytes);

/// The photograph, coded once more as it was; itself where that was without loss.
Image coded_again(const Image& photograph, const Coding& coding);

/// A copy of one family at a strength, both drawn; a third of all is coded hard as well, and all are coded once more
/// as the original was. Grey photographs stay grey.
Image damaged(const Image& photograph, const Coding& coding, Random& random);

}  // namespace gradspace
