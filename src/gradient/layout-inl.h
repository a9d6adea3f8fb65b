// Into and out of lane groups: images and rows on one side, images innermost on the other. Included
// once for every instruction set.
//
// Both ways go by 4x4 transposes within blocks of 128 bits. What is left over of a row is done by one
// more step that ends at the row's end and overlaps the one before it.
#if defined(GRADSPACE_GRADIENT_LAYOUT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRADSPACE_GRADIENT_LAYOUT_INL_H
#undef GRADSPACE_GRADIENT_LAYOUT_INL_H
#else
#define GRADSPACE_GRADIENT_LAYOUT_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE {

inline constexpr float kByteScale = 1.0F / 255.0F;  // times 255 it rounds to exactly 1

#if HWY_TARGET == HWY_SCALAR

void load_u8(const std::uint8_t* const* images, std::size_t size, const std::int32_t* places,
             float* out) {
  for (std::size_t i = 0; i < size; ++i) {
    out[places[i]] = static_cast<float>(images[0][i]) * kByteScale;
  }
}

void load_rows(const float* const* rows, std::size_t size, float* out) {
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = rows[0][i];
  }
}

void store_rows(const float* in, std::size_t size, float* const* rows) {
  for (std::size_t i = 0; i < size; ++i) {
    rows[0][i] = in[i];
  }
}

#else

using DI = hn::RebindToSigned<D>;
using VI = hn::Vec<DI>;
using DBlock = hn::CappedTag<float, 4>;
using DBlockBytes = hn::CappedTag<std::uint8_t, 16>;
// Rows of floats are read and written by up to four blocks, which is a line of the caches.
using DColumns = hn::CappedTag<float, 16>;
using VColumns = hn::Vec<DColumns>;
inline constexpr std::size_t kColumns = hn::MaxLanes(DColumns());

/// Four vectors of four columns each, block by block, to four columns of four rows each, and back.
template <class DAny, class VAny = hn::Vec<DAny>>
HWY_INLINE void transpose_blocks(DAny d, VAny& v0, VAny& v1, VAny& v2, VAny& v3) {
  const hn::RepartitionToWide<hn::RebindToSigned<DAny>> wide;
  const auto t0 = hn::BitCast(wide, hn::InterleaveLower(d, v0, v1));
  const auto t1 = hn::BitCast(wide, hn::InterleaveUpper(d, v0, v1));
  const auto t2 = hn::BitCast(wide, hn::InterleaveLower(d, v2, v3));
  const auto t3 = hn::BitCast(wide, hn::InterleaveUpper(d, v2, v3));
  v0 = hn::BitCast(d, hn::InterleaveLower(wide, t0, t2));
  v1 = hn::BitCast(d, hn::InterleaveUpper(wide, t0, t2));
  v2 = hn::BitCast(d, hn::InterleaveLower(wide, t1, t3));
  v3 = hn::BitCast(d, hn::InterleaveUpper(wide, t1, t3));
}

HWY_INLINE hn::Vec<DBlock> load_block(const float* from) {
  return hn::LoadU(DBlock(), from);
}

HWY_INLINE hn::Vec<DBlock> load_block(const std::uint8_t* from) {
  return hn::BitCast(DBlock(), hn::LoadU(DBlockBytes(), from));
}

/// 16 bytes of rows j, 4 + j, 8 + j, ..., where `rows` points at row j.
template <class DAny, class T>
HWY_INLINE hn::Vec<DAny> load_blocks(DAny d, const T* const* rows, std::size_t at) {
  constexpr std::size_t kHalf = hn::MaxLanes(d) / 2;
  if constexpr (kHalf == 2) {
    return load_block(rows[0] + at);
  } else {
    const hn::Half<DAny> half;
    return hn::Combine(d, load_blocks(half, rows + kHalf, at), load_blocks(half, rows, at));
  }
}

template <int kByte>
HWY_INLINE void store_byte(VI bytes, const std::int32_t* places, float* out) {
  const D d;
  const DI di;
  const VI byte = hn::And(hn::ShiftRight<8 * kByte>(bytes), hn::Set(di, 255));
  hn::Store(hn::Mul(hn::ConvertTo(d, byte), hn::Set(d, kByteScale)), d, out + places[kByte]);
}

HWY_INLINE void store_bytes(V bytes, const std::int32_t* places, float* out) {
  const VI v = hn::BitCast(DI(), bytes);
  store_byte<0>(v, places, out);
  store_byte<1>(v, places, out);
  store_byte<2>(v, places, out);
  store_byte<3>(v, places, out);
}

