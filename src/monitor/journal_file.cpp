#include "monitor/journal_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace::monitor {
namespace {

constexpr std::size_t kLongestJournalLine = std::size_t{1} << 20;
constexpr std::size_t kReadAtOnce = std::size_t{1} << 16;

/// Where the last whole line of a file of this size ends.
std::uint64_t end_of_lines(const Descriptor& file, std::uint64_t size, const std::string& name) {
  std::vector<std::uint8_t> buffer(kReadAtOnce);
  std::uint64_t end = size;
  while (end > 0) {
    const std::uint64_t from = end - std::min<std::uint64_t>(end, buffer.size());
    const std::size_t got =
        read_at(file, from, std::span(buffer).first(static_cast<std::size_t>(end - from)), name);
    for (std::size_t i = got; i > 0; --i) {
      if (buffer[i - 1] == '\n') {
        return from + i;
      }
    }
    end = from;
  }
  return 0;
}

}  // namespace

JournalFile::JournalFile(std::filesystem::path path) : path_(std::move(path)) {
  open();
}

bool JournalFile::open() {
  file_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  struct stat status = {};
  if (!file_ || ::fstat(file_.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    file_ = Descriptor();
    return false;
  }
  try {
    size_ = end_of_lines(file_, static_cast<std::uint64_t>(status.st_size), path_.native());
  } catch (const IoError&) {
    file_ = Descriptor();
    return false;
  }
  return ::ftruncate(file_.get(), static_cast<off_t>(size_)) == 0;
}

void JournalFile::reopen() {
  open();
}

bool JournalFile::append(std::string_view line) {
  if (!file_ && !open()) {
    return false;
  }
  std::string text(line);
  text.push_back('\n');
  try {
    write_all(file_, bytes_of(text), path_.native(), size_);
  } catch (const IoError&) {
    // What was written of it is cut off; where even that fails, the next line is written over it.
    static_cast<void>(::ftruncate(file_.get(), static_cast<off_t>(size_)) == 0);
    return false;
  }
  size_ += text.size();
  return true;
}

bool JournalFile::flush() {
  return file_ && ::fdatasync(file_.get()) == 0;
}

void JournalFile::read(const std::filesystem::path& path, std::uint64_t from,
                       const std::function<void(std::string_view)>& on_line) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown)) {
    return;
  }
  const Descriptor file = open_to_read(path);
  std::vector<std::uint8_t> buffer(kReadAtOnce);
  std::string line;
  bool skipping = from > 0;  // to the begin of a line
  std::uint64_t at = from > 0 ? from - 1 : 0;
  while (const std::size_t got = read_at(file, at, buffer, path.native())) {
    at += got;
    std::string_view text(reinterpret_cast<const char*>(buffer.data()), got);
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      line.append(text.substr(0, end));
      if (!skipping && line.size() <= kLongestJournalLine) {
        on_line(line);
      }
      skipping = false;
      line.clear();
      text.remove_prefix(end + 1);
    }
    if (line.size() <= kLongestJournalLine) {
      line.append(text);
    }
  }
}

}  // namespace gradspace::monitor
