#include "quality/window_moments.h"

#include <cassert>

#include "simd/row_filters.h"

namespace gradspace::quality {
namespace {

constexpr std::vector<float> MomentRow::*kMoments[] = {&MomentRow::a, &MomentRow::b, &MomentRow::aa,
                                                       &MomentRow::bb, &MomentRow::ab};

}  // namespace

WindowMoments::WindowMoments(const Plane& a, const Plane& b, std::span<const float> weights,
                             float offset_a, float offset_b)
    : a_(a),
      b_(b),
      weights_(weights),
      offset_a_(offset_a),
      offset_b_(offset_b),
      columns_(static_cast<std::size_t>(a.width) - weights.size() + 1),
      input_(static_cast<std::size_t>(a.width)),
      filtered_(weights.size(), MomentRow(columns_)),
      result_(columns_) {
  assert(a.width == b.width && a.height == b.height);
  assert(static_cast<std::size_t>(a.width) >= weights.size() && rows() > 0);
}

void WindowMoments::read_row() {
  const float* row_a = a_.row(read_);
  const float* row_b = b_.row(read_);
  for (std::size_t x = 0; x < input_.a.size(); ++x) {
    const float value_a = row_a[x] - offset_a_;
    const float value_b = row_b[x] - offset_b_;
    input_.a[x] = value_a;
    input_.b[x] = value_b;
    input_.aa[x] = value_a * value_a;
    input_.bb[x] = value_b * value_b;
    input_.ab[x] = value_a * value_b;
  }
  MomentRow& filtered = filtered_[static_cast<std::size_t>(read_) % filtered_.size()];
  for (const auto moment : kMoments) {
    simd::filter_row(weights_, (input_.*moment).data(), (filtered.*moment).data(), columns_);
  }
  ++read_;
}

const MomentRow& WindowMoments::next() {
  do {
    read_row();
  } while (static_cast<std::size_t>(read_) < weights_.size());
  const auto first = static_cast<std::size_t>(read_) - weights_.size();
  std::vector<const float*> rows(weights_.size());
  for (const auto moment : kMoments) {
    for (std::size_t k = 0; k < rows.size(); ++k) {
      rows[k] = (filtered_[(first + k) % filtered_.size()].*moment).data();
    }
    simd::filter_rows(weights_, rows.data(), (result_.*moment).data(), columns_);
  }
  return result_;
}

Plane filtered_and_halved(const Plane& plane, std::span<const float> weights) {
  const int taps = static_cast<int>(weights.size());
  Plane result((plane.width - taps) / 2 + 1, (plane.height - taps) / 2 + 1);
  const auto width = static_cast<std::size_t>(plane.width);
  const std::size_t places = width - weights.size() + 1;
  std::vector<float> across(width);
  std::vector<float> along(places);
  std::vector<const float*> rows(weights.size());
  for (int y = 0; y < result.height; ++y) {
    for (int k = 0; k < taps; ++k) {
      rows[static_cast<std::size_t>(k)] = plane.row(2 * y + k);
    }
    simd::filter_rows(weights, rows.data(), across.data(), width);
    simd::filter_row(weights, across.data(), along.data(), places);
    float* row = result.row(y);
    for (std::size_t x = 0; x < static_cast<std::size_t>(result.width); ++x) {
      row[x] = along[2 * x];
    }
  }
  return result;
}

}  // namespace gradspace::quality
