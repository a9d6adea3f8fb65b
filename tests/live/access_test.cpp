#include "live/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace::live {
namespace {

using ::testing::HasSubstr;

constexpr const char* kToken = "0123456789abcdef-token";

class AccessTest : public ::testing::Test {
 protected:
  HttpSettings with_token(const std::string& listen = "0.0.0.0:1") {
    std::ofstream(folder_ / "token") << kToken << "\n";
    HttpSettings settings;
    settings.listen = listen;
    settings.token_file = folder_ / "token";
    return settings;
  }

  static RequestHead get(const std::string& host = "localhost:8477") {
    RequestHead head;
    head.method = Method::kGet;
    head.host = host;
    return head;
  }
  static RequestHead post() {
    RequestHead head = get();
    head.method = Method::kPost;
    head.own = "1";
    return head;
  }
  static unsigned refused(const Access& access, const RequestHead& head,
                          Endpoint endpoint = Endpoint::kCameras) {
    const auto answer = access.refuse(head, endpoint);
    return answer ? answer->status : 0;
  }

  gradspace::testing::TemporaryFolder folder_;
};

/// RFC 4231, test case 2.
TEST_F(AccessTest, HmacIsTheStandards) {
  EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_F(AccessTest, ConstantTimeCompareComparesAll) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
  EXPECT_FALSE(equal_in_constant_time("", "a"));
}

TEST_F(AccessTest, LoopbackTakesItsOwnNamesAlone) {
  const Access access{HttpSettings()};
  for (const char* host :
       {"localhost:8477", "LOCALHOST", "127.0.0.1:8477", "127.0.0.2", "[::1]:8477", "[::1]"}) {
    EXPECT_EQ(refused(access, get(host)), 0U) << host;
  }
  for (const char* host : {"evil.example:8477", "127.evil.example", "localhost.evil.example", "",
                           "localhost, evil", "[::2]:1", "10.0.0.1"}) {
    EXPECT_EQ(refused(access, get(host)), 421U) << host;
  }
  HttpSettings named;
  named.hosts = {"Monitor.example"};
  EXPECT_EQ(refused(Access(named), get("monitor.EXAMPLE:443")), 0U);
}

TEST_F(AccessTest, TokenIsWantedByAllButThePublicEndpoints) {
  const Access access(with_token());
  EXPECT_EQ(refused(access, get("camera-host")), 401U);
  EXPECT_EQ(refused(access, get(), Endpoint::kMetrics), 401U);
  EXPECT_EQ(refused(access, get(), Endpoint::kEvents), 401U);
  EXPECT_EQ(refused(access, get(), Endpoint::kNone), 401U);
  EXPECT_EQ(refused(access, get(), Endpoint::kHealthy), 0U);
  EXPECT_EQ(refused(access, get(), Endpoint::kReady), 0U);
  RequestHead head = get();
  head.authorization = std::string("Bearer ") + kToken;
  EXPECT_EQ(refused(access, head), 0U);
  for (const std::string& wrong :
       {std::string("Bearer "), std::string("Bearer x"), std::string("Basic ") + kToken,
        std::string(kToken), std::string("Bearer ") + kToken + "x"}) {
    head.authorization = wrong;
    EXPECT_EQ(refused(access, head), 401U) << wrong;
  }
}

TEST_F(AccessTest, LoginGivesACookieThatOpens) {
  Access access(with_token());
  EXPECT_EQ(access.login("token=wrong").status, 401U);
  const Answer answer = access.login(std::string("token=") + kToken);
  ASSERT_EQ(answer.status, 303U);
  const std::string cookie = answer.headers.at(1).second;
  EXPECT_THAT(cookie, HasSubstr("HttpOnly"));
  EXPECT_THAT(cookie, HasSubstr("SameSite=Strict"));
  EXPECT_THAT(cookie, ::testing::Not(HasSubstr(kToken)));
  RequestHead head = get();
  head.cookie = "other=1; " + cookie.substr(0, cookie.find(';'));
  EXPECT_EQ(refused(access, head), 0U);
  // Signed by the token: another token's sessions end.
  std::ofstream(folder_ / "token") << "another token of the server\n";
  HttpSettings settings;
  settings.token_file = folder_ / "token";
  EXPECT_EQ(refused(Access(settings), head), 401U);
}

TEST_F(AccessTest, ForgedAndOldSessionsAreRefused) {
  const Access access(with_token());
  using std::chrono::hours;
  const auto now = Access::Clock::now();
  RequestHead head = get();
  head.cookie = "gradspace_session=" + access.session_value(now + hours(1));
  EXPECT_EQ(refused(access, head), 0U);
  head.cookie = "gradspace_session=" + access.session_value(now - hours(1));
  EXPECT_EQ(refused(access, head), 401U);
  std::string forged = access.session_value(now + hours(1));
  forged[0] = forged[0] == '9' ? '8' : '9';
  head.cookie = "gradspace_session=" + forged;
  EXPECT_EQ(refused(access, head), 401U);
  for (const char* value :
       {"", ".", "1.", "99999999999999999999.aa", "-1.aa", "9223372036854775807.aa", "x"}) {
    head.cookie = std::string("gradspace_session=") + value;
    EXPECT_EQ(refused(access, head), 401U) << value;
  }
}

TEST_F(AccessTest, GuessingIsSlowedDown) {
  Access access(with_token());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(access.login("token=guess").status, 401U);
  }
  EXPECT_EQ(access.login("token=guess").status, 429U);
}

