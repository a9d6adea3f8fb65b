#include "live/access.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>

#include "gradspace/error.h"
#include "live/listen_address.h"
#include "live/login_form.h"

namespace gradspace::live {
namespace {

constexpr std::size_t kLeastToken = 16;
constexpr std::size_t kMostSecret = 4096;
constexpr std::chrono::hours kSession{12};
constexpr std::string_view kCookie = "gradspace_session";

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// "[::1]:80" as "[::1]", "host:80" as "host".
std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');
  const bool port = colon != std::string_view::npos &&
                    (bracket == std::string_view::npos ? host.find(':') == colon : colon > bracket);
  return port ? host.substr(0, colon) : host;
}

/// The value of a cookie; empty where there is none.
std::string_view cookie_value(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const auto end = std::min(cookies.find(';'), cookies.size());
    std::string_view part = cookies.substr(0, end);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=') {
      return part.substr(name.size() + 1);
    }
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
  }
  return {};
}

bool is_public(Endpoint endpoint) {
  return endpoint == Endpoint::kHealthy || endpoint == Endpoint::kReady ||
         endpoint == Endpoint::kLogin || endpoint == Endpoint::kStyle ||
         endpoint == Endpoint::kIcon;
}

/// Whether a browser says that a page of another site made the request.
bool is_cross_site(const RequestHead& head) {
  return !head.fetch_site.empty() && head.fetch_site != "same-origin" && head.fetch_site != "none";
}

/// Whether a request that changes something was made by a page of another site.
bool from_another_site(const RequestHead& head) {
  if (is_cross_site(head)) {
    return true;
  }
  if (head.origin.empty()) {
    return false;
  }
  const auto scheme = head.origin.find("://");
  return scheme == std::string::npos ||
         lower(std::string_view(head.origin).substr(scheme + 3)) != lower(head.host);
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           &size) == nullptr) {
    throw Error("can't compute an HMAC");
  }
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += fmt::format("{:02x}", digest[i]);
  }
  return hex;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  // Digests are of one length, whatever the texts' lengths are.
  const std::string first = hmac_sha256("compare", a);
  const std::string second = hmac_sha256("compare", b);
  return CRYPTO_memcmp(first.data(), second.data(), first.size()) == 0;
}

