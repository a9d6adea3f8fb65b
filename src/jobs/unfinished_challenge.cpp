#include "jobs/unfinished_challenge.h"

#include <fmt/format.h>

#include <system_error>

#include "core/file.h"
#include "core/hash.h"
#include "gradspace/error.h"

namespace gradspace::challenge {
namespace {

/// No reader of images looks at hidden files.
constexpr const char* kRecord = ".gradspace.challenge";
constexpr std::uint64_t kMostBytes = 4096;

}  // namespace

UnfinishedRun::UnfinishedRun(const std::filesystem::path& folder, const std::string& identity)
    : path_(folder / kRecord),
      text_(fmt::format("An unfinished run of gradspace challenge; the same command goes on.\n{}\n",
                        content_digest(identity, {}))) {}

bool UnfinishedRun::is_there() const {
  std::error_code unknown;
  return std::filesystem::is_regular_file(path_, unknown) &&
         std::filesystem::file_size(path_, unknown) <= kMostBytes &&
         read_text_file(path_, kMostBytes) == text_;
}

void UnfinishedRun::begin() const {
  make_folder(path_.parent_path());
  write_file(path_, text_);
}

void UnfinishedRun::end() const {
  std::error_code failed;
  std::filesystem::remove(path_, failed);
  if (failed) {
    throw IoError(fmt::format("{}: can't be removed: {}", path_.string(), failed.message()));
  }
}

}  // namespace gradspace::challenge
