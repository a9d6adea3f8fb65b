#include "model/torch_archive.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/file_kind.h"
#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr std::array<std::uint8_t, 4> kZipMagic{'P', 'K', 3, 4};
constexpr std::uint8_t kPickleMagic = 0x80;
/// The pickled number 0x1950a86a20f9469cfc6c, with which files from before PyTorch 1.6 begin.
constexpr std::array<std::uint8_t, 15> kLegacyMagic{0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46,
                                                    0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E};

bool starts_with(std::span<const std::uint8_t> bytes, std::span<const std::uint8_t> prefix) {
  return bytes.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

void check_magic(std::span<const std::uint8_t> bytes, const std::string& name) {
  if (starts_with(bytes, kZipMagic)) {
    return;
  }
  if (starts_with(bytes, kLegacyMagic)) {
    throw FormatError(
        fmt::format("{}: is in PyTorch's legacy format from before 1.6; torch.load it "
                    "and torch.save it again with a newer PyTorch",
                    name));
  }
  if (!bytes.empty() && bytes.front() == kPickleMagic) {
    throw FormatError(
        fmt::format("{}: is a bare pickle, not a checkpoint that torch.save wrote", name));
  }
  throw_unknown_kind(name, bytes, "is not a PyTorch checkpoint (no zip archive)");
}

struct ZipClose {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Zip = std::unique_ptr<zip_t, ZipClose>;

struct ZipFileClose {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

Zip open_zip(std::span<const std::uint8_t> bytes, const std::string& name) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* archive = nullptr;
  if (source != nullptr) {
    archive = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (archive == nullptr) {
      zip_source_free(source);
    }
  }
  const std::string reason = archive == nullptr ? zip_error_strerror(&error) : "";
  zip_error_fini(&error);
  if (archive == nullptr) {
    throw FormatError(fmt::format("{}: damaged zip archive: {}", name, printable(reason)));
  }
  return Zip(archive);
}

/// The folder that everything lies in, when `entry` is its data.pkl.
std::optional<std::string_view> root_of(std::string_view entry) {
  constexpr std::string_view kPickle = "/data.pkl";
  if (!entry.ends_with(kPickle)) {
    return std::nullopt;
  }
  const std::string_view root = entry.substr(0, entry.size() - kPickle.size());
  if (root.empty() || root.find('/') != std::string_view::npos) {
    return std::nullopt;
  }
  return root;
}

}  // namespace

struct TorchArchive::State {
  std::string name;
  Zip zip;
  std::string root;

  std::string path(const std::string& entry) const { return root + "/" + entry; }

  bool has(const std::string& entry) const {
    return zip_name_locate(zip.get(), path(entry).c_str(), ZIP_FL_ENC_RAW) >= 0;
  }

  /// Looks at every entry: finds the root, refuses what would take more memory than the file.
  void survey(std::uint64_t file_bytes) {
    std::uint64_t sum = 0;
    const zip_int64_t count = zip_get_num_entries(zip.get(), 0);
    for (zip_int64_t i = 0; i < count; ++i) {
      zip_stat_t entry;
      constexpr zip_uint64_t kNeeded =
          ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
      if (zip_stat_index(zip.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW, &entry) != 0 ||
          (entry.valid & kNeeded) != kNeeded) {
        throw FormatError(fmt::format("{}: damaged zip archive: entry {}", name, i));
      }
      if (entry.comp_method != ZIP_CM_STORE || entry.encryption_method != ZIP_EM_NONE) {
        throw FormatError(
            fmt::format("{}: entry '{}' is compressed or encrypted; torch.save does neither", name,
                        printable(entry.name)));
      }
      if (entry.size > file_bytes - sum) {
        throw FormatError(
            fmt::format("{}: entry '{}' of {} bytes: the entries take more than the "
                        "file's {} bytes",
                        name, printable(entry.name), entry.size, file_bytes));
      }
      sum += entry.size;
      if (const auto found = root_of(entry.name)) {
        root = *found;
      }
    }
    if (root.empty()) {
      throw FormatError(fmt::format(
          "{}: is a zip archive, but no PyTorch checkpoint (it has no data.pkl)", name));
    }
    if (has("constants.pkl")) {
      throw FormatError(
          fmt::format("{}: is a TorchScript archive (torch.jit.save); save the "
                      "module's state_dict with torch.save",
                      name));
    }
  }

  /// Throws when there is none.
  zip_uint64_t locate(const std::string& entry) const {
    const zip_int64_t index = zip_name_locate(zip.get(), path(entry).c_str(), ZIP_FL_ENC_RAW);
    if (index < 0) {
      throw FormatError(fmt::format("{}: entry '{}' is missing", name, printable(path(entry))));
    }
    return static_cast<zip_uint64_t>(index);
  }

  std::uint64_t size(zip_uint64_t index) const {
    zip_stat_t entry;
    zip_stat_index(zip.get(), index, 0, &entry);  // survey() has seen it work
    return entry.size;
  }

  std::vector<std::uint8_t> content(zip_uint64_t index, const std::string& entry) const {
    const std::unique_ptr<zip_file_t, ZipFileClose> file(zip_fopen_index(zip.get(), index, 0));
    std::vector<std::uint8_t> bytes(size(index));
    // One byte more is asked for, and must not be there: libzip compares checksums at the end.
    std::uint8_t beyond = 0;
    if (file == nullptr ||
        !std::cmp_equal(zip_fread(file.get(), bytes.data(), bytes.size()), bytes.size()) ||
        zip_fread(file.get(), &beyond, 1) != 0) {
      throw FormatError(fmt::format(
          "{}: entry '{}' is damaged: {}", name, printable(path(entry)),
          printable(file != nullptr ? zip_file_strerror(file.get()) : zip_strerror(zip.get()))));
    }
    return bytes;
  }
};

TorchArchive::TorchArchive(std::span<const std::uint8_t> bytes, std::string name)
    : state_(std::make_unique<State>()) {
  check_magic(bytes, name);
  state_->name = std::move(name);
  state_->zip = open_zip(bytes, state_->name);
  state_->survey(bytes.size());
  constexpr std::uint64_t kMostBytes = 16;
  if (state_->has("byteorder")) {
    const std::vector<std::uint8_t> order = read_up_to("byteorder", kMostBytes);
    if (std::string_view(reinterpret_cast<const char*>(order.data()), order.size()) != "little") {
      throw FormatError(
          fmt::format("{}: was written on a big-endian machine, which is not read", state_->name));
    }
  }
}

TorchArchive::~TorchArchive() = default;

std::vector<std::uint8_t> TorchArchive::read(const std::string& entry,
                                             std::uint64_t wanted_bytes) const {
  const zip_uint64_t index = state_->locate(entry);
  if (state_->size(index) != wanted_bytes) {
    throw FormatError(fmt::format("{}: entry '{}' has {} bytes, not {}", state_->name,
                                  printable(state_->path(entry)), state_->size(index),
                                  wanted_bytes));
  }
  return state_->content(index, entry);
}

std::vector<std::uint8_t> TorchArchive::read_up_to(const std::string& entry,
                                                   std::uint64_t most_bytes) const {
  const zip_uint64_t index = state_->locate(entry);
  if (state_->size(index) > most_bytes) {
    throw FormatError(fmt::format("{}: entry '{}' has {} bytes, more than the {} allowed",
                                  state_->name, printable(state_->path(entry)), state_->size(index),
                                  most_bytes));
  }
  return state_->content(index, entry);
}

bool looks_like_torch_file(std::span<const std::uint8_t> bytes) {
  return starts_with(bytes, kZipMagic) || (!bytes.empty() && bytes.front() == kPickleMagic);
}

}  // namespace gradspace