HWY_INLINE void load_16_bytes(const std::uint8_t* const* images, std::size_t at,
                              const std::int32_t* places, float* out) {
  const D d;
  V v0 = load_blocks(d, images + 0, at);
  V v1 = load_blocks(d, images + 1, at);
  V v2 = load_blocks(d, images + 2, at);
  V v3 = load_blocks(d, images + 3, at);
  transpose_blocks(d, v0, v1, v2, v3);
  store_bytes(v0, places + at, out);
  store_bytes(v1, places + at + 4, out);
  store_bytes(v2, places + at + 8, out);
  store_bytes(v3, places + at + 12, out);
}

void load_u8(const std::uint8_t* const* images, std::size_t size, const std::int32_t* places,
             float* out) {
  if (size < 16) {
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        out[static_cast<std::size_t>(places[i]) + lane] =
            static_cast<float>(images[lane][i]) * kByteScale;
      }
    }
    return;
  }
  for (std::size_t at = 0; at + 16 <= size; at += 16) {
    load_16_bytes(images, at, places, out);
  }
  if (size % 16 > 0) {
    load_16_bytes(images, size - 16, places, out);
  }
}

/// Four lanes of columns i, i + 4 and so on, a block each.
template <class DAny>
HWY_INLINE hn::Vec<DAny> load_column_blocks(DAny d, const float* in) {
  if constexpr (hn::MaxLanes(d) == 4) {
    return hn::Load(DBlock(), in);
  } else {
    const hn::Half<DAny> half;
    return hn::Combine(d, load_column_blocks(half, in + hn::MaxLanes(half) * kLanes),
                       load_column_blocks(half, in));
  }
}

template <class DAny>
HWY_INLINE void store_column_blocks(DAny d, hn::Vec<DAny> v, float* out) {
  if constexpr (hn::MaxLanes(d) == 4) {
    hn::Store(v, DBlock(), out);
  } else {
    const hn::Half<DAny> half;
    store_column_blocks(half, hn::LowerHalf(half, v), out);
    store_column_blocks(half, hn::UpperHalf(half, v), out + hn::MaxLanes(half) * kLanes);
  }
}

/// Columns [at, at + kColumns) of four rows.
HWY_INLINE void load_columns(const float* const* rows, std::size_t at, float* out) {
  const DColumns d;
  VColumns v0 = hn::LoadU(d, rows[0] + at);
  VColumns v1 = hn::LoadU(d, rows[1] + at);
  VColumns v2 = hn::LoadU(d, rows[2] + at);
  VColumns v3 = hn::LoadU(d, rows[3] + at);
  transpose_blocks(d, v0, v1, v2, v3);
  out += at * kLanes;
  store_column_blocks(d, v0, out);
  store_column_blocks(d, v1, out + kLanes);
  store_column_blocks(d, v2, out + 2 * kLanes);
  store_column_blocks(d, v3, out + 3 * kLanes);
}

HWY_INLINE void store_columns(const float* in, std::size_t at, float* const* rows) {
  const DColumns d;
  in += at * kLanes;
  VColumns v0 = load_column_blocks(d, in);
  VColumns v1 = load_column_blocks(d, in + kLanes);
  VColumns v2 = load_column_blocks(d, in + 2 * kLanes);
  VColumns v3 = load_column_blocks(d, in + 3 * kLanes);
  transpose_blocks(d, v0, v1, v2, v3);
  hn::StoreU(v0, d, rows[0] + at);
  hn::StoreU(v1, d, rows[1] + at);
  hn::StoreU(v2, d, rows[2] + at);
  hn::StoreU(v3, d, rows[3] + at);
}

void load_rows(const float* const* rows, std::size_t size, float* out) {
  if (size < kColumns) {
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        out[i * kLanes + lane] = rows[lane][i];
      }
    }
    return;
  }
  for (std::size_t at = 0; at < size; at += kColumns) {
    const std::size_t first = std::min(at, size - kColumns);
    for (std::size_t lane = 0; lane < kLanes; lane += 4) {
      load_columns(rows + lane, first, out + lane);
    }
  }
}

void store_rows(const float* in, std::size_t size, float* const* rows) {
  if (size < kColumns) {
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        rows[lane][i] = in[i * kLanes + lane];
      }
    }
    return;
  }
  const auto store = [&](std::size_t at) HWY_ATTR {
    for (std::size_t lane = 0; lane < kLanes; lane += 4) {
      store_columns(in + lane, at, rows + lane);
    }
  };
  // From the second step on, lines of the caches are written whole where the rows lie alike.
  const std::size_t beyond = reinterpret_cast<std::uintptr_t>(rows[0]) / sizeof(float) % kColumns;
  store(0);
  std::size_t at = kColumns - beyond;
  for (; at + kColumns <= size; at += kColumns) {
    store(at);
  }
  if (at < size) {
    store(size - kColumns);
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace gradspace::gradient::GRADSPACE_LANES::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GRADSPACE_GRADIENT_LAYOUT_INL_H
