#include "data/feature_type.h"

#include <array>

#include "core/named_entries.h"

namespace gradspace {
namespace {

constexpr std::array kFeatureTypes{FeatureType::kFloat32, FeatureType::kFloat16};

}  // namespace

std::string_view name(FeatureType type) {
  return type == FeatureType::kFloat16 ? "f16" : "f32";
}

FeatureType parse_feature_type(std::string_view text) {
  return find_named(kFeatureTypes, text, "dtype", [](FeatureType type) { return name(type); });
}

NpyType npy_type(FeatureType type) {
  return type == FeatureType::kFloat16 ? NpyType::kFloat16 : NpyType::kFloat32;
}

std::size_t item_size(FeatureType type) {
  return npy_item_size(npy_type(type));
}

}  // namespace gradspace
