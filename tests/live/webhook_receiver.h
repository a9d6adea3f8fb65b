// A small HTTP server that a test tells what to answer, and that keeps what it was sent.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace gradspace::live::testing {

class WebhookReceiver {
 public:
  /// `answers`: of the requests in turn, as "503 Unavailable"; the last of them for all that follow. Empty text: none
  /// is ever given.
  explicit WebhookReceiver(std::vector<std::string> answers)
      : answers_(std::move(answers)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(socket_, 8);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~WebhookReceiver() {
    ends_ = true;
    thread_.join();
    ::close(socket_);
  }
  WebhookReceiver(const WebhookReceiver&) = delete;
  WebhookReceiver& operator=(const WebhookReceiver&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/alarms"; }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  bool wait(int descriptor) const {
    while (!ends_) {
      pollfd poll{descriptor, POLLIN, 0};
      if (::poll(&poll, 1, 20) > 0) {
        return true;
      }
    }
    return false;
  }

  std::string read_request(int client) const {
    std::string text;
    std::size_t wanted = std::string::npos;
    while (text.size() < wanted && wait(client)) {
      std::array<char, 4096> buffer{};
      const ssize_t size = ::recv(client, buffer.data(), buffer.size(), 0);
      if (size <= 0) {
        break;
      }
      text.append(buffer.data(), static_cast<std::size_t>(size));
      const auto end = text.find("\r\n\r\n");
      const auto length = text.find("Content-Length: ");
      if (end != std::string::npos && length != std::string::npos) {
        wanted = end + 4 + static_cast<std::size_t>(std::atoi(text.c_str() + length + 16));
      }
    }
    return text;
  }

  void serve() {
    while (wait(socket_)) {
      const int client = ::accept(socket_, nullptr, nullptr);
      const std::string request = read_request(client);
      std::string answer;
      {
        const std::lock_guard lock(mutex_);
        answer = answers_.at(std::min(requests_.size(), answers_.size() - 1));
        requests_.push_back(request);
      }
      if (answer.empty()) {
        wait(client);  // until the client gives up
      } else {
        const std::string text =
            "HTTP/1.1 " + answer + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        static_cast<void>(!::send(client, text.data(), text.size(), MSG_NOSIGNAL));
      }
      ::close(client);
    }
  }

  std::vector<std::string> answers_;
  int socket_;
  std::uint16_t port_ = 0;
  std::atomic<bool> ends_{false};
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace gradspace::live::testing
