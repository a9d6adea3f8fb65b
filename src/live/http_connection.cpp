#include "live/http_connection.h"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <limits>

#include "live/log.h"

namespace gradspace::live {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using ErrorCode = beast::error_code;

constexpr std::size_t kHeaderBytes = 16384;
constexpr std::size_t kBufferBytes = 65536;
constexpr std::size_t kStreamBytes = std::size_t{1} << 20;  ///< that wait for a reader of events
constexpr int kStreamSendBuffer = 65536;
constexpr int kMostWaitingAnswers = 256;
constexpr std::size_t kDiscarded = std::size_t{1} << 18;

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::kGet;
    case http::verb::head:
      return Method::kHead;
    case http::verb::post:
      return Method::kPost;
    default:
      return Method::kOther;
  }
}

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

/// A header that is there twice stands once, with both values, which no check takes.
std::string joined(const http::fields& fields, beast::string_view name) {
  std::string out;
  const auto [begin, end] = fields.equal_range(name);
  for (auto field = begin; field != end; ++field) {
    out += (field == begin ? "" : ", ") + text_of(field->value());
  }
  return out;
}

RequestHead head_of(const http::request<http::string_body>& request, const std::string& peer) {
  return {method_of(request.method()),
          text_of(request.target()),
          joined(request, "Host"),
          joined(request, "Authorization"),
          joined(request, "Cookie"),
          joined(request, "Origin"),
          joined(request, "Sec-Fetch-Site"),
          joined(request, "Sec-Fetch-Mode"),
          joined(request, "X-Gradspace-Request"),
          joined(request, "Content-Type"),
          joined(request, "If-None-Match"),
          peer};
}

