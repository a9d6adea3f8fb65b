#include "challenge/scatter.h"

#include <algorithm>

namespace gradspace::challenge {

Scatter::Scatter(const Request& request, double margin, float reach)
    : margin_across_(margin), margin_down_(margin), first_in_frame_(request.in_pixels()) {
  auto width = static_cast<float>(request.image.width());
  auto height = static_cast<float>(request.image.height());
  const float side = side_px(request);
  if (request.in_pixels()) {
    const float margin_px = reach * side;
    margin_across_ = static_cast<double>(margin_px / width);
    margin_down_ = static_cast<double>(margin_px / height);
    width += 2 * margin_px;
    height += 2 * margin_px;
  }
  squares_ = width * height / (side * side);
}

int Scatter::count(float a_square) const {
  return std::max(1, static_cast<int>(a_square * squares_));
}

Place Scatter::place(int i, Random& random) const {
  const bool in_frame = first_in_frame_ && i == 0;
  const double across = in_frame ? 0 : margin_across_;
  const double down = in_frame ? 0 : margin_down_;
  Place place{};
  place.across = random.uniform(-across, 1 + across);
  place.down = random.uniform(-down, 1 + down);
  return place;
}

}  // namespace gradspace::challenge
