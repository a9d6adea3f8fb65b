#include "model/torch_tensor.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <limits>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

float convert(float value) {
  return value;
}
float convert(double value) {
  return static_cast<float>(value);
}
struct Half {
  std::uint16_t bits;
};
float convert(Half value) {
  return half_to_float(value.bits);
}
struct Bfloat16 {
  std::uint16_t bits;
};
/// The upper half of a float.
float convert(Bfloat16 value) {
  return std::bit_cast<float>(std::uint32_t{value.bits} << 16);
}

/// Throws when the view, which has no extent of 0, reaches past its storage.
void check_reach(const pickle::TensorView& view, std::string_view name) {
  const auto most = static_cast<std::uint64_t>(view.storage.elements);
  const auto refuse = [&] {
    return FormatError(
        fmt::format("{}: offset {}, shape {} and strides {} reach outside its "
                    "storage of {} values",
                    name, view.offset, shape_text(view.shape), shape_text(view.strides),
                    view.storage.elements));
  };
  auto last = static_cast<std::uint64_t>(view.offset);
  for (std::size_t axis = 0; axis < view.shape.size(); ++axis) {
    const auto steps = static_cast<std::uint64_t>(view.shape[axis]) - 1;
    const auto stride = static_cast<std::uint64_t>(view.strides[axis]);
    if (steps != 0 && stride != 0 && (last > most || stride > (most - last) / steps)) {
      throw refuse();
    }
    last += steps * stride;
  }
  if (last >= most) {
    throw refuse();
  }
}

/// Copies element by element, the last axis fastest. All positions have been checked.
template <typename Element>
std::vector<float> gather(std::span<const std::uint8_t> raw, const pickle::TensorView& view,
                          std::size_t count) {
  std::vector<float> values(count);
  std::vector<std::int64_t> at(view.shape.size());
  // Unsigned: the stride of an axis of length 1 may be any number, and wraps harmlessly.
  auto position = static_cast<std::uint64_t>(view.offset);
  for (float& value : values) {
    Element element;
    std::memcpy(&element, raw.data() + position * sizeof element, sizeof element);
    value = convert(element);
    for (std::size_t axis = at.size(); axis-- > 0;) {
      const auto stride = static_cast<std::uint64_t>(view.strides[axis]);
      position += stride;
      if (++at[axis] < view.shape[axis]) {
        break;
      }
      position -= stride * static_cast<std::uint64_t>(view.shape[axis]);
      at[axis] = 0;
    }
  }
  return values;
}

template <typename Element>
Tensor load(const TorchArchive& archive, const pickle::TensorView& view, std::string_view name) {
  constexpr std::uint64_t kMostElements =
      std::numeric_limits<std::int64_t>::max() / sizeof(Element);
  const std::size_t count = element_count(view.shape);
  if (count == 0) {
    return {view.shape, {}};
  }
  const auto elements = static_cast<std::uint64_t>(view.storage.elements);
  check_reach(view, name);
  if (elements > kMostElements) {
    throw FormatError(fmt::format("{}: a storage of {} values", name, elements));
  }
  const std::vector<std::uint8_t> raw =
      archive.read("data/" + view.storage.key, elements * sizeof(Element));
  return {view.shape, gather<Element>(raw, view, count)};
}

}  // namespace

float half_to_float(std::uint16_t bits) {
  constexpr std::uint32_t kExponentGap = 127 - 15;  // between the two formats' biases
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24, exact in a float
    const float magnitude = static_cast<float>(fraction) * 0x1.0p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  const std::uint32_t wide = exponent == 0x1F ? 0xFFU : exponent + kExponentGap;
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

Tensor load_tensor(const TorchArchive& archive, const pickle::TensorView& view,
                   std::string_view name) {
  const std::string& type = view.storage.type;
  if (type == "FloatStorage") {
    return load<float>(archive, view, name);
  }
  if (type == "DoubleStorage") {
    return load<double>(archive, view, name);
  }
  if (type == "HalfStorage") {
    return load<Half>(archive, view, name);
  }
  if (type == "BFloat16Storage") {
    return load<Bfloat16>(archive, view, name);
  }
  throw FormatError(
      fmt::format("{}: lies in a {}; weights must be floating-point", name, printable(type)));
}

}  // namespace gradspace
