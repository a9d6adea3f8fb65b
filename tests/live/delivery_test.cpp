#include "live/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>

#include "fake_monitor.h"
#include "support/eventually.h"

namespace gradspace::live {
namespace {

using gradspace::testing::eventually;
using testing::make_alarm;

/// What an output has heard, and what it answers.
struct Script {
  std::mutex mutex;
  std::vector<std::string> heard;       ///< "id state"
  std::vector<DeliveryResult> results;  ///< of the next tries; afterwards kDelivered
  std::atomic<bool> blocked{false};
  int most_tries = 0;

  std::vector<std::string> all() {
    const std::lock_guard lock(mutex);
    return heard;
  }
};

class ScriptedOutput final : public AlarmOutput {
 public:
  ScriptedOutput(std::string name, std::shared_ptr<Script> script)
      : name_(std::move(name)), script_(std::move(script)) {}
  std::string name() const override { return name_; }
  int most_tries() const override { return script_->most_tries; }
  DeliveryResult deliver(const MonitorAlarm& alarm, const std::stop_token& stop,
                         std::string& reason) override {
    {
      const std::lock_guard lock(script_->mutex);
      script_->heard.push_back(alarm.id + (alarm.cleared ? " cleared" : " raised"));
    }
    while (script_->blocked && !stop.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    reason = "as the script says";
    const std::lock_guard lock(script_->mutex);
    if (stop.stop_requested() || script_->results.empty()) {
      return stop.stop_requested() ? DeliveryResult::kAgain : DeliveryResult::kDelivered;
    }
    const DeliveryResult result = script_->results.front();
    script_->results.erase(script_->results.begin());
    return result;
  }

 private:
  std::string name_;
  std::shared_ptr<Script> script_;
};

class DeliveryTest : public ::testing::Test {
 protected:
  void set_outputs(const std::vector<std::pair<std::string, std::shared_ptr<Script>>>& scripts,
                   std::size_t waiting = 100) {
    std::vector<std::unique_ptr<AlarmOutput>> outputs;
    for (const auto& [name, script] : scripts) {
      outputs.push_back(std::make_unique<ScriptedOutput>(name, script));
    }
    delivery_.set_outputs(std::move(outputs), waiting);
  }

  std::vector<std::string> confirmed() {
    const std::lock_guard lock(mutex_);
    return confirmed_;
  }
  std::string metrics() { return measurements_.text(monitor_, ServerCounts()); }

