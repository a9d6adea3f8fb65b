#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
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
    check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bytes.data(), sizes.data(),
                         begins.data(), MPI_BYTE, MPI_COMM_WORLD),
          "sharing");
  }

 private:
  int rank_ = 0;
  int size_ = 1;
};

/// The first words of what the library says of itself; the others tell who built it, and where.
std::string library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string all(text.data(), static_cast<std::size_t>(length));
  return all.substr(0, all.find_first_of(",\n"));
}

Ranks& join() {
  static MpiRanks ranks;
  return ranks;
}

void leave() {
  MPI_Finalize();
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
