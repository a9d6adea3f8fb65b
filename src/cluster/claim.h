// Who works on a shard: JOB/claims/NNNNNN-G, a file that a worker makes before it begins and writes over ten times in
// the time after which it would be taken for lost.
//
// G counts the workers that a shard has had, from 1. Who takes a shard over makes the file with the next number,
// which the file system lets one of all succeed with; nobody ever removes or renames the claim of another, so that it
// can't be a fresh one by mistake. The claim with the highest number is the one that holds. When a part is there, all
// go.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "cluster/job_folder.h"

namespace gradspace {

/// How far the holder of a claim is.
struct ClaimProgress {
  std::uint64_t images = 0;
  std::uint64_t of = 0;  ///< 0 while the shard is being opened
};

/// "HOST:PROCESS" of this process.
std::string worker_name();

/// A claim of our own. Its heart beats in a thread.
class Claim {
 public:
  /// Nothing when somebody else has made the claim of that number. Throws IoError.
  static std::unique_ptr<Claim> take(const JobFolder& job, std::uint32_t shard, int number,
                                     std::chrono::milliseconds beat_every);
  /// Stops the heart.
  ~Claim();
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  int number() const { return number_; }
  void set_progress(const ClaimProgress& progress);
  /// Says that nobody works on the shard any more. A claim that can't be written is found dead in time.
  void give_back();

 private:
  Claim(std::filesystem::path path, int number, std::chrono::milliseconds beat_every);
  void beat_until_stopped();
  void write(std::string_view state);
  void stop();

  std::filesystem::path path_;
  int number_;
  std::chrono::milliseconds beat_every_;
  std::uint64_t beats_ = 0;
  ClaimProgress progress_;
  bool stopped_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread heart_;
};

/// A claim as it was last read.
struct SeenClaim {
  int number = 0;       ///< 0: there is none
  std::string content;  ///< its bytes, whatever they are

  bool is_given_back() const;
  /// "HOST:PROCESS, 400 of 1000 images"; what can be made out.
  std::string text() const;
};

/// The numbers of the claims that hold, by shard. Throws IoError.
std::map<std::uint32_t, int> list_claims(const JobFolder& job, std::size_t shards);
/// Number 0 where it is not there.
SeenClaim read_claim(const JobFolder& job, std::uint32_t shard, int number);

/// Removes all claims of a shard up to a number.
void remove_claims(const JobFolder& job, std::uint32_t shard, int up_to);

/// Removes what making a shard has left behind, once its part is in place: unfinished work, the note of a failure, and
/// last the claims up to a number. As long as there is a claim, whoever looks at the job knows that this is to be done.
void clear_up_behind(const JobFolder& job, std::uint32_t shard, int up_to);

/// Tells, by this process's own clock, which claims have a heart that beats.
class ClaimWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes note of a claim; how long it has been as it is, since it was first seen so.
  std::chrono::milliseconds still_for(std::uint32_t shard, const SeenClaim& claim);
  /// Whether it was seen to change.
  bool has_changed(std::uint32_t shard) const;

 private:
  struct Seen {
    SeenClaim claim;
    Clock::time_point since;
    bool changed = false;
  };
  std::map<std::uint32_t, Seen> seen_;
};

}  // namespace gradspace
