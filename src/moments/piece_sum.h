// Pieces of rows, summed up into moments.
#pragma once

#include <cstddef>
#include <span>

#include "gradspace/moments.h"

namespace gradspace {

/// Adds a piece: `rows` is [n, D], n from 1 to kMomentsPieceRows. Of one piece after another, what comes out depends on
/// nothing but the rows. Works on the threads of the caller's arena.
void add_piece(Moments& to, std::span<const float> rows);

}  // namespace gradspace
