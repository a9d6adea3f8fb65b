// A client that sends whatever a test wants, well formed or not.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace gradspace::live::testing {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  int descriptor() const { return socket_; }

  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return false;
      }
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end_sending() const { ::shutdown(socket_, SHUT_WR); }

  /// What comes until `until` stands in it, the server closes, or the time is over.
  std::string receive(std::string_view until = "", int limit_ms = 60'000) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(limit_ms);
    while (until.empty() || received_.find(until) == std::string::npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                            end - std::chrono::steady_clock::now())
                            .count();
      pollfd poll{socket_, POLLIN, 0};
      if (left <= 0 || ::poll(&poll, 1, static_cast<int>(left)) <= 0) {
        break;
      }
      std::array<char, 65536> buffer{};
      const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (size <= 0) {
        closed_ = true;
        break;
      }
      received_.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return received_;
  }
  /// Whether the server closed, as far as `receive` has seen.
  bool closed() const { return closed_; }

 private:
  int socket_;
  bool connected_ = false;
  bool closed_ = false;
  std::string received_;
};

/// The answer to a request on a connection of its own. "Host" and "Connection: close" are added.
inline std::string ask(std::uint16_t port, const std::string& first_line,
                       const std::string& headers = "", const std::string& body = "") {
  RawClient client(port);
  client.send(first_line + " HTTP/1.1\r\nHost: localhost:" + std::to_string(port) +
              "\r\nConnection: close\r\n" + headers + "\r\n" + body);
  return client.receive();
}

/// The status of an answer; 0 where it is none.
inline int status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::atoi(answer.c_str() + 9) : 0;
}

inline std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

}  // namespace gradspace::live::testing
