#include "data/tar_source.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/file.h"
#include "core/gzip.h"
#include "core/json.h"
#include "core/temporary_file.h"
#include "core/zstd.h"
#include "data/cure_tsr_sets.h"
#include "data/file_list.h"
#include "data/source_format.h"
#include "data/tar_index.h"
#include "gradspace/error.h"
#include "image/codec.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCopyBlock = std::size_t{1} << 18;
constexpr std::uint64_t kMaxImageFile = std::uint64_t{1} << 32;  ///< as of loose files
constexpr std::uint64_t kMaxClassFile = std::uint64_t{1} << 16;

using SharedFile = std::shared_ptr<const RandomAccessFile>;

/// Archives by number. Those that lie in files of their own are open a few at a time, however many there are.
class Archives {
 public:
  std::uint32_t add(fs::path path, SharedFile kept_open) {
    paths_.push_back(std::move(path));
    kept_open_.push_back(std::move(kept_open));
    return static_cast<std::uint32_t>(paths_.size() - 1);
  }

  const fs::path& path(std::uint32_t archive) const { return paths_[archive]; }

  /// Throws IoError.
  SharedFile open(std::uint32_t archive) const {
    if (kept_open_[archive]) {
      return kept_open_[archive];
    }
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(recent_, archive, &Recent::first);
    if (found != recent_.end()) {
      return found->second;
    }
    SharedFile file = std::make_shared<const RandomAccessFile>(paths_[archive]);
    if (recent_.size() == kMostOpen) {
      recent_.pop_front();
    }
    recent_.emplace_back(archive, file);
    return file;
  }

 private:
  static constexpr std::size_t kMostOpen = 64;
  using Recent = std::pair<std::uint32_t, SharedFile>;

  std::vector<fs::path> paths_;
  std::vector<SharedFile> kept_open_;  ///< those without a file of their own; else null
  mutable std::mutex mutex_;
  mutable std::deque<Recent> recent_;
};

/// A member's name as a path below the archive: without "./" and leading slashes. Nothing where it leads out of it.
std::optional<std::string> path_in_archive(std::string_view name) {
  std::string path;
  while (!name.empty()) {
    const std::size_t slash = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, slash);
    name.remove_prefix(std::min(slash + 1, name.size()));
    if (part == "..") {
      return std::nullopt;
    }
    if (!part.empty() && part != ".") {
      path += path.empty() ? "" : "/";
      path += part;
    }
  }
  return path.empty() ? std::nullopt : std::optional(std::move(path));
}

