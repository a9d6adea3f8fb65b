#include "core/host_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::chrono::minutes kLong{5};
const auto kNever = [] { return false; };

TEST(HostLookup, FindsTheHostOfAnAddress) {
  EXPECT_EQ(host_in("rtsp://camera.example/stream"), "camera.example");
  EXPECT_EQ(host_in("rtsp://admin:p@ss:w@10.0.0.7:554/h264?channel=1"), "10.0.0.7");
  EXPECT_EQ(host_in("tcp://broker:1883"), "broker");
  EXPECT_EQ(host_in("http://[2001:db8::1]:8080/a@b"), "2001:db8::1");
  EXPECT_EQ(host_in("http://[2001"), "2001");
  EXPECT_EQ(host_in("https://host?query@x"), "host");
  EXPECT_EQ(host_in("udp://@:1234"), "");
  EXPECT_EQ(host_in("udp://"), "");
  EXPECT_EQ(host_in("/dev/video0"), "");
}

TEST(HostLookup, SaysWhatTheSystemSays) {
  HostLookup lookup;
  EXPECT_THAT(lookup.trouble_with("localhost", kLong, kNever), IsEmpty());
  HostLookup failing([](const std::string&) { return std::string("Name or service not known"); });
  EXPECT_EQ(failing.trouble_with("no.host", kLong, kNever), "no.host: Name or service not known");
}

TEST(HostLookup, NumbersAreNotLookedUp) {
  HostLookup lookup([](const std::string&) { return std::string("it was asked"); });
  EXPECT_THAT(lookup.trouble_with("127.0.0.1", kLong, kNever), IsEmpty());
  EXPECT_THAT(lookup.trouble_with("::1", kLong, kNever), IsEmpty());
  EXPECT_THAT(lookup.trouble_with("", kLong, kNever), IsEmpty());
}

/// A name server that answers when it is let to. The lookup's thread may outlive the test that began it.
struct Server {
  std::promise<void> answers;
  std::shared_future<void> answered = answers.get_future().share();
  std::atomic<int> asked{0};
};

TEST(HostLookup, OneThatHangsIsLeftAndAskedOnceAlone) {
  const auto server = std::make_shared<Server>();
  HostLookup lookup([server](const std::string&) {
    ++server->asked;
    server->answered.wait();
    return std::string();
  });
  EXPECT_THAT(lookup.trouble_with("camera", std::chrono::milliseconds(1), kNever),
              HasSubstr("does not answer for camera"));
  std::atomic<bool> stop{false};
  std::thread stopper([&] { stop = true; });
  EXPECT_THAT(lookup.trouble_with("camera", kLong, [&] { return stop.load(); }),
              HasSubstr("does not answer"))
      << "a stop ends the wait";
  stopper.join();
  server->answers.set_value();
  EXPECT_THAT(lookup.trouble_with("camera", kLong, kNever), IsEmpty()) << "it came after all";
  EXPECT_EQ(server->asked, 1);
  EXPECT_THAT(lookup.trouble_with("camera", kLong, kNever), IsEmpty());
  EXPECT_EQ(server->asked, 2) << "answers are not kept";
}

TEST(HostLookup, OneThatHangsOutlivesWhoAsked) {
  const auto server = std::make_shared<Server>();
  {
    HostLookup lookup([server](const std::string&) {
      server->answered.wait();
      return std::string();
    });
    EXPECT_THAT(lookup.trouble_with("camera", std::chrono::milliseconds(1), kNever),
                HasSubstr("does not answer"));
  }
  server->answers.set_value();
}

}  // namespace
}  // namespace gradspace
