// The HTTP server: connections, limits and time. Boost.Beast reads requests and writes answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "live/application.h"
#include "live/settings.h"

namespace gradspace::live {

/// How long a client is waited for, however it spreads its bytes over that time.
struct HttpTimes {
  std::chrono::milliseconds head{
      15'000};  ///< from the end of an answer to the head of the next request
  std::chrono::milliseconds body{30'000};
  std::chrono::milliseconds answer{30'000};  ///< to take it
  std::chrono::milliseconds event{15'000};   ///< the same of an event
  std::chrono::milliseconds discard{
      2'000};  ///< what it still sends when its connection is to close
};

class HttpServer {
 public:
  /// Binds and listens. Throws IoError where the address can't be had. The application outlives the server.
  HttpServer(Application& application, const HttpSettings& settings, const HttpTimes& times = {});
  /// Stops.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void start();
  /// Answers nobody any more, and waits for answers that are being made. Connections close with the object.
  void stop();
  /// Connections that are there go on; the address stays as it is.
  void change_limits(const HttpSettings& settings);
  /// Whether its thread has done something within the last seconds.
  bool responds() const;
  /// That it listens on.
  std::uint16_t port() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace::live