bool is_hidden(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

/// What WebDataset calls a sample's key: all before the first dot of the name, folders included; and the extension
/// behind it.
std::pair<std::string_view, std::string_view> key_and_extension(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::size_t dot = path.find('.', slash == std::string_view::npos ? 0 : slash + 1);
  return dot == std::string_view::npos ? std::pair(path, std::string_view())
                                       : std::pair(path.substr(0, dot), path.substr(dot + 1));
}

/// -1 for what is no class.
int class_of_text(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0 ? value : -1;
}

int class_of_json(std::string_view text, const std::string& name) {
  const nlohmann::json value = parse_json(text, name);
  for (const char* key : {"cls", "class", "label"}) {
    if (value.is_object() && value.contains(key) && value[key].is_number_unsigned() &&
        value[key] <= std::numeric_limits<int>::max()) {
      return value[key].get<int>();
    }
  }
  return -1;
}

/// A member that is an image.
struct Entry {
  std::uint64_t offset;
  std::uint64_t size;
  std::uint32_t archive;
  std::int32_t object_class;
};

/// What archives hold, as it is found out.
struct TarIndex {
  Archives archives;
  FileList files;
  std::vector<Entry> entries;
  Remarks remarks;
  std::string damage;  ///< of the first archive that is damaged
};

/// Takes up the members of one archive.
class ArchiveIndexer {
 public:
  /// `prefix`: "" or "NAME/", before all paths.
  ArchiveIndexer(TarIndex& index, std::uint32_t archive, const RandomAccessFile& file,
                 std::string prefix)
      : index_(index), archive_(archive), file_(file), prefix_(std::move(prefix)) {}

  void run() {
    const std::size_t first = index_.entries.size();
    TarReader reader(file_);
    try {
      while (const std::optional<TarMember> member = reader.next()) {
        take(*member);
      }
      if (!reader.has_end_mark()) {
        index_.remarks.add(file_.name(), "has no end mark: it may be truncated");
      }
    } catch (const FormatError& error) {
      const std::string_view line = error.what();
      index_.remarks.add(file_.name(), line.substr(std::min(line.size(), file_.name().size() + 2)));
      if (index_.damage.empty()) {
        index_.damage = line;
      }
    }
    for (std::size_t i = first; i < index_.entries.size(); ++i) {
      const auto found = classes_.find(keys_[i - first]);
      if (found != classes_.end()) {
        index_.entries[i].object_class = found->second;
      }
    }
  }

 private:
  void take(const TarMember& member) {
    const std::optional<std::string> path = path_in_archive(member.name);
    if (!path) {
      pass_over(member.name, "its name leads out of the archive");
    } else if (is_hidden(*path)) {
      pass_over(*path, "hidden");
    } else if (!member.no_file.empty()) {
      pass_over(*path, member.no_file);
    } else {
      take_file(member, *path);
    }
  }

  void take_file(const TarMember& member, const std::string& path) {
    const auto [key, extension] = key_and_extension(path);
    if (extension == "cls" || extension == "json") {
      take_class(member, path, std::string(key), extension == "json");
    } else if (extension == "txt") {
      // a caption
    } else if (member.size > kMaxImageFile) {
      pass_over(path, fmt::format("{} bytes are too many", member.size));
    } else if (!has_image_extension(path) && !begins_as_image(member)) {
      pass_over(path, "not an image");
    } else if (!seen_.insert(path).second) {
      pass_over(path, "is there twice; the first is taken");
    } else {
      list(member, path);
      keys_.emplace_back(key);
    }
  }

  bool begins_as_image(const TarMember& member) const {
    std::array<std::uint8_t, 64> begin{};
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(begin.size(), member.size));
    const std::size_t got = file_.read_some(member.offset, std::span(begin).first(size));
    return codec::begins_as_image(std::span(begin).first(got));
  }

  void take_class(const TarMember& member, const std::string& path, std::string key, bool is_json) {
    if (member.size > kMaxClassFile) {
      pass_over(path, "too large for a class");
      return;
    }
    std::string text(static_cast<std::size_t>(member.size), '\0');
    file_.read_exactly(member.offset, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    try {
      const int value = is_json ? class_of_json(text, path) : class_of_text(text);
      if (value >= 0) {
        classes_.try_emplace(std::move(key), value);
      } else if (!is_json) {
        pass_over(path, "no whole number from 0 on");
      }
    } catch (const FormatError& error) {
      pass_over(path, std::string_view(error.what()).substr(path.size() + 2));
    }
  }

  void list(const TarMember& member, const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder =
        prefix_ + (slash == std::string::npos ? std::string() : path.substr(0, slash + 1));
    auto number = folders_.find(folder);
    if (number == folders_.end()) {
      number = folders_.emplace(folder, index_.files.add_folder(folder)).first;
    }
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    index_.files.list(number->second, index_.files.add_name(name));
    index_.entries.push_back({member.offset, member.size, archive_, -1});
  }

  void pass_over(std::string_view path, std::string_view reason) {
    index_.remarks.add(prefix_ + std::string(path), reason);
  }

  TarIndex& index_;
  std::uint32_t archive_;
  const RandomAccessFile& file_;
  std::string prefix_;
  std::map<std::string, std::uint32_t> folders_;
  std::unordered_set<std::string> seen_;
  std::vector<std::string> keys_;  ///< of the archive's images, in their order
  std::unordered_map<std::string, int> classes_;
};

class TarSource final : public Source {
 public:
  /// `name` stands in the message where there is no image.
  TarSource(std::unique_ptr<TarIndex> index, const std::string& name) : index_(std::move(index)) {
    skipped_count_ = index_->remarks.count();
    skipped_ = std::move(index_->remarks).take();
    if (index_->entries.empty()) {
      if (!index_->damage.empty()) {
        throw FormatError(index_->damage);
      }
      throw FormatError(fmt::format(
          "{}: no image found in it{}", name,
          skipped_.empty()
              ? ""
              : fmt::format(" ({} passed over, the first: {})", skipped_count_, skipped_[0])));
    }
    index_->files.shrink_to_fit();
    index_->entries.shrink_to_fit();
    sets_.emplace(fs::path("/"), index_->files);  // no folder around the archive says anything
  }

  SourceKind kind() const override { return SourceKind::kTar; }
  std::size_t size() const override { return index_->entries.size(); }

  ImageInfo info(std::size_t i) const override {
    ImageInfo info;
    info.path = index_->files.path(i);
    const auto name = CureTsrName::parse(index_->files.name(i));
    info.set = sets_->set(index_->files, i, name ? &*name : nullptr);
    if (name) {
      info.challenge = name->challenge;
      info.level = name->level;
      info.object_class = name->sign;
    }
    if (index_->entries[i].object_class >= 0) {
      info.object_class = index_->entries[i].object_class;
    }
    return info;
  }

  Image load(std::size_t i) const override {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(index_->entries[i].size));
    return decode_image(bytes, read(i, bytes));
  }

  void load_fitted(std::size_t i, FixedSizeReader& reader,
                   std::span<std::uint8_t> out_hwc) const override {
    thread_local std::vector<std::uint8_t> bytes;
    bytes.resize(static_cast<std::size_t>(index_->entries[i].size));
    reader.decode(bytes, read(i, bytes), out_hwc);
  }

  std::vector<fs::path> files(std::size_t i) const override {
    const fs::path& path = index_->archives.path(index_->entries[i].archive);
    return path.empty() ? std::vector<fs::path>() : std::vector{path};
  }
  std::span<const std::string> skipped() const override { return skipped_; }
  std::size_t skipped_count() const override { return skipped_count_; }

 private:
  /// The image's name for messages.
  std::string read(std::size_t i, std::span<std::uint8_t> bytes) const {
    const Entry& entry = index_->entries[i];
    const SharedFile file = index_->archives.open(entry.archive);
    file->read_exactly(entry.offset, bytes);
    return fmt::format("{}: {}", file->name(), index_->files.path(i));
  }

  std::unique_ptr<TarIndex> index_;
  std::optional<CureTsrSets> sets_;
  std::vector<std::string> skipped_;
  std::size_t skipped_count_ = 0;
};

