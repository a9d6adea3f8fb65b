#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gradspace/error.h"
#include "gradspace/export.h"
#include "gradspace/version.h"
#include "loader/mpi_entry.h"

namespace gradspace {
namespace {

/// Throws Error for what an MPI function returned.
void check(int status, const char* what) {
  if (status == MPI_SUCCESS) {
    return;
  }
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(status, text.data(), &length);
  throw Error(
      fmt::format("MPI: {}: {}", what, std::string(text.data(), static_cast<std::size_t>(length))));
}

class MpiRanks final : public Ranks {
 public:
  MpiRanks() {
    int threads = 0;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &threads), "initialisation");
    check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "error handler");
    if (threads < MPI_THREAD_SERIALIZED) {
      throw Error("MPI: it can't be called from several threads, one at a time");
    }
    check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "rank");
    check(MPI_Comm_size(MPI_COMM_WORLD, &size_), "number of ranks");
  }

  ~MpiRanks() override { stop_helping(); }
  MpiRanks(const MpiRanks&) = delete;
  MpiRanks& operator=(const MpiRanks&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void share(std::span<std::byte> bytes, std::span<const std::size_t> offsets) override {
    if (bytes.size() > std::numeric_limits<int>::max()) {
      throw Error(fmt::format("MPI: {} bytes to share, more than 2 GiB", bytes.size()));
    }
    std::vector<int> begins;
    std::vector<int> sizes;
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      begins.push_back(static_cast<int>(offsets[i]));
      sizes.push_back(static_cast<int>(offsets[i + 1] - offsets[i]));
    }
    const std::lock_guard lock(mutex_);
    check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bytes.data(), sizes.data(),
                         begins.data(), MPI_BYTE, MPI_COMM_WORLD),
          "sharing");
  }

  std::uint64_t next() override {
    const std::lock_guard lock(mutex_);
    if (counter_ == MPI_WIN_NULL) {
      begin_counter();
    }
    constexpr std::uint64_t kOne = 1;
    std::uint64_t number = 0;
    check(MPI_Win_lock(MPI_LOCK_SHARED, /*rank=*/0, 0, counter_), "counter");
    check(MPI_Fetch_and_op(&kOne, &number, MPI_UINT64_T, /*target_rank=*/0, 0, MPI_SUM, counter_),
          "counter");
    check(MPI_Win_unlock(/*rank=*/0, counter_), "counter");
    return number;
  }

  /// Of all ranks together.
  void leave() {
    stop_helping();
    const std::lock_guard lock(mutex_);
    if (counter_ != MPI_WIN_NULL) {
      MPI_Win_free(&counter_);
    }
    MPI_Finalize();
  }

 private:
  /// Rank 0 keeps the counter, and the others count by themselves where it lies.
  void begin_counter() {
    std::uint64_t* memory = nullptr;
    check(MPI_Win_allocate(rank_ == 0 ? sizeof *memory : 0, sizeof *memory, MPI_INFO_NULL,
                           MPI_COMM_WORLD, static_cast<void*>(&memory), &counter_),
          "counter");
    check(MPI_Win_set_errhandler(counter_, MPI_ERRORS_RETURN), "error handler");
    if (rank_ == 0) {
      check(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, counter_), "counter");
      *memory = 0;
      check(MPI_Win_unlock(0, counter_), "counter");
      helper_ = std::thread([this] { help(); });
    }
    check(MPI_Barrier(MPI_COMM_WORLD), "counter");
  }

  /// Where the network can't reach into the memory of rank 0, the counter moves while rank 0 is in a call of MPI; its
  /// other threads are at work for minutes.
  void help() {
    constexpr std::chrono::milliseconds kPause{2};
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kPause, [this] { return stop_helping_; })) {
      int is_there = 0;
      MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &is_there, MPI_STATUS_IGNORE);
    }
  }

  void stop_helping() {
    {
      const std::lock_guard lock(mutex_);
      stop_helping_ = true;
    }
    wake_.notify_all();
    if (helper_.joinable()) {
      helper_.join();
    }
  }

  int rank_ = 0;
  int size_ = 1;
  std::mutex mutex_;  ///< of calls of MPI
  MPI_Win counter_ = MPI_WIN_NULL;
  std::thread helper_;
  std::condition_variable wake_;
  bool stop_helping_ = false;
};

/// The first words of what the library says of itself; the others tell who built it, and where.
std::string library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string all(text.data(), static_cast<std::size_t>(length));
  return all.substr(0, all.find_first_of(",\n"));
}

MpiRanks& mpi_ranks_of_process() {
  static MpiRanks ranks;
  return ranks;
}

Ranks& join() {
  return mpi_ranks_of_process();
}

void leave() {
  mpi_ranks_of_process().leave();
}

}  // namespace
}  // namespace gradspace

extern "C" GRADSPACE_API const gradspace::ModuleHead* gradspace_mpi_module_entry() {
  static const gradspace::MpiModuleEntry entry{{gradspace::kMpiModuleAbi, gradspace::kVersion},
                                               &gradspace::library,
                                               &gradspace::join,
                                               &gradspace::leave};
  return &entry;
}