std::string read_secret(const std::filesystem::path& file, std::size_t least) {
  std::ifstream in(file, std::ios::binary);
  std::string text(kMostSecret, '\0');
  if (!in.read(text.data(), kMostSecret) && in.gcount() == 0) {
    throw IoError(fmt::format("{}: can't be read", file.string()));
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  text.resize(std::min(text.find('\n'), text.size()));
  const auto last = text.find_last_not_of(" \t\r");
  text.resize(last == std::string::npos ? 0 : last + 1);
  text.erase(0, std::min(text.find_first_not_of(" \t"), text.size()));
  if (text.size() < least) {
    throw FormatError(
        fmt::format("{}: its first line is a secret of {} characters; wanted {} at least",
                    file.string(), text.size(), least));
  }
  return text;
}

std::string read_token(const HttpSettings& settings) {
  if (!settings.token_file.empty()) {
    return read_secret(settings.token_file, kLeastToken);
  }
  if (settings.token_environment.empty()) {
    return {};
  }
  const char* token = std::getenv(settings.token_environment.c_str());
  if (token == nullptr || std::string_view(token).size() < kLeastToken) {
    throw InvalidArgument(
        fmt::format("http.token_environment: ${} has no token of {} characters at least",
                    settings.token_environment, kLeastToken));
  }
  return token;
}

Access::Access(const HttpSettings& settings)
    : token_(read_token(settings)),
      session_key_(token_.empty() ? "" : hmac_sha256(token_, "gradspace session")),
      https_(settings.https) {
  std::ranges::transform(settings.hosts, std::back_inserter(hosts_), lower);
  const auto address = parse_listen_address(settings.listen);
  loopback_ = !address || address->loopback;
}

/// A page of another site may have a name of its own that it lets point to this machine; but its requests bear that
/// name.
bool Access::host_is_ours(const std::string& host) const {
  const std::string name = lower(without_port(host));
  if (std::ranges::find(hosts_, name) != hosts_.end()) {
    return true;
  }
  if (name == "localhost" || name == "[::1]" || name.starts_with("127.")) {
    const bool number = name.find_first_not_of("0123456789.") == std::string::npos;
    return number || !name.starts_with("127.");
  }
  return !loopback_ && hosts_.empty();
}

bool Access::is_session(std::string_view value) const {
  std::int64_t end_s = 0;
  const auto dot = value.find('.');
  if (dot == std::string_view::npos) {
    return false;
  }
  const auto [stop, error] = std::from_chars(value.data(), value.data() + dot, end_s);
  if (error != std::errc() || stop != value.data() + dot) {
    return false;
  }
  // None was given that ends later, so that the number is one that a clock can tell.
  const std::int64_t now_s = Clock::to_time_t(Clock::now());
  const bool alive = end_s > now_s && end_s <= now_s + std::chrono::seconds(kSession).count();
  return alive && equal_in_constant_time(
                      value, session_value(Clock::time_point(std::chrono::seconds(end_s))));
}

std::string Access::session_value(Clock::time_point end) const {
  const std::string end_s = fmt::format("{}", Clock::to_time_t(end));
  return end_s + "." + hmac_sha256(session_key_, end_s);
}

bool Access::knows_token(const RequestHead& head) const {
  if (token_.empty()) {
    return true;
  }
  constexpr std::string_view kBearer = "bearer ";
  const std::string_view given = head.authorization;
  if (given.size() > kBearer.size() && lower(given.substr(0, kBearer.size())) == kBearer) {
    return equal_in_constant_time(given.substr(kBearer.size()), token_);
  }
  const std::string_view session = cookie_value(head.cookie, kCookie);
  return !session.empty() && is_session(session);
}

std::optional<Answer> Access::refuse(const RequestHead& head, Endpoint endpoint) const {
  if (!host_is_ours(head.host)) {
    return text_answer(421, "This server is not known by that name: see http.hosts.\n");
  }
  if (!is_public(endpoint) && !knows_token(head)) {
    if (endpoint == Endpoint::kPage) {
      return login_form(401, "");
    }
    Answer answer = text_answer(401, "A token is wanted.\n");
    answer.headers.emplace_back("WWW-Authenticate", "Bearer");
    return answer;
  }
  if (head.method != Method::kPost) {
    // A link may lead here; but no page of another site gets pictures or streams, not even to have them fail.
    const bool refused = is_cross_site(head) && head.fetch_mode != "navigate";
    return refused ? std::optional(text_answer(403, "Requests of other sites are not taken.\n"))
                   : std::nullopt;
  }
  if (from_another_site(head)) {
    return text_answer(403, "Requests of other sites are not taken.\n");
  }
  // A form of another site can't send this header, nor that one.
  const bool ours = !head.own.empty() || (wants_token() && !head.authorization.empty()) ||
                    endpoint == Endpoint::kLogin;
  if (!ours) {
    return text_answer(403, "The header \"X-Gradspace-Request: 1\" is wanted.\n");
  }
  return std::nullopt;
}

bool Access::may_try_again() {
  constexpr std::size_t kMostFailures = 10;
  constexpr std::chrono::minutes kWithin{1};
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  std::erase_if(failures_, [&](auto time) { return now - time > kWithin; });
  return failures_.size() < kMostFailures;
}

Answer Access::login(std::string_view body) {
  if (!may_try_again()) {
    Answer answer = login_form(429, "Too many wrong tokens. Try again in a minute.");
    answer.headers.emplace_back("Retry-After", "60");
    return answer;
  }
  if (wants_token() && !equal_in_constant_time(form_value(body, "token"), token_)) {
    const std::lock_guard lock(mutex_);
    failures_.push_back(std::chrono::steady_clock::now());
    return login_form(401, "That is not the token.");
  }
  Answer answer = text_answer(303, "");
  answer.headers.emplace_back("Location", "/");
  if (wants_token()) {
    answer.headers.emplace_back(
        "Set-Cookie",
        fmt::format("{}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}{}", kCookie,
                    session_value(Clock::now() + kSession),
                    std::chrono::duration_cast<std::chrono::seconds>(kSession).count(),
                    https_ ? "; Secure" : ""));
  }
  return answer;
}

Answer Access::logout() {
  Answer answer = text_answer(303, "");
  answer.headers.emplace_back("Location", "/");
  answer.headers.emplace_back(
      "Set-Cookie", fmt::format("{}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0", kCookie));
  return answer;
}

}  // namespace gradspace::live
