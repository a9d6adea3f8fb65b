#include "data/source_identity.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/checksum.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/round_up.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/utf8_text.h"

namespace gradspace {
namespace {

using nlohmann::json;

/// A file that was changed so short a time before it was read may change again without a trace: clocks of file
/// systems stand still that long.
constexpr std::int64_t kTooRecent_ns = 2'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::int64_t now_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

/// Visits the files of the images [begin, end) of a source in order, one that holds many images once: with the first
/// of them.
template <typename Visit>
void for_files(const Source& source, std::size_t begin, std::size_t end, const Visit& visit) {
  std::vector<std::filesystem::path> before;
  if (begin > 0) {
    before = source.files(begin - 1);
  }
  for (std::size_t i = begin; i < end; ++i) {
    std::vector<std::filesystem::path> files = source.files(i);
    if (i == 0 || files != before) {
      for (const std::filesystem::path& file : files) {
        visit(file);
      }
      before = std::move(files);
    }
  }
}

/// `start` combined with the hashes that `hashes_of(begin, end)` gives of blocks of `count` images, in their order,
/// whichever thread works them out.
template <typename HashesOf>
std::uint64_t combined_by_blocks(std::size_t count, std::uint64_t start,
                                 const HashesOf& hashes_of) {
  constexpr std::size_t kBlock = 1024;
  std::vector<std::vector<std::uint64_t>> blocks(block_count(kBlock, count));
  parallel_for(blocks.size(), [&](std::size_t i) {
    blocks[i] = hashes_of(i * kBlock, std::min(count, (i + 1) * kBlock));
  });
  std::uint64_t all = start;
  for (const std::vector<std::uint64_t>& block : blocks) {
    for (const std::uint64_t hash : block) {
      all = combine(all, hash);
    }
  }
  return all;
}

}  // namespace

std::string FileState::text() const {
  return fmt::format("{} {} {} {}", size, modified_ns, changed_ns, number);
}

FileState file_state(const std::filesystem::path& file) {
  struct stat status = {};
  if (::stat(file.c_str(), &status) != 0) {
    return {};
  }
  return {static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim), status.st_ino};
}

std::string files_state(const Source& source) {
  const std::size_t count = source.size();
  return checksum_text(combined_by_blocks(count, 0, [&](std::size_t begin, std::size_t end) {
    std::uint64_t state = 0;
    for_files(source, begin, end, [&](const std::filesystem::path& file) {
      state = combine(state, hash_text(file_state(file).text()));
    });
    return std::vector{state};
  }));
}

std::string list_digest(const Source& source) {
  const std::size_t count = source.size();
  const std::uint64_t digest =
      combined_by_blocks(count, count, [&](std::size_t begin, std::size_t end) {
        std::vector<std::uint64_t> hashes;
        for (std::size_t i = begin; i < end; ++i) {
          hashes.push_back(hash_text(source.info(i).path));
        }
        return hashes;
      });
  return fmt::format("{:016x}", digest);
}

KnownContents::KnownContents(std::filesystem::path file) : file_(std::move(file)) {
  try {
    take_up();
  } catch (const Error&) {  // then all is read again
    known_.clear();
  } catch (const json::exception&) {
    known_.clear();
  }
}

void KnownContents::take_up() {
  std::error_code unknown;
  if (!std::filesystem::exists(file_, unknown)) {
    return;
  }
  const json object = parse_sealed_json(read_text_file(file_), file_.string());
  for (const auto& [path, entry] : object.at("files").items()) {
    known_[from_utf8(path)] = {{entry.at(0), entry.at(1), entry.at(2), entry.at(3)},
                               parse_checksum(entry.at(4), path)};
  }
}

std::uint64_t KnownContents::content_of(const std::filesystem::path& file) {
  const FileState state = file_state(file);
  const auto [entry, is_new] = known_.try_emplace(file.string());
  Known& known = entry->second;
  if (!is_new && known.state == state) {
    return known.content;
  }
  const std::int64_t begin = now_ns();
  try {
    known.content = checksum_of(read_file(file));
  } catch (const Error&) {
    known.content = 0;
  }
  known.state = begin - state.changed_ns > kTooRecent_ns ? state : FileState{};
  changed_ = true;
  return known.content;
}

void KnownContents::save() {
  if (!changed_) {
    return;
  }
  json files = json::object();
  for (const auto& [path, known] : known_) {
    const FileState& state = known.state;
    files[path] = {state.size, state.modified_ns, state.changed_ns, state.number,
                   checksum_text(known.content)};
  }
  write_file(file_, sealed_json({{"format_version", 1}, {"files", std::move(files)}}));
  changed_ = false;
}

std::string content_identity(const Source& source, KnownContents& contents) {
  Sha256 hash;
  for (std::size_t i = 0; i < source.size(); ++i) {
    hash.update(bytes_of(source.info(i).path + '\n'));
  }
  for_files(source, 0, source.size(), [&](const std::filesystem::path& file) {
    hash.update(bytes_of(checksum_text(contents.content_of(file)) + '\n'));
  });
  return hash.finish();
}

}  // namespace gradspace
