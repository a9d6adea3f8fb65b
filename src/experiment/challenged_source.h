// Challenged images made while they are read.
#pragma once

#include <cstdint>
#include <memory>

#include "gradspace/challenge.h"
#include "gradspace/source.h"

namespace gradspace {

/// `clean` with a challenge applied to every image, each with draws of its own: they depend on
/// `seed`, the type, and `prefix` + the image's path (the prefix tells apart files of one name in two
/// sets, "RealChallengeFree/train/").
std::unique_ptr<Source> challenged(std::shared_ptr<const Source> clean, challenge::Type type,
                                   int level, std::uint64_t seed, std::string prefix,
                                   const challenge::Options& options);

}  // namespace gradspace
