// The HTTP server: connections, limits and time. Boost.Beast reads requests and writes answers.
#pragma once

#include <cstdint>
#include <memory>

#include "live/application.h"
#include "live/settings.h"

namespace gradspace::live {

class HttpServer {
 public:
  /// Binds and listens. Throws IoError where the address can't be had. The application outlives the server.
  HttpServer(Application& application, const HttpSettings& settings);
  /// Stops.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void start();
  /// Closes all connections at once and waits for answers that are being made.
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
