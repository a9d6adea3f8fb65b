// Who may ask for what: names of the host, tokens, cookies, requests of other sites.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "live/http_message.h"
#include "live/settings.h"

namespace gradspace::live {

/// HMAC with SHA-256 as lower-case hexadecimal digits.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// Whether two texts are the same, in a time that does not tell where they differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// The first line of a file, without blanks at its ends. Throws IoError where it can't be read and FormatError where it
/// has less than `least` characters; the message never holds the text.
std::string read_secret(const std::filesystem::path& file, std::size_t least);

/// The token that the settings name; empty where they name none. Throws as read_secret, and InvalidArgument where the
/// environment has no such variable.
std::string read_token(const HttpSettings& settings);

class Access {
 public:
  using Clock = std::chrono::system_clock;

  /// Throws as read_token.
  explicit Access(const HttpSettings& settings);

  bool wants_token() const { return !token_.empty(); }

  /// Nothing where the request may go on; else what it is answered. `public_endpoint`: one that needs no token.
  std::optional<Answer> refuse(const RequestHead& head, Endpoint endpoint) const;
  /// Whether the request knows the token, by its header or a cookie.
  bool knows_token(const RequestHead& head) const;

  /// What a login with a token is answered: a cookie and the way to the page, or the form again.
  Answer login(std::string_view body);
  static Answer logout();
  /// The cookie of a session that ends at `end`.
  std::string session_value(Clock::time_point end) const;

 private:
  bool host_is_ours(const std::string& host) const;
  bool is_session(std::string_view value) const;
  bool may_try_again();

  std::string token_;
  std::string session_key_;
  std::vector<std::string> hosts_;
  bool loopback_ = true;
  bool https_ = false;
  std::mutex mutex_;
  std::vector<std::chrono::steady_clock::time_point> failures_;  ///< of logins, the newest last
};

}  // namespace gradspace::live
