// The server over real sockets: what it answers, and what hostile clients get.
#include "live/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "fake_monitor.h"
#include "raw_client.h"
#include "support/eventually.h"
#include "support/test_files.h"

namespace gradspace::live {
namespace {

using gradspace::testing::eventually;
using testing::ask;
using testing::body_of;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using testing::status_of;

class HttpServerTest : public ::testing::Test {
 protected:
  void start(HttpSettings settings = {}, const HttpTimes& times = {}) {
    settings.listen = "127.0.0.1:0";
    application_ = std::make_unique<Application>(monitor_, hub_, measurements_, settings);
    server_ = std::make_unique<HttpServer>(*application_, settings, times);
    server_->start();
  }
  std::uint16_t port() const { return server_->port(); }
  ServerCounts& counts() { return application_->counts(); }

  const std::string own_ = "X-Gradspace-Request: 1\r\n";
  testing::FakeMonitor monitor_;
  EventHub hub_;
  Measurements measurements_;
  std::unique_ptr<Application> application_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersItsEndpoints) {
  start();
  EXPECT_EQ(status_of(ask(port(), "GET /healthz")), 200);
  EXPECT_EQ(status_of(ask(port(), "GET /readyz")), 200);
  monitor_.state.ready = false;
  EXPECT_EQ(status_of(ask(port(), "GET /readyz")), 503);
  EXPECT_THAT(ask(port(), "GET /metrics"), HasSubstr("gradspace_frames_total"));
  const auto cameras = nlohmann::json::parse(body_of(ask(port(), "GET /api/cameras")));
  EXPECT_EQ(cameras["cameras"][0]["name"], "gate");
  EXPECT_EQ(nlohmann::json::parse(body_of(ask(port(), "GET /api/alarms")))["alarms"][0]["id"],
            "gate-frames-1");
  EXPECT_TRUE(nlohmann::json::parse(body_of(ask(port(), "GET /api/history"))).is_object());
  EXPECT_THAT(ask(port(), "GET /"), HasSubstr("text/html"));
}

TEST_F(HttpServerTest, EveryAnswerHasSecurityHeaders) {
  start();
  for (const char* line : {"GET /", "GET /api/cameras", "GET /nothing", "POST /"}) {
    const std::string answer = ask(port(), line);
    EXPECT_THAT(answer, HasSubstr("Content-Security-Policy: default-src 'none'")) << line;
    EXPECT_THAT(answer, HasSubstr("frame-ancestors 'none'")) << line;
    EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff")) << line;
    EXPECT_THAT(answer, HasSubstr("Referrer-Policy: same-origin")) << line;
    EXPECT_THAT(answer, Not(HasSubstr("unsafe-inline"))) << line;
  }
}

TEST_F(HttpServerTest, AssetsAreAskedForAgainByTheirTag) {
  start();
  const std::string answer = ask(port(), "GET /monitor.css");
  const auto begin = answer.find("ETag: ") + 6;
  const std::string tag = answer.substr(begin, answer.find('\r', begin) - begin);
  EXPECT_EQ(status_of(ask(port(), "GET /monitor.css", "If-None-Match: " + tag + "\r\n")), 304);
}

TEST_F(HttpServerTest, FramesAreEncodedOnceForAll) {
  constexpr std::chrono::milliseconds kKept{500};
  start();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(body_of(ask(port(), "GET /api/cameras/gate/frame.jpg?width=300&map=1")).size(),
              1000U);
  }
  EXPECT_LE(monitor_.encoded, 2 + (std::chrono::steady_clock::now() - begin) / kKept);
  EXPECT_EQ(monitor_.widths[0], 320);
  EXPECT_EQ(status_of(ask(port(), "GET /api/cameras/yard/frame.jpg")), 404);
  EXPECT_EQ(status_of(ask(port(), "GET /api/cameras/gate/frame.jpg?width=9x")), 400);
  EXPECT_EQ(status_of(ask(port(), "GET /api/alarms/gate-frames-1/snapshot.jpg")), 200);
  EXPECT_EQ(status_of(ask(port(), "GET /api/alarms/gate-frames-2/snapshot.jpg")), 404);
}

TEST_F(HttpServerTest, HeadHasNoBodyButItsLength) {
  start();
  const std::string answer = ask(port(), "HEAD /api/cameras/gate/frame.jpg");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 1000"));
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(HttpServerTest, TakesFramesThatArePushed) {
  start();
  const auto push = [&](const std::string& camera, const std::string& type,
                        const std::string& body) {
    return status_of(ask(port(), "POST /api/cameras/" + camera + "/frames",
                         own_ + "Content-Type: " + type +
                             "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n",
                         body));
  };
  EXPECT_EQ(push("yard", "image/jpeg", "abc"), 202);
  ASSERT_EQ(monitor_.pushed.size(), 1U);
  EXPECT_EQ(monitor_.pushed[0].size(), 3U);
  EXPECT_EQ(push("gate", "image/png", "abc"), 409);
  EXPECT_EQ(push("none", "image/png", "abc"), 404);
  EXPECT_EQ(push("yard", "text/plain", "abc"), 415);
  EXPECT_EQ(push("yard", "image/jpeg", ""), 422);
}

TEST_F(HttpServerTest, AcknowledgesForOwnRequestsAlone) {
  start();
  const std::string line = "POST /api/alarms/gate-frames-1/acknowledge";
  EXPECT_EQ(status_of(ask(port(), line, "Content-Length: 0\r\n")), 403);
  EXPECT_EQ(
      status_of(ask(port(), line, own_ + "Origin: http://evil.example\r\nContent-Length: 0\r\n")),
      403);
  EXPECT_TRUE(monitor_.acknowledged.empty());
  EXPECT_EQ(status_of(ask(port(), line, own_ + "Content-Length: 0\r\n")), 200);
  EXPECT_EQ(
      status_of(ask(port(), "POST /api/alarms/none/acknowledge", own_ + "Content-Length: 0\r\n")),
      404);
}

TEST_F(HttpServerTest, RefusesWhatIsNoRequest) {
  start();
  const auto raw = [&](const std::string& text) {
    RawClient client(port());
    client.send(text);
    client.end_sending();
    return status_of(client.receive());
  };
  EXPECT_EQ(raw("\x16\x03\x01 TLS?\r\n\r\n"), 400);
  EXPECT_EQ(raw("GET / HTTP/1.1\r\n\r\n"), 421);  // no host
  EXPECT_EQ(raw("GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n"), 421);
  EXPECT_EQ(raw("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421);
  EXPECT_EQ(raw("GET http://localhost/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n"), 404);
  EXPECT_EQ(raw("GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n"), 404);
  EXPECT_EQ(raw("DELETE /api/cameras HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
  EXPECT_EQ(raw("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                "3\r\nTransfer-Encoding: chunked\r\n\r\nabc"),
            400);
  EXPECT_EQ(raw("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"), 400);
  EXPECT_EQ(raw("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: "
                "2\r\n\r\na"),
            400);
  EXPECT_EQ(
      raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n"),
      431);
  EXPECT_EQ(status_of(ask(port(), "GET /healthz")), 200);  // and goes on
}

TEST_F(HttpServerTest, RefusesBodiesBeforeTheyAreSent) {
  HttpSettings settings;
  settings.frame_bytes = 100'000;
  start(settings);
  const std::string line = "POST /api/cameras/yard/frames";
  const std::string head = own_ + "Content-Type: image/jpeg\r\n";
  EXPECT_EQ(status_of(ask(port(), line, head + "Content-Length: 100001\r\n")), 413);
  EXPECT_EQ(status_of(ask(port(), line, head + "Content-Length: 99999999999999999\r\n")), 413);
  EXPECT_EQ(status_of(ask(port(), line, head + "Transfer-Encoding: chunked\r\n")), 411);
  EXPECT_EQ(status_of(ask(port(), "POST /login", "Content-Length: 5000\r\n")), 413);
  // Bodies on their way together are bounded too: the fifth finds no room.
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->send(line + " HTTP/1.1\r\nHost: localhost\r\n" + head +
                         "Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_THAT(clients.back()->receive("\r\n\r\n"), HasSubstr("100 Continue"));
  }
  EXPECT_EQ(status_of(ask(port(), line, head + "Content-Length: 100000\r\n")), 503);
  clients.clear();
  EXPECT_TRUE(eventually(
      [&] { return status_of(ask(port(), line, head + "Content-Length: 3\r\n", "abc")) == 202; }));
}

/// A byte now and then keeps no connection: the time is the whole request's.
TEST_F(HttpServerTest, SlowClientsAreLetGo) {
  HttpTimes times;
  times.head = times.body = times.answer = std::chrono::milliseconds(200);
  monitor_.frame_bytes = 30'000'000;
  start({}, times);
  const auto drips = [&](const std::string& begin) {
    RawClient client(port());
    client.send(begin);
    return eventually([&] {
      client.send("a");
      client.receive("never", 20);
      return client.closed();
    });
  };
  // The server closes first and counts then, so that the client may see the end before the count.
  EXPECT_TRUE(drips("GET / HTTP/1.1\r\nX-Slow: "));
  EXPECT_TRUE(eventually([&] { return counts().timed_out == 1; }));
  EXPECT_TRUE(drips("POST /api/cameras/yard/frames HTTP/1.1\r\nHost: localhost\r\n" + own_ +
                    "Content-Type: image/png\r\nContent-Length: 1000\r\n\r\n"));
  EXPECT_TRUE(eventually([&] { return counts().timed_out == 2; }));
  EXPECT_TRUE(monitor_.pushed.empty());
  RawClient reader(port());
  reader.send(
      "GET /api/cameras/gate/frame.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n");  // and does not read
  EXPECT_TRUE(eventually([&] { return counts().timed_out == 3; }));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInTurn) {
  start();
  RawClient client(port());
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    requests += "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  requests += "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  client.send(requests);
  const std::string answers = client.receive();
  std::size_t count = 0;
  for (auto at = answers.find("HTTP/1.1 200"); at != std::string::npos;
       at = answers.find("HTTP/1.1 200", at + 1)) {
    ++count;
  }
  EXPECT_EQ(count, 20U);
  EXPECT_GT(answers.rfind("HTTP/1.1 404"), answers.rfind("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, ClientThatEndedItsSideIsAnswered) {
  start();
  RawClient client(port());
  client.send("GET /api/cameras HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.end_sending();
  EXPECT_EQ(status_of(client.receive()), 200);
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpServerTest, ConnectionsAreBoundedAlsoOfOnePeer) {
  HttpSettings settings;
  settings.connections_per_peer = 3;
  start(settings);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(status_of(clients.back()->receive("alive")), 200);
  }
  RawClient more(port());
  more.receive();
  EXPECT_TRUE(more.closed());
  EXPECT_TRUE(eventually([&] { return counts().refused_connections == 1; }));
  clients.pop_back();
  EXPECT_TRUE(eventually([&] { return status_of(ask(port(), "GET /healthz")) == 200; }));
}

TEST_F(HttpServerTest, EventsComeAndAreBoundedForSlowReaders) {
  HttpSettings settings;
  settings.events_per_second = 20;
  start(settings);
  RawClient reader(port());
  RawClient slow(port());
  const std::string request = "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
  reader.send(request);
  slow.send(request);
  EXPECT_THAT(reader.receive("event: state"), HasSubstr("text/event-stream"));
  ASSERT_TRUE(eventually([&] { return counts().event_streams == 2; }));
  hub_.on_verdict(testing::make_verdict("gate", 4));
  hub_.on_alarm(testing::make_alarm("gate-frames-9"));
  EXPECT_THAT(reader.receive("gate-frames-9"), HasSubstr("event: verdicts"));
  // Megabytes that nobody reads: the slow one is let go, and the other one is not.
  MonitorAlarm large = testing::make_alarm("large");
  large.cause = std::string(300'000, 'x');
  for (int i = 0; i < 100 && counts().lagging_streams == 0; ++i) {
    large.id = "large-" + std::to_string(i) + "-";
    hub_.on_alarm(large);
    reader.receive(large.id);
  }
  EXPECT_TRUE(eventually([&] { return counts().lagging_streams == 1; }));
  EXPECT_TRUE(eventually([&] { return counts().event_streams == 1; }));
  hub_.on_alarm(testing::make_alarm("the-last"));
  EXPECT_THAT(reader.receive("the-last"), HasSubstr("the-last"));
}

TEST_F(HttpServerTest, StreamEndsWithItsReader) {
  start();
  {
    RawClient reader(port());
    reader.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    reader.receive("event: state");
    EXPECT_TRUE(eventually([&] { return counts().event_streams == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return counts().event_streams == 0 && counts().connections == 0; }));
}

TEST_F(HttpServerTest, StopClosesConnectionsAtOnce) {
  start();
  RawClient idle(port());
  RawClient reader(port());
  reader.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  reader.receive("event: state");
  server_.reset();
  idle.receive();
  EXPECT_TRUE(idle.closed());
}

TEST_F(HttpServerTest, TokenOpensWhatIsClosed) {
  const gradspace::testing::TemporaryFolder folder;
  std::ofstream(folder / "token") << "a token of enough characters\n";
  HttpSettings settings;
  settings.token_file = folder / "token";
  start(settings);
  const std::string page = ask(port(), "GET /");
  EXPECT_EQ(status_of(page), 401);
  EXPECT_THAT(page, HasSubstr("<form method=\"post\" action=\"/login\">"));
  EXPECT_EQ(status_of(ask(port(), "GET /metrics")), 401);
  EXPECT_EQ(status_of(ask(port(), "GET /metrics",
                          "Authorization: Bearer a token of enough characters\r\n")),
            200);
  EXPECT_EQ(status_of(ask(port(), "GET /healthz")), 200);
  const std::string body = "token=a+token+of+enough+characters";
  const std::string login =
      ask(port(), "POST /login", "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
  EXPECT_EQ(status_of(login), 303);
  const auto begin = login.find("Set-Cookie: ") + 12;
  const std::string cookie = login.substr(begin, login.find(';', begin) - begin);
  EXPECT_EQ(status_of(ask(port(), "GET /", "Cookie: " + cookie + "\r\n")), 200);
}

/// Bytes of requests changed at random: whatever comes, the server goes on.
TEST_F(HttpServerTest, SurvivesDamagedRequests) {
  start();
  const std::string seed =
      "POST /api/cameras/yard/frames?width=3 HTTP/1.1\r\nHost: localhost\r\nCookie: a=b; "
      "gradspace_session=1.2\r\n"
      "Content-Type: image/jpeg\r\nX-Gradspace-Request: 1\r\nContent-Length: 5\r\n\r\nabcde";
  std::uint32_t state = 12345;
  const auto next = [&] { return state = state * 1664525U + 1013904223U; };
  for (int i = 0; i < 400; ++i) {
    std::string text = seed;
    for (std::uint32_t changes = 1 + next() % 4; changes > 0; --changes) {
      text[next() % text.size()] = static_cast<char>(next() >> 24);
    }
    RawClient client(port());
    client.send(std::string_view(text).substr(0, 1 + next() % text.size()));
    client.end_sending();
    client.receive("\r\n\r\n", 1000);
  }
  EXPECT_EQ(status_of(ask(port(), "GET /healthz")), 200);
}

}  // namespace
}  // namespace gradspace::live
