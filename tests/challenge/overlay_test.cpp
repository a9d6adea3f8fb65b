#include "challenge/overlay.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace gradspace::challenge {
namespace {

double covered(const Plane& transmission) {
  double sum = 0;
  for (const float sample : transmission.samples()) {
    sum += 1 - static_cast<double>(sample);
  }
  return sum;
}

TEST(Draw, CoversTheArea) {
  Plane plane(100, 100, 1.0F);
  draw(plane, {50, 50, 50, 50, 10, 2, 0.5F});
  // The smooth edge is symmetric about the radius; beyond it a ring holds a little more than within.
  EXPECT_NEAR(covered(plane), 0.5 * std::numbers::pi * 100, 3);
  EXPECT_FLOAT_EQ(plane.row(50)[50], 0.5F);
  EXPECT_FLOAT_EQ(plane.row(50)[62], 1.0F);

  Plane stroke(100, 100, 1.0F);
  draw(stroke, {20, 30, 80, 70, 3, 1, 1});
  EXPECT_NEAR(covered(stroke), 6 * std::hypot(60, 40) + std::numbers::pi * 9, 6);
}

TEST(Draw, OfThinStrokesKeepsTheirWeight) {
  Plane thin(60, 60, 1.0F);
  draw(thin, {10.3F, 10.1F, 50.2F, 44.6F, 0.1F, 0, 1});
  EXPECT_NEAR(covered(thin), 0.2 * std::hypot(39.9, 34.5), 1.5);
  Plane none(10, 10, 1.0F);
  draw(none, {5, 5, 5, 5, 0, 0, 1});
  EXPECT_EQ(covered(none), 0);
}

TEST(Draw, OutsideThePlaneIsCutOff) {
  constexpr float kFar = 1e30F;
  Plane plane(8, 8, 1.0F);
  for (const float far : {-1e6F, 1e6F, kFar, -kFar}) {
    draw(plane, {far, 4, far, 4, 2, 1, 1});
    draw(plane, {4, far, 4, far, 2, 1, 1});
  }
  EXPECT_EQ(covered(plane), 0);
  draw(plane, {-100, 4, 100, 4, 0.5F, 1, 1});
  EXPECT_GT(covered(plane), 4);
  draw(plane, {4, 4, 4, 4, 1e9F, 1, 1});
  EXPECT_FLOAT_EQ(static_cast<float>(covered(plane)), 64.0F);
}

TEST(AddScatteredLight, MixesByTransmission) {
  Planes planes;
  planes.emplace_back(2, 1, 0.8F);
  planes.emplace_back(2, 1, 0.4F);
  planes.emplace_back(2, 1, 0.0F);
  Plane transmission(2, 1, 1.0F);
  transmission.row(0)[1] = 0.25F;
  add_scattered_light(planes, transmission, {0.0F, 0.4F, 1.0F});
  EXPECT_FLOAT_EQ(planes[0].row(0)[0], 0.8F);
  EXPECT_FLOAT_EQ(planes[0].row(0)[1], 0.2F);
  EXPECT_FLOAT_EQ(planes[1].row(0)[1], 0.4F);
  EXPECT_FLOAT_EQ(planes[2].row(0)[1], 0.75F);
}

}  // namespace
}  // namespace gradspace::challenge
