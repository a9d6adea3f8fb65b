#include "live/http_server.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "gradspace/error.h"
#include "live/http_connection.h"
#include "live/listen_address.h"
#include "live/log.h"

namespace gradspace::live {
namespace {

using boost::asio::ip::tcp;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds kStatePeriod{2000};
constexpr std::size_t kWorkers = 2;

/// Frames come before pages: this thread, and those that it starts, wait for who judges frames.
void give_way() {
  constexpr int kNicer = 10;
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNicer);
}

}  // namespace

struct HttpServer::State {
  State(Application& application, const HttpSettings& settings, const HttpTimes& times)
      : core(application, times),
        event_period_ms(static_cast<std::int64_t>(1000 / settings.events_per_second)) {
    core.table.change(settings.connections, settings.connections_per_peer);
  }

  void listen(const HttpSettings& settings) {
    const auto address = parse_listen_address(settings.listen);
    if (!address) {
      throw InvalidArgument(fmt::format("http.listen: \"{}\" is no address", settings.listen));
    }
    try {
      const tcp::endpoint endpoint(boost::asio::ip::make_address(address->address), address->port);
      acceptor.open(endpoint.protocol());
      acceptor.set_option(tcp::acceptor::reuse_address(true));
      if (endpoint.protocol() == tcp::v6()) {
        acceptor.set_option(boost::asio::ip::v6_only(true));
      }
      acceptor.bind(endpoint);
      acceptor.listen();
    } catch (const boost::system::system_error& error) {
      throw IoError(
          fmt::format("{}: can't listen there: {}", settings.listen, error.code().message()));
    }
  }

  void accept() {
    acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error == boost::asio::error::operation_aborted) {
        return;
      }
      if (error) {  // no descriptor is left, or the client is gone again
        retry.expires_after(Milliseconds(100));
        retry.async_wait([this](boost::system::error_code ended) {
          if (!ended) {
            accept();
          }
        });
        return;
      }
      take(std::move(socket));
      accept();
    });
  }

  void take(tcp::socket socket) {
    boost::system::error_code error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) {
      return;
    }
    std::string name = peer.address().to_string();
    if (!core.table.enter(name)) {
      ++core.application.counts().refused_connections;
      return;
    }
    socket.set_option(tcp::no_delay(true), error);
    serve(core, std::move(socket), std::move(name));
  }

  void tick() {
    timer.expires_after(Milliseconds(event_period_ms));
    timer.async_wait([this](boost::system::error_code error) {
      if (error) {
        return;
      }
      std::string text = core.application.hub().take();
      const auto now = std::chrono::steady_clock::now();
      last_tick = now;
      if (now - last_state >= kStatePeriod) {
        last_state = now;
        text += core.application.state_event();
      }
      if (!text.empty() && !core.streams.empty()) {
        send_to_streams(core, std::make_shared<const std::string>(std::move(text)));
      }
      tick();
    });
  }

  ServerCore core;
  tcp::acceptor acceptor{core.context};
  boost::asio::steady_timer timer{core.context};
  boost::asio::steady_timer retry{core.context};
  std::atomic<std::int64_t> event_period_ms;
  std::chrono::steady_clock::time_point last_state;
  std::atomic<std::chrono::steady_clock::time_point> last_tick{std::chrono::steady_clock::now()};
  std::thread thread;
};

HttpServer::HttpServer(Application& application, const HttpSettings& settings,
                       const HttpTimes& times)
    : state_(std::make_unique<State>(application, settings, times)) {
  state_->listen(settings);
}

HttpServer::~HttpServer() {
  stop();
}

void HttpServer::start() {
  state_->accept();
  state_->tick();
  state_->thread = std::thread([this] {
    give_way();
    state_->core.workers.emplace(kWorkers);  // they inherit the priority
    state_->core.context.run();
  });
}

void HttpServer::stop() {
  state_->core.context.stop();
  if (state_->thread.joinable()) {
    state_->thread.join();
  }
  if (state_->core.workers) {
    state_->core.workers->stop();
    state_->core.workers->join();
  }
}

void HttpServer::change_limits(const HttpSettings& settings) {
  state_->event_period_ms = static_cast<std::int64_t>(1000 / settings.events_per_second);
  state_->core.table.change(settings.connections, settings.connections_per_peer);
}

bool HttpServer::responds() const {
  constexpr std::chrono::seconds kPatience{10};
  return std::chrono::steady_clock::now() - state_->last_tick.load() < kPatience;
}

std::uint16_t HttpServer::port() const {
  return state_->acceptor.local_endpoint().port();
}

}  // namespace gradspace::live
