// Whether a host's name can be looked up, asked in a way that can be left.
#pragma once

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace gradspace {

/// The host in "scheme://user:password@host:port/path"; empty where there is none.
inline std::string host_in(std::string_view address) {
  const auto begin = address.find("://");
  if (begin == std::string_view::npos) {
    return {};
  }
  address.remove_prefix(begin + 3);
  address = address.substr(0, address.find_first_of("/?#"));
  if (const auto sign = address.rfind('@'); sign != std::string_view::npos) {
    address.remove_prefix(sign + 1);
  }
  if (address.starts_with('[')) {
    return std::string(address.substr(1, address.find(']') - 1));
  }
  return std::string(address.substr(0, address.find(':')));
}

/// Looks a name up as the system does, however long that takes. Empty, or one line why it has no address.
inline std::string look_up_by_system(const std::string& host) {
  addrinfo wanted = {};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (error != 0) {
    return ::gai_strerror(error);
  }
  ::freeaddrinfo(found);
  return {};
}

/// Libraries look names up by getaddrinfo, which waits for a name server that does not answer for longer than a monitor
/// may take to stop, and can't be interrupted. So a name is looked up on a thread of its own first, which is left to
/// itself where it hangs, and the library is called when the name server is known to answer. For one thread at a time.
class HostLookup {
 public:
  using LookUp = std::function<std::string(const std::string& host)>;

  explicit HostLookup(LookUp look_up = look_up_by_system) : look_up_(std::move(look_up)) {}

  /// Empty when the name has an address, or is one; else one line why not. Waits for at most `at_most`, or until
  /// `is_over()`.
  template <typename Condition>
  std::string trouble_with(const std::string& host, std::chrono::nanoseconds at_most,
                           const Condition& is_over) {
    constexpr std::chrono::milliseconds kSlice{20};
    if (host.empty() || is_number(host)) {
      return {};
    }
    if (pending_ == nullptr || pending_host_ != host) {
      begin(host);
    }
    const std::shared_ptr<Answer> answer = pending_;
    const auto end = std::chrono::steady_clock::now() + at_most;
    std::unique_lock lock(answer->mutex);
    while (!answer->is_there && std::chrono::steady_clock::now() < end && !is_over()) {
      answer->came.wait_for(lock, kSlice);
    }
    if (!answer->is_there) {
      return "the name server does not answer for " + host;
    }
    pending_.reset();  // the next time it is asked anew
    return answer->trouble.empty() ? "" : host + ": " + answer->trouble;
  }

 private:
  struct Answer {
    std::mutex mutex;
    std::condition_variable came;
    bool is_there = false;
    std::string trouble;
  };

  static bool is_number(const std::string& host) {
    addrinfo wanted = {};
    wanted.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) {
      return false;
    }
    ::freeaddrinfo(found);
    return true;
  }

  void begin(const std::string& host) {
    pending_ = std::make_shared<Answer>();
    pending_host_ = host;
    std::thread([answer = pending_, look_up = look_up_, host] {
      std::string trouble = look_up(host);
      const std::lock_guard lock(answer->mutex);
      answer->trouble = std::move(trouble);
      answer->is_there = true;
      answer->came.notify_all();
    }).detach();
  }

  LookUp look_up_;
  std::shared_ptr<Answer> pending_;
  std::string pending_host_;
};

}  // namespace gradspace