/// A compressed archive in a temporary file. `Reader` is GzipReader or ZstdReader.
template <typename Reader>
SharedFile decompressed(const RandomAccessFile& file) {
  TemporaryFile temporary;
  Reader reader(file);
  std::vector<std::uint8_t> block(kCopyBlock);
  for (std::size_t got = block.size(); got == block.size();) {
    got = reader.read(block);
    temporary.append(std::span<const std::uint8_t>(block).first(got));
  }
  return std::make_shared<const RandomAccessFile>(temporary.release(file.name()));
}

/// Indexes an archive. One without a file of its own is kept open.
void take_archive(TarIndex& index, const fs::path& path, SharedFile file, bool has_own_file,
                  const std::string& prefix) {
  if (is_gzip(*file)) {
    file = decompressed<GzipReader>(*file);
    has_own_file = false;
  } else if (is_zstd(*file)) {
    file = decompressed<ZstdReader>(*file);
    has_own_file = false;
  }
  const std::uint32_t archive = index.archives.add(path, has_own_file ? nullptr : file);
  ArchiveIndexer(index, archive, *file, prefix).run();
}

/// What a command writes to its standard output. Throws IoError where it fails.
RandomAccessFile output_of(const std::string& command) {
  const std::string name = "pipe:" + command;
  std::FILE* const pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) {
    throw IoError(fmt::format("{}: can't be run: {}", name, last_system_error()));
  }
  const auto close = [](std::FILE* stream) { ::pclose(stream); };
  std::unique_ptr<std::FILE, decltype(close)> closing(pipe, close);
  TemporaryFile temporary;
  std::vector<std::uint8_t> block(kCopyBlock);
  for (std::size_t got = block.size(); got == block.size();) {
    got = std::fread(block.data(), 1, block.size(), pipe);
    temporary.append(std::span<const std::uint8_t>(block).first(got));
  }
  const bool read_failed = std::ferror(pipe) != 0;
  const int status = ::pclose(closing.release());
  if (read_failed || status != 0) {
    throw IoError(fmt::format("{}: the command {}", name,
                              status != -1 && WIFEXITED(status)
                                  ? fmt::format("ended with status {}", WEXITSTATUS(status))
                                  : std::string("was ended")));
  }
  return temporary.release(name);
}

