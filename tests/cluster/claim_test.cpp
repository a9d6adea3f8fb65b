#include "cluster/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/file.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class ClaimTest : public ::testing::Test {
 protected:
  ClaimTest() { make_folder(job_.claims()); }

  testing::TemporaryFolder folder_;
  JobFolder job_{folder_.path()};
};

TEST_F(ClaimTest, IsGivenToOneOfMany) {
  for (int number = 1; number <= 5; ++number) {
    std::atomic<int> taken = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back(
          [&] { taken += Claim::take(job_, 3, number, milliseconds(1000)) ? 1 : 0; });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    EXPECT_EQ(taken, 1);
  }
  EXPECT_EQ(list_claims(job_, 10), (std::map<std::uint32_t, int>{{3, 5}}));
}

TEST_F(ClaimTest, BeatsAndTellsHowFarItIs) {
  const auto claim = Claim::take(job_, 7, 1, milliseconds(5));
  ASSERT_NE(claim, nullptr);
  claim->set_progress({400, 1000});
  ClaimWatch watch;
  while (!watch.has_changed(7)) {
    watch.still_for(7, read_claim(job_, 7, 1));
    std::this_thread::sleep_for(milliseconds(1));
  }
  SeenClaim seen = read_claim(job_, 7, 1);
  while (seen.text().find("images") == std::string::npos) {
    seen = read_claim(job_, 7, 1);
  }
  EXPECT_EQ(seen.text(), worker_name() + ", 400 of 1000 images");
  EXPECT_FALSE(seen.is_given_back());
  claim->give_back();
  EXPECT_TRUE(read_claim(job_, 7, 1).is_given_back());
}

TEST_F(ClaimTest, WithoutAHeartStandsStillByTheObserversClock) {
  write_file(job_.claims() / "000002-1", std::string_view("beat 1"));
  ClaimWatch watch;
  EXPECT_EQ(watch.still_for(2, read_claim(job_, 2, 1)), milliseconds(0));
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_GE(watch.still_for(2, read_claim(job_, 2, 1)), milliseconds(20));
  // Whatever a file's own time says, another content is a beat.
  std::filesystem::last_write_time(job_.claims() / "000002-1",
                                   std::filesystem::file_time_type::min());
  EXPECT_GE(watch.still_for(2, read_claim(job_, 2, 1)), milliseconds(20));
  write_file(job_.claims() / "000002-1", std::string_view("beat 2"));
  EXPECT_EQ(watch.still_for(2, read_claim(job_, 2, 1)), milliseconds(0));
  EXPECT_TRUE(watch.has_changed(2));
}

TEST_F(ClaimTest, OfAnyContentAndNameDoesNoHarm) {
  for (const char* name : {"000001-1", "000001-2", "000001-x", "000001-", "000001-99999999999",
                           "000001--3", "1-1", "abc", "000099-1", "000001-0"}) {
    write_file(job_.claims() / name, std::string_view("\xff\x00{\"state\": [\n", 13));
  }
  make_folder(job_.claims() / "000004-1");
  EXPECT_EQ(list_claims(job_, 10), (std::map<std::uint32_t, int>{{1, 2}, {4, 1}}));
  EXPECT_EQ(read_claim(job_, 1, 2).text(), "an unknown worker");
  EXPECT_FALSE(read_claim(job_, 1, 2).is_given_back());
  EXPECT_FALSE(read_claim(job_, 4, 1).is_given_back());
  EXPECT_EQ(read_claim(job_, 8, 1).number, 0);
  const std::string huge = R"({"worker": ")" + std::string(10'000, 'x') + "\"}";
  write_file(job_.claims() / "000001-2", huge);
  EXPECT_EQ(read_claim(job_, 1, 2).text(), "an unknown worker");
  write_file(job_.claims() / "000001-2", std::string_view("{\"worker\": \"\x1b[2J\", \"of\": -3}"));
  EXPECT_EQ(read_claim(job_, 1, 2).text().find('\x1b'), std::string::npos);
}

TEST_F(ClaimTest, AllGoTogether) {
  for (int number = 1; number <= 3; ++number) {
    Claim::take(job_, 5, number, milliseconds(1000));
  }
  Claim::take(job_, 6, 1, milliseconds(1000));
  remove_claims(job_, 5, 3);
  EXPECT_EQ(list_claims(job_, 10), (std::map<std::uint32_t, int>{{6, 1}}));
}

}  // namespace
}  // namespace gradspace
