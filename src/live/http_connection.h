// One connection of a client. For http_server.cpp alone, which it was too long for.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "live/application.h"
#include "live/http_server.h"

namespace gradspace::live {

/// How many connections there are, in all and of each peer.
class ConnectionTable {
 public:
  void change(int most, int most_per_peer);
  /// False where there are too many.
  bool enter(const std::string& peer);
  void leave(const std::string& peer);

 private:
  std::mutex mutex_;
  int most_ = 0;
  int most_per_peer_ = 0;
  int count_ = 0;
  std::map<std::string, int> peers_;
};

class Connection;

/// What all connections share. All but the threads that make answers use it on the server's one thread.
struct ServerCore {
  ServerCore(Application& the_application, const HttpTimes& the_times)
      : application(the_application), times(the_times) {}

  Application& application;
  HttpTimes times;
  ConnectionTable table;
  std::atomic<int> waiting_answers{0};
  std::atomic<std::uint64_t> body_bytes{0};  ///< of frames that are on their way
  std::set<Connection*> streams;
  // Last, as connections that end with them leave the table.
  boost::asio::io_context context{1};
  std::optional<boost::asio::thread_pool> workers;  ///< there while the server runs
};

/// Serves the connection until it ends. `peer` has entered the table and leaves it then.
void serve(ServerCore& core, boost::asio::ip::tcp::socket socket, std::string peer);

/// Sends a text to all who listen to events.
void send_to_streams(ServerCore& core, const std::shared_ptr<const std::string>& text);

}  // namespace gradspace::live
