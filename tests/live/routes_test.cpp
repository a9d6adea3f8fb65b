#include "live/routes.h"

#include <gtest/gtest.h>

namespace gradspace::live {
namespace {

TEST(Routes, FindEndpoints) {
  EXPECT_EQ(find_route(Method::kGet, "/").endpoint, Endpoint::kPage);
  EXPECT_EQ(find_route(Method::kHead, "/metrics").endpoint, Endpoint::kMetrics);
  EXPECT_EQ(find_route(Method::kGet, "/monitor.js?v=1").endpoint, Endpoint::kScript);
  const Route frame =
      find_route(Method::kGet, "/api/cameras/gate-1/frame.jpg?width=640&map=1&v=77");
  EXPECT_EQ(frame.endpoint, Endpoint::kFrame);
  EXPECT_EQ(frame.name, "gate-1");
  EXPECT_EQ(frame.width, 640);
  EXPECT_TRUE(frame.map);
  EXPECT_FALSE(frame.wrong_query);
  const Route known = find_route(Method::kPost, "/api/alarms/gate%3Aframes%3A12/acknowledge");
  EXPECT_EQ(known.endpoint, Endpoint::kAcknowledge);
  EXPECT_EQ(known.name, "gate:frames:12");
}

TEST(Routes, MethodsAreToldApart) {
  EXPECT_TRUE(find_route(Method::kPost, "/").wrong_method);
  EXPECT_TRUE(find_route(Method::kGet, "/api/alarms/1/acknowledge").wrong_method);
  EXPECT_TRUE(find_route(Method::kOther, "/metrics").wrong_method);
  EXPECT_FALSE(find_route(Method::kPost, "/login").wrong_method);
}

/// A name can't be a path, however it is written.
TEST(Routes, NoPathGetsThrough) {
  for (const char* target :
       {"/../etc/passwd", "/api/cameras/../frame.jpg/x", "/api/cameras/..%2f..%2fetc/frame.jpg",
        "/api/cameras/a%00b/frame.jpg", "/api/cameras//frame.jpg", "/api/cameras/a%2fb/frame.jpg",
        "//", "/index.html", "http://other/", "*", "", "/api/cameras/a b/frame.jpg",
        "/api/cameras/%zz/frame.jpg", "/monitor.js/..", "/api/alarms/x\xff/snapshot.jpg"}) {
    EXPECT_EQ(find_route(Method::kGet, target).endpoint, Endpoint::kNone) << target;
  }
  const std::string long_name = "/api/cameras/" + std::string(500, 'a') + "/frame.jpg";
  EXPECT_EQ(find_route(Method::kGet, long_name).endpoint, Endpoint::kNone);
}

TEST(Routes, QueriesAreExact) {
  for (const char* query :
       {"width=-1", "width=99999", "width=1x", "width=", "map=2", "size=3", "width", "map=true"}) {
    EXPECT_TRUE(
        find_route(Method::kGet, std::string("/api/cameras/a/frame.jpg?") + query).wrong_query)
        << query;
  }
  EXPECT_TRUE(find_route(Method::kGet, "/metrics?width=3").wrong_query);
  EXPECT_FALSE(find_route(Method::kGet, "/api/cameras/a/frame.jpg?").wrong_query);
  EXPECT_FALSE(find_route(Method::kGet, "/api/cameras/a/frame.jpg?&&").wrong_query);
}

TEST(Routes, FormsAreDecoded) {
  EXPECT_EQ(form_decoded("a%41+%7e%"), "aA ~%");
  EXPECT_EQ(form_decoded("%4"), "%4");
  EXPECT_EQ(form_decoded("%41"), "A");
  EXPECT_EQ(form_value("x=1&token=a%2Bb&token=c", "token"), "a+b");
  EXPECT_EQ(form_value("token", "token"), "");
  EXPECT_EQ(form_value("", "token"), "");
}

}  // namespace
}  // namespace gradspace::live