TEST_F(AccessTest, OtherSitesCanChangeNothing) {
  const Access access{HttpSettings()};
  EXPECT_EQ(refused(access, post(), Endpoint::kAcknowledge), 0U);
  RequestHead head = post();
  head.origin = "http://localhost:8477";
  head.fetch_site = "same-origin";
  EXPECT_EQ(refused(access, head, Endpoint::kAcknowledge), 0U);
  head.origin = "http://evil.example";
  EXPECT_EQ(refused(access, head, Endpoint::kAcknowledge), 403U);
  head.origin = "null";
  EXPECT_EQ(refused(access, head, Endpoint::kAcknowledge), 403U);
  head = post();
  for (const char* site : {"cross-site", "same-site"}) {
    head.fetch_site = site;
    EXPECT_EQ(refused(access, head, Endpoint::kAcknowledge), 403U) << site;
  }
  head = post();
  head.own.clear();  // as a form of another site in an old browser
  EXPECT_EQ(refused(access, head, Endpoint::kAcknowledge), 403U);
  EXPECT_EQ(refused(access, head, Endpoint::kPushFrame), 403U);
}

TEST_F(AccessTest, PagesOfOtherSitesSeeNothingButLinksLeadHere) {
  const Access access{HttpSettings()};
  RequestHead head = get();
  head.fetch_site = "cross-site";
  head.fetch_mode = "no-cors";
  EXPECT_EQ(refused(access, head, Endpoint::kFrame), 403U);
  head.fetch_mode = "cors";
  EXPECT_EQ(refused(access, head, Endpoint::kEvents), 403U);
  head.fetch_mode = "navigate";
  EXPECT_EQ(refused(access, head, Endpoint::kPage), 0U);
}

TEST_F(AccessTest, ACookieAloneChangesNothing) {
  const Access access(with_token());
  RequestHead head = post();
  head.own.clear();
  head.cookie =
      "gradspace_session=" + access.session_value(Access::Clock::now() + std::chrono::hours(1));
  EXPECT_EQ(refused(access, head, Endpoint::kAcknowledge), 403U);
  head.authorization = std::string("Bearer ") + kToken;
  EXPECT_EQ(refused(access, head, Endpoint::kAcknowledge), 0U);
}

TEST_F(AccessTest, ShortOrMissingTokensAreRefusedWithoutShowingThem) {
  std::ofstream(folder_ / "short") << "secret\n";
  HttpSettings settings;
  settings.token_file = folder_ / "short";
  try {
    const Access access(settings);
    FAIL();
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("\"secret\"")));
    EXPECT_THAT(error.what(), HasSubstr("6 characters"));
  }
  settings.token_file = folder_ / "missing";
  EXPECT_THROW(Access{settings}, IoError);
  settings.token_file.clear();
  settings.token_environment = "GRADSPACE_NO_SUCH_TOKEN";
  EXPECT_THROW(Access{settings}, InvalidArgument);
}

}  // namespace
}  // namespace gradspace::live
