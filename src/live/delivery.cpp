#include "live/delivery.h"

#include <fmt/format.h>

#include <algorithm>

#include "live/log.h"
#include "live/rows.h"

namespace gradspace::live {

std::chrono::milliseconds delay_after(int tries) {
  constexpr int kMostDoublings = 6;
  constexpr std::chrono::milliseconds kMost{60'000};
  return std::min(
      kMost, std::chrono::milliseconds(1000) * (1 << std::clamp(tries - 1, 0, kMostDoublings)));
}

class Delivery::Queue {
 public:
  struct Item {
    MonitorAlarm alarm;
    std::uint64_t version = 0;
  };

  Queue(Delivery& owner, std::unique_ptr<AlarmOutput> output, std::size_t most)
      : owner_(owner), output_(std::move(output)), name_(output_->name()), most_(most) {}

  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  /// What was dropped for it, if anything: to be told of once no lock is held.
  std::optional<Item> add(Item item) {
    std::optional<Item> dropped;
    std::size_t size = 0;
    {
      const std::lock_guard lock(mutex_);
      const auto same = [&](const Item& other) { return other.alarm.id == item.alarm.id; };
      // The first may be on its way: what is new of it is told after that.
      const auto from = items_.begin() + (busy_ ? 1 : 0);
      const auto found = std::find_if(from, items_.end(), same);
      if (found != items_.end()) {
        if (found->version < item.version) {
          *found = std::move(item);
        }
      } else {
        items_.push_back(std::move(item));
      }
      if (items_.size() > most_ + (busy_ ? 1 : 0)) {
        const auto oldest = items_.begin() + (busy_ ? 1 : 0);
        dropped = std::move(*oldest);
        items_.erase(oldest);
      }
      size = items_.size();
    }
    wake_.notify_one();
    owner_.measurements_.set_waiting(name_, size);
    return dropped;
  }

  void request_stop() { thread_.request_stop(); }

  std::deque<Item> stop() {
    if (thread_.joinable()) {
      thread_.request_stop();
      thread_.join();
    }
    return std::move(items_);
  }

  const std::string& name() const { return name_; }
  bool empty() const {
    const std::lock_guard lock(mutex_);
    return items_.empty();
  }

 private:
  void run(const std::stop_token& stop) {
    int tries = 0;
    while (!stop.stop_requested()) {
      Item item;
      {
        std::unique_lock lock(mutex_);
        if (!wake_.wait(lock, stop, [&] { return !items_.empty(); })) {
          return;
        }
        item = items_.front();
        busy_ = true;
      }
      const bool done = attempt(item, stop, ++tries);
      {
        std::unique_lock lock(mutex_);
        busy_ = false;
        if (done) {
          items_.pop_front();
        } else {
          wake_.wait_for(lock, stop, delay_after(tries), [] { return false; });
        }
        owner_.measurements_.set_waiting(name_, items_.size());
      }
      if (done) {
        tries = 0;
      }
    }
  }

  /// Whether the item has left the queue, delivered or not.
  bool attempt(const Item& item, const std::stop_token& stop, int tries) {
    std::string reason;
    DeliveryResult result = output_->deliver(item.alarm, stop, reason);
    if (stop.stop_requested() && result != DeliveryResult::kDelivered) {
      return false;
    }
    const bool last = output_->most_tries() > 0 && tries >= output_->most_tries();
    if (result == DeliveryResult::kDelivered) {
      owner_.measurements_.count_delivery(name_, "delivered");
      owner_.on_done(item.alarm, item.version, true);
      return true;
    }
    owner_.measurements_.count_delivery(name_, "failed");
    const bool gives_up = result == DeliveryResult::kRefused || last;
    log(gives_up ? LogLevel::kError : LogLevel::kWarning,
        gives_up ? "an alarm was not delivered" : "an alarm could not be delivered yet",
        {{"output", name_},
         {"alarm", item.alarm.id},
         {"reason", reason},
         {"try", fmt::format("{}", tries)}});
    if (gives_up) {
      owner_.on_done(item.alarm, item.version, false);
    }
    return gives_up;
  }

  Delivery& owner_;
  std::unique_ptr<AlarmOutput> output_;
  std::string name_;
  std::size_t most_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Item> items_;
  bool busy_ = false;  ///< the first is on its way
  std::jthread thread_;
};

Delivery::Delivery(Confirm confirm, Measurements& measurements)
    : confirm_(std::move(confirm)), measurements_(measurements) {}

Delivery::~Delivery() {
  stop();
}

void Delivery::set_outputs(std::vector<std::unique_ptr<AlarmOutput>> outputs, std::size_t waiting) {
  std::vector<std::unique_ptr<Queue>> old;
  {
    const std::lock_guard lock(mutex_);
    old = std::move(queues_);
    queues_.clear();
    for (auto& output : outputs) {
      queues_.push_back(std::make_unique<Queue>(*this, std::move(output), waiting));
      queues_.back()->start();
    }
  }
  for (const std::unique_ptr<Queue>& queue : old) {
    for (Queue::Item& item : queue->stop()) {
      std::unique_lock lock(mutex_);
      const auto heir = std::ranges::find(queues_, queue->name(),
                                          [](const auto& other) { return other->name(); });
      if (heir != queues_.end()) {
        (*heir)->add(std::move(item));
        continue;
      }
      lock.unlock();  // an output that is no more there has nothing to take
      on_done(item.alarm, item.version, true);
    }
  }
}

void Delivery::add(const MonitorAlarm& alarm) {
  std::vector<std::pair<std::string, Queue::Item>> dropped;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t version = ++versions_;
    pending_[alarm.id] = {version, queues_.size(), false};
    for (const std::unique_ptr<Queue>& queue : queues_) {
      if (auto item = queue->add({alarm, version})) {
        dropped.emplace_back(queue->name(), std::move(*item));
      }
    }
  }
  for (const auto& [output, item] : dropped) {
    measurements_.count_delivery(output, "dropped");
    log(LogLevel::kError, "an alarm was dropped: too many wait",
        {{"output", output}, {"alarm", item.alarm.id}});
    on_done(item.alarm, item.version, false);
  }
}

void Delivery::on_done(const MonitorAlarm& alarm, std::uint64_t version, bool delivered) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = pending_.find(alarm.id);
    // An older state counts for nothing: the newer one waits.
    if (found == pending_.end() || found->second.version != version) {
      return;
    }
    found->second.given_up |= !delivered;
    if (--found->second.outputs > 0) {
      return;
    }
    const bool given_up = found->second.given_up;
    pending_.erase(found);
    if (given_up) {
      return;
    }
  }
  confirm_(alarm);
}

void Delivery::stop() {
  std::vector<std::unique_ptr<Queue>> queues;
  {
    const std::lock_guard lock(mutex_);
    queues = std::move(queues_);
    queues_.clear();
  }
  for (const std::unique_ptr<Queue>& queue : queues) {
    queue->request_stop();  // of all, before one is waited for
  }
  for (const std::unique_ptr<Queue>& queue : queues) {
    queue->stop();
  }
}

bool Delivery::idle() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::all_of(queues_, [](const auto& queue) { return queue->empty(); });
}

}  // namespace gradspace::live