  std::shared_ptr<Script> first_ = std::make_shared<Script>();
  std::shared_ptr<Script> second_ = std::make_shared<Script>();
  testing::FakeMonitor monitor_;
  Measurements measurements_;
  std::mutex mutex_;
  std::vector<std::string> confirmed_;
  Delivery delivery_{[this](const MonitorAlarm& told) {
                       const std::lock_guard lock(mutex_);
                       confirmed_.push_back(told.id);
                     },
                     measurements_};
};

TEST_F(DeliveryTest, ConfirmsWhatAllOutputsTook) {
  set_outputs({{"first", first_}, {"second", second_}});
  second_->blocked = true;
  delivery_.add(make_alarm("a"));
  ASSERT_TRUE(eventually([&] { return first_->all().size() == 1 && second_->all().size() == 1; }));
  EXPECT_TRUE(confirmed().empty());
  second_->blocked = false;
  EXPECT_TRUE(eventually([&] { return confirmed() == std::vector<std::string>{"a"}; }));
}

TEST_F(DeliveryTest, TriesAgainUntilItIsTaken) {
  first_->results = {DeliveryResult::kAgain};
  set_outputs({{"first", first_}});
  delivery_.add(make_alarm("a"));
  EXPECT_TRUE(eventually([&] { return confirmed().size() == 1; }));
  EXPECT_EQ(first_->all().size(), 2U);
  EXPECT_THAT(metrics(), ::testing::HasSubstr(
                             "gradspace_deliveries_total{output=\"first\",result=\"failed\"} 1"));
}

/// A refused alarm is not confirmed, so that it comes again when the monitor starts anew; others go on.
TEST_F(DeliveryTest, GivesUpWhatIsRefusedWithoutConfirming) {
  first_->results = {DeliveryResult::kRefused};
  set_outputs({{"first", first_}, {"second", second_}});
  delivery_.add(make_alarm("a"));
  ASSERT_TRUE(eventually([&] { return delivery_.idle() && second_->all().size() == 1; }));
  delivery_.add(make_alarm("b"));
  EXPECT_TRUE(eventually([&] { return confirmed() == std::vector<std::string>{"b"}; }));
}

TEST_F(DeliveryTest, GivesUpAfterTheMostTries) {
  first_->most_tries = 1;
  first_->results = {DeliveryResult::kAgain};
  set_outputs({{"first", first_}});
  delivery_.add(make_alarm("a"));
  EXPECT_TRUE(eventually([&] { return first_->all().size() == 1 && delivery_.idle(); }));
  EXPECT_TRUE(confirmed().empty());
}

TEST_F(DeliveryTest, WaitingAlarmIsToldInItsNewestStateAndConfirmedOnce) {
  first_->blocked = true;
  set_outputs({{"first", first_}});
  delivery_.add(make_alarm("a"));
  ASSERT_TRUE(eventually([&] { return first_->all().size() == 1; }));
  delivery_.add(make_alarm("b"));
  MonitorAlarm over = make_alarm("b");
  over.cleared = over.raised;
  delivery_.add(over);
  MonitorAlarm first_over = make_alarm("a");
  first_over.cleared = first_over.raised;
  delivery_.add(first_over);  // while its raising is on its way
  first_->blocked = false;
  ASSERT_TRUE(eventually([&] { return confirmed().size() == 2; }));
  EXPECT_EQ(first_->all(), (std::vector<std::string>{"a raised", "b cleared", "a cleared"}));
  EXPECT_THAT(confirmed(), ::testing::UnorderedElementsAre("a", "b"));
}

TEST_F(DeliveryTest, FullQueueDropsTheOldestAndSaysSo) {
  first_->blocked = true;
  set_outputs({{"first", first_}}, 2);
  delivery_.add(make_alarm("a"));
  ASSERT_TRUE(eventually([&] { return first_->all().size() == 1; }));
  for (const char* id : {"b", "c", "d"}) {
    delivery_.add(make_alarm(id));
  }
  first_->blocked = false;
  ASSERT_TRUE(eventually([&] { return confirmed().size() == 3; }));
  EXPECT_THAT(confirmed(), ::testing::ElementsAre("a", "c", "d"));
  EXPECT_THAT(metrics(), ::testing::HasSubstr(
                             "gradspace_deliveries_total{output=\"first\",result=\"dropped\"} 1"));
}

TEST_F(DeliveryTest, OutputThatHangsHoldsUpNeitherOthersNorTheStop) {
  first_->blocked = true;
  set_outputs({{"first", first_}, {"second", second_}});
  for (int i = 0; i < 50; ++i) {
    delivery_.add(make_alarm("a" + std::to_string(i)));
  }
  EXPECT_TRUE(eventually([&] { return second_->all().size() == 50; }));
  delivery_.stop();
  EXPECT_TRUE(confirmed().empty());
}

TEST_F(DeliveryTest, NewOutputsTakeOverWhatWaits) {
  first_->blocked = true;
  set_outputs({{"hook", first_}});
  delivery_.add(make_alarm("a"));
  delivery_.add(make_alarm("b"));
  ASSERT_TRUE(eventually([&] { return first_->all().size() == 1; }));
  set_outputs({{"hook", second_}, {"other", std::make_shared<Script>()}});
  EXPECT_TRUE(eventually([&] { return confirmed().size() == 2; }));
  EXPECT_THAT(second_->all(), ::testing::UnorderedElementsAre("a raised", "b raised"));
}

TEST(DelayAfter, DoublesUpToAMinute) {
  EXPECT_EQ(delay_after(1).count(), 1000);
  EXPECT_EQ(delay_after(2).count(), 2000);
  EXPECT_EQ(delay_after(6).count(), 32000);
  EXPECT_EQ(delay_after(1000).count(), 60000);
}

}  // namespace
}  // namespace gradspace::live