template <class Fields>
void set_headers(Fields& fields, const Answer& answer) {
  fields.set(http::field::content_type, answer.content_type);
  // Pictures and states are of this moment; assets have a tag, by which they are asked for again.
  const bool tagged = !answer.headers.empty() && answer.headers.front().first == "ETag";
  fields.set(http::field::cache_control, tagged ? "no-cache" : "no-store");
  for (const auto& [name, value] : security_headers()) {
    fields.set(name, value);
  }
  for (const auto& [name, value] : answer.headers) {
    fields.insert(name, value);
  }
}

}  // namespace

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ServerCore& core, asio::ip::tcp::socket socket, std::string peer)
      : core_(core), stream_(std::move(socket)), peer_(std::move(peer)) {
    ++core_.application.counts().connections;
  }

  ~Connection() {
    leave_streams();
    release_body();
    --core_.application.counts().connections;
    core_.table.leave(peer_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read_head() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytes);
    // Looked at when the head is there. (boost::none is less than every length in Beast 1.74.)
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
    stream_.expires_after(core_.times.head);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_head(error); });
  }

  void send(std::shared_ptr<const std::string> text) {
    if (ended_) {
      return;
    }
    if (waiting_bytes_ + text->size() > kStreamBytes) {
      ++core_.application.counts().lagging_streams;
      end_stream();
      return;
    }
    waiting_bytes_ += text->size();
    waiting_.push_back(std::move(text));
    if (waiting_.size() == 1) {
      write_event();
    }
  }

 private:
  void on_head(ErrorCode error) {
    if (error) {
      refuse_unreadable(error);
      return;
    }
    const auto& request = parser_->get();
    head_ = head_of(request, peer_);
    keep_alive_ = request.keep_alive();
    Admission admission = core_.application.admit(head_);
    route_ = admission.route;
    slow_ = admission.slow;
    if (!admission.refusal && !parser_->is_done()) {
      admission.refusal = refuse_body(admission.body_limit);
    }
    if (admission.refusal) {
      // What else the client sends is no request: its body was not read.
      keep_alive_ = keep_alive_ && parser_->is_done();
      respond(*admission.refusal);
      return;
    }
    if (parser_->is_done()) {
      make_answer();
      return;
    }
    parser_->body_limit(admission.body_limit);
    stream_.expires_after(core_.times.body);
    if (beast::iequals(request[http::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                        [self = shared_from_this()](ErrorCode failed, std::size_t) {
                          if (!failed) {
                            self->read_body();
                          }
                        });
      return;
    }
    read_body();
  }

  /// Bodies are announced, so that all that are on their way together are bounded.
  std::optional<Answer> refuse_body(std::uint64_t limit) {
    const auto length = parser_->content_length();
    if (!length) {
      return text_answer(411, "Wanted a Content-Length.\n");
    }
    if (*length > limit) {
      return text_answer(413, "The body is too large.\n");
    }
    constexpr std::uint64_t kAtOnce = 4;
    if (core_.body_bytes + *length > kAtOnce * core_.application.frame_bytes()) {
      Answer answer = text_answer(503, "Too many bodies are on their way.\n");
      answer.headers.emplace_back("Retry-After", "1");
      return answer;
    }
    own_body_bytes_ = *length;
    core_.body_bytes += own_body_bytes_;
    return std::nullopt;
  }

  void release_body() {
    core_.body_bytes -= own_body_bytes_;
    own_body_bytes_ = 0;
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](ErrorCode error, std::size_t) {
                       if (error) {
                         self->refuse_unreadable(error);
                         return;
                       }
                       self->make_answer();
                     });
  }

  /// What could not be read as a request. Who is gone, or was too slow, gets no answer.
  void refuse_unreadable(ErrorCode error) {
    if (error == beast::error::timeout) {
      ++core_.application.counts().timed_out;
      return;
    }
    keep_alive_ = false;
    if (error == http::error::header_limit) {
      respond(text_answer(431, "The head of the request is too long.\n"));
    } else if (error == http::error::body_limit) {
      respond(text_answer(413, "The body is too large.\n"));
    } else if (error.category() == make_error_code(http::error::bad_method).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      respond(text_answer(400, "That is no request.\n"));
    }
  }

  void make_answer() {
    if (!slow_) {
      respond(core_.application.answer(head_, route_, {}));
      return;
    }
    if (core_.waiting_answers >= kMostWaitingAnswers) {
      respond(text_answer(503, "Too many answers are being made.\n"));
      return;
    }
    ++core_.waiting_answers;
    stream_.expires_never();
    asio::post(*core_.workers, [self = shared_from_this()]() mutable {
      ServerCore& core = self->core_;
      Answer answer =
          core.application.answer(self->head_, self->route_, self->parser_->get().body());
      --core.waiting_answers;
      // The connection is moved back, so that it never ends on this thread.
      asio::post(core.context,
                 [self = std::move(self), answer = std::move(answer)] { self->respond(answer); });
    });
  }

  void respond(const Answer& answer) {
    release_body();
    ++core_.application.counts().requests;
    constexpr unsigned kFirstRefusal = 400;
    constexpr unsigned kFirstFailure = 500;
    if (answer.status >= kFirstRefusal && answer.status < kFirstFailure) {
      ++core_.application.counts().refused_requests;
    }
    if (answer.events && head_.method == Method::kGet) {
      begin_stream(answer);
      return;
    }
    body_ = answer.body;
    const bool empty = head_.method == Method::kHead || body_ == nullptr;
    response_ = {};
    response_.version(11);
    response_.result(answer.status);
    set_headers(response_, answer);
    response_.keep_alive(keep_alive_);
    constexpr unsigned kNotModified = 304;
    if (answer.status != kNotModified) {
      response_.content_length(body_ == nullptr ? 0 : body_->size());
    }
    if (!empty) {
      response_.body() = {body_->data(), body_->size()};
    }
    stream_.expires_after(core_.times.answer);
    http::async_write(
        stream_, response_,
        [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_written(error); });
  }

  void on_written(ErrorCode error) {
    if (error) {
      core_.application.counts().timed_out += error == beast::error::timeout ? 1 : 0;
      return;
    }
    if (keep_alive_) {
      read_head();
      return;
    }
    ErrorCode ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    stream_.expires_after(core_.times.discard);
    discard();
  }

  /// Reads what the client still sends, for a while: closing at once would take the answer from it.
  void discard() {
    stream_.async_read_some(asio::buffer(scratch_),
                            [self = shared_from_this()](ErrorCode error, std::size_t size) {
                              self->discarded_ += size;
                              if (!error && self->discarded_ < kDiscarded) {
                                self->discard();
                              }
                            });
  }

  void begin_stream(const Answer& answer) {
    http::response<http::empty_body> head;
    head.version(11);
    head.result(http::status::ok);
    set_headers(head, answer);
    head.keep_alive(false);
    std::ostringstream text;
    text << head.base();
    ErrorCode ignored;
    stream_.socket().set_option(asio::socket_base::send_buffer_size(kStreamSendBuffer), ignored);
    is_stream_ = true;
    ++core_.application.counts().event_streams;
    core_.streams.insert(this);
    stream_.expires_never();
    watch_reader();
    send(std::make_shared<const std::string>(text.str() + "retry: 2000\n\n"));
    send(std::make_shared<const std::string>(core_.application.state_event()));
  }

  /// Who reads events sends nothing more: what comes is the end.
  void watch_reader() {
    stream_.async_read_some(
        asio::buffer(scratch_),
        [self = shared_from_this()](ErrorCode, std::size_t) { self->end_stream(); });
  }

  void write_event() {
    stream_.expires_after(core_.times.event);  // of writing alone: a read is pending
    asio::async_write(stream_, asio::buffer(*waiting_.front()),
                      [self = shared_from_this()](ErrorCode error, std::size_t) {
                        if (error || self->ended_) {
                          self->core_.application.counts().lagging_streams +=
                              error == beast::error::timeout ? 1 : 0;
                          self->end_stream();
                          return;
                        }
                        self->waiting_bytes_ -= self->waiting_.front()->size();
                        self->waiting_.pop_front();
                        if (!self->waiting_.empty()) {
                          self->write_event();
                        }
                      });
  }

  void end_stream() {
    ended_ = true;
    leave_streams();
    stream_.close();
  }

  void leave_streams() {
    if (is_stream_ && core_.streams.erase(this) > 0) {
      --core_.application.counts().event_streams;
    }
  }

  ServerCore& core_;
  beast::tcp_stream stream_;
  std::string peer_;
  beast::flat_buffer buffer_{kBufferBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  RequestHead head_;
  Route route_;
  bool slow_ = false;
  bool keep_alive_ = false;
  std::uint64_t own_body_bytes_ = 0;
  std::shared_ptr<const std::string> body_;
  http::response<http::span_body<const char>> response_;
  std::array<char, 4096> scratch_{};
  std::size_t discarded_ = 0;

  bool is_stream_ = false;
  bool ended_ = false;
  std::deque<std::shared_ptr<const std::string>> waiting_;
  std::size_t waiting_bytes_ = 0;
};

void ConnectionTable::change(int most, int most_per_peer) {
  const std::lock_guard lock(mutex_);
  most_ = most;
  most_per_peer_ = most_per_peer;
}

bool ConnectionTable::enter(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(peer);
  const int of_peer = found == peers_.end() ? 0 : found->second;
  if (count_ >= most_ || of_peer >= most_per_peer_) {
    return false;
  }
  ++count_;
  ++peers_[peer];
  return true;
}

void ConnectionTable::leave(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  --count_;
  const auto found = peers_.find(peer);
  if (found != peers_.end() && --found->second == 0) {
    peers_.erase(found);
  }
}

void serve(ServerCore& core, asio::ip::tcp::socket socket, std::string peer) {
  std::make_shared<Connection>(core, std::move(socket), std::move(peer))->read_head();
}

void send_to_streams(ServerCore& core, const std::shared_ptr<const std::string>& text) {
  const std::set<Connection*> streams = core.streams;  // who lags leaves meanwhile
  for (Connection* stream : streams) {
    if (core.streams.contains(stream)) {
      stream->shared_from_this()->send(text);
    }
  }
}

}  // namespace gradspace::live