/// Whether the decompressed bytes of a file begin as a tar archive does.
template <typename Reader>
bool begins_as_tar(const RandomAccessFile& file) {
  try {
    std::vector<std::uint8_t> begin(512);
    if (Reader(file).read(begin) < begin.size()) {
      return false;
    }
    TemporaryFile temporary;
    temporary.append(begin);
    return is_tar(temporary.release(file.name()));
  } catch (const FormatError&) {
    return false;
  }
}

}  // namespace

bool is_tar_archive(const RandomAccessFile& file) {
  return is_gzip(file)   ? begins_as_tar<GzipReader>(file)
         : is_zstd(file) ? begins_as_tar<ZstdReader>(file)
                         : is_tar(file);
}

bool has_tar_name(const fs::path& path) {
  constexpr std::array<std::string_view, 5> kExtensions = {".tar", ".tar.gz", ".tgz", ".tar.zst",
                                                           ".tzst"};
  return std::ranges::any_of(
      kExtensions, [&](std::string_view extension) { return path.native().ends_with(extension); });
}

std::unique_ptr<Source> open_tar_archives(const std::vector<fs::path>& paths) {
  auto index = std::make_unique<TarIndex>();
  for (const fs::path& path : paths) {
    const std::string prefix = paths.size() == 1 ? std::string() : path.filename().native() + "/";
    take_archive(*index, path, std::make_shared<const RandomAccessFile>(path), true, prefix);
  }
  return std::make_unique<TarSource>(std::move(index), paths.front().native());
}

std::unique_ptr<Source> open_tar_of_command(const std::string& command) {
  auto index = std::make_unique<TarIndex>();
  take_archive(*index, {}, std::make_shared<const RandomAccessFile>(output_of(command)), false, "");
  return std::make_unique<TarSource>(std::move(index), "pipe:" + command);
}

SourceFormat tar_format() {
  return {"tar", SourceKind::kTar,
          [](const fs::path&, const RandomAccessFile& file) { return is_tar_archive(file); },
          [](const fs::path&) {
            return false;
          },  // images beside archives are more likely what is meant
          [](const fs::path& path) -> std::unique_ptr<Source> {
            std::error_code error;
            if (!fs::is_directory(path, error)) {
              return open_tar_archives({path});
            }
            std::vector<fs::path> paths;
            for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
              if (has_tar_name(entry.path()) && entry.is_regular_file(error)) {
                paths.push_back(entry.path());
              }
            }
            if (paths.empty()) {
              throw FormatError(fmt::format("{}: no tar archive in it", path.native()));
            }
            std::ranges::sort(paths);
            return open_tar_archives(paths);
          }};
}

}  // namespace gradspace
