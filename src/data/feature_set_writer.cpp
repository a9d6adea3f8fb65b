#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "core/checksum.h"
#include "core/file.h"
#include "core/half.h"
#include "core/output_path.h"
#include "core/text.h"
#include "data/feature_checksums.h"
#include "data/feature_index.h"
#include "data/feature_meta.h"
#include "data/feature_type.h"
#include "data/set_progress.h"
#include "gradspace/error.h"
#include "gradspace/feature_set.h"
#include "gradspace/output_lock.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kNoteInterval{250};
constexpr std::size_t kRereadBytes = std::size_t{1} << 20;

/// A file written at given offsets. Errors name it.
class OutputFile {
 public:
  explicit OutputFile(const fs::path& path)
      : name_(path.string()), file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    check(file_ ? 0 : -1);
  }

  std::uint64_t size() const { return size_of_file(file_, name_); }

  /// Forgets what lies behind `size`.
  void cut(std::uint64_t size) const { check(::ftruncate(file_.get(), static_cast<off_t>(size))); }

  void write_at(std::uint64_t offset, std::span<const std::uint8_t> bytes) const {
    write_all(file_, bytes, name_, offset);
  }

  std::string read(std::uint64_t size) const {
    std::string text(size, '\0');
    if (read_at(file_, 0, {reinterpret_cast<std::uint8_t*>(text.data()), size}, name_) != size) {
      throw IoError(fmt::format("{}: can't read: it has become shorter", name_));
    }
    return text;
  }

  const std::string& name() const { return name_; }

  /// Calls `take` with the bytes [begin, end), part by part.
  template <typename Take>
  void read_through(std::uint64_t begin, std::uint64_t end, const Take& take) const {
    std::vector<std::uint8_t> part;
    for (; begin < end; begin += part.size()) {
      part.resize(static_cast<std::size_t>(std::min<std::uint64_t>(end - begin, kRereadBytes)));
      if (read_at(file_, begin, part, name_) != part.size()) {
        throw IoError(fmt::format("{}: can't read: it has become shorter", name_));
      }
      take(std::span<const std::uint8_t>(part));
    }
  }

  void flush() const { check(::fdatasync(file_.get())); }

 private:
  void check(int status) const {
    if (status != 0) {
      throw IoError(fmt::format("{}: can't write: {}", name_, last_system_error()));
    }
  }

  std::string name_;
  Descriptor file_;
};

bool is_feature_set(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path / "meta.json", error) &&
         fs::is_regular_file(path / "features.npy", error);
}

/// "set/" as "set", so that names can be put behind it.
fs::path without_slash_at_end(fs::path path) {
  if (!path.has_filename() && !path.empty()) {
    path = path.parent_path();
  }
  return path;
}

void check_target(const fs::path& path) {
  std::error_code error;
  const bool in_use = fs::exists(path, error) && !is_feature_set(path) &&
                      !(fs::is_directory(path, error) && fs::is_empty(path, error));
  if (path.empty() || in_use) {
    throw InvalidArgument(
        fmt::format("{}: exists and is not a feature set; choose another name", path.string()));
  }
}

/// Locks the set's name, not what lies there: that changes places with what is written.
OutputLock lock_set(const fs::path& target) {
  check_target(target);
  if (target.has_parent_path()) {
    make_folder(target.parent_path());
  }
  return OutputLock::of_file(target);
}

/// `partial`, made where it is not there.
const fs::path& prepare(const fs::path& partial) {
  make_folder(partial);
  return partial;
}

void flush_folder(const fs::path& path) {
  const Descriptor folder(
      ::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) {
    ::fsync(folder.get());
  }
}

/// Puts the folder `from` where `to` is. The old content of `to` is removed last.
void move_in_place(const fs::path& from, const fs::path& to) {
  std::error_code ignored;
  if (fs::exists(to, ignored)) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) {
      fs::remove_all(from, ignored);
      return;
    }
    fs::remove_all(to, ignored);  // not every file system can exchange two folders
  }
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw IoError(
        fmt::format("{}: can't move the finished set there: {}", to.string(), last_system_error()));
  }
}

}  // namespace

struct FeatureSetWriter::State {
  State(fs::path target_path, const FeatureSetMeta& set_meta)
      : target(follow_links(without_slash_at_end(std::move(target_path)))),
        lock(lock_set(target)),
        meta(set_meta),
        meta_text(feature_meta_to_json(meta)),
        row_bytes(dimension(meta.columns) * item_size(meta.type)),
        partial(path_with_suffix(target, ".partial")),
        features(prepare(partial) / "features.npy"),
        index(partial / "index.csv"),
        failures(partial / "failures.csv") {
    std::error_code unknown;
    const bool left = fs::exists(partial / "meta.json", unknown);
    if (!take_up()) {
      if (left && begun_anew.empty()) {
        begun_anew = "it is damaged";
      }
      begin();
    }
    images_done_before = progress.images_done;
  }

  ~State() {
    if (note_running.valid()) {
      note_running.wait();
    }
  }

  std::uint64_t features_bytes(std::uint64_t rows) const {
    return kFeatureHeaderBytes + rows * row_bytes;
  }

  /// Continues where the last note says; false when there is nothing that fits.
  bool take_up() {
    std::error_code error;
    const std::optional<SetProgress> note = read_set_progress(partial / "progress.json");
    if (!note || !fs::exists(partial / "meta.json", error) || !has_this_meta()) {
      return false;
    }
    if (note->files_state != meta.files_state) {
      begun_anew = "files of its images have changed";
      return false;
    }
    const bool fits = note->rows <= note->images_done && note->images_done <= meta.source_images &&
                      note->rows < std::numeric_limits<std::int64_t>::max() / (row_bytes + 1) &&
                      features.size() >= features_bytes(note->rows) &&
                      index.size() >= note->index_bytes && failures.size() >= note->failures_bytes;
    if (!fits || !take_up_checksums(*note)) {
      return false;
    }
    progress = *note;
    cut_files();
    return true;
  }

  /// Whether the partial set is of this meta; what `finish` adds to it last is of no account.
  bool has_this_meta() {
    const fs::path path = partial / "meta.json";
    try {
      const FeatureSetMeta there = parse_feature_meta(read_text_file(path), path.string()).meta;
      const bool same = feature_meta_to_json(there) == meta_text;
      if (!same) {
        begun_anew = there.model_sha256 != meta.model_sha256     ? "it is of another model"
                     : there.source_digest != meta.source_digest ? "it is of another list of images"
                                                                 : "it is of other options";
      }
      return same;
    } catch (const Error&) {
      return false;
    }
  }

  /// Reads again what the checksums go on from; false when it is not what was written.
  bool take_up_checksums(const SetProgress& note) {
    const std::uint64_t end = features_bytes(note.rows);
    const std::uint64_t whole = note.whole_blocks.size() * matrix_sums.block_bytes();
    if (whole > end - kFeatureHeaderBytes) {
      return false;
    }
    matrix_sums.take_up(note.whole_blocks);
    index_sum = Checksum();
    failures_sum = Checksum();
    features.read_through(kFeatureHeaderBytes + whole, end,
                          [&](auto bytes) { matrix_sums.add(bytes); });
    index.read_through(0, note.index_bytes, [&](auto bytes) { index_sum.update(bytes); });
    failures.read_through(0, note.failures_bytes, [&](auto bytes) { failures_sum.update(bytes); });
    return matrix_sums.whole_blocks() == note.whole_blocks && matrix_sums.rest() == note.rest &&
           index_sum.value() == note.index && failures_sum.value() == note.failures;
  }

  void begin() {
    progress = {};
    progress.index_bytes = index_header(meta).size();
    std::error_code ignored;
    fs::remove(partial / "progress.json", ignored);  // before the data that it speaks of goes
    matrix_sums.take_up({});
    index_sum = Checksum();
    index_sum.update(bytes_of(index_header(meta)));
    failures_sum = Checksum();
    failures_sum.update(bytes_of(kFailuresHeader));
    cut_files();
    features.write_at(0, feature_matrix_header(meta.type, 0, dimension(meta.columns)));
    index.write_at(0, bytes_of(index_header(meta)));
    failures.write_at(0, bytes_of(kFailuresHeader));
    write_file(partial / "meta.json", meta_text);
    note_now();
  }

  /// The bytes of values in the file. Valid until the next call.
  std::span<const std::uint8_t> as_stored(std::span<const float> values) {
    if (meta.type == FeatureType::kFloat32) {
      return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()};
    }
    halves.resize(values.size());
    values_too_large += to_halves(values, halves);
    return {reinterpret_cast<const std::uint8_t*>(halves.data()),
            halves.size() * sizeof(std::uint16_t)};
  }

  void cut_files() const {
    features.cut(features_bytes(progress.rows));
    index.cut(progress.index_bytes);
    failures.cut(progress.failures_bytes);
  }

  /// The progress with the checksums of what it speaks of.
  SetProgress reached() const {
    SetProgress now = progress;
    now.whole_blocks = matrix_sums.whole_blocks();
    now.rest = matrix_sums.rest();
    now.index = index_sum.value();
    now.failures = failures_sum.value();
    now.files_state = meta.files_state;
    return now;
  }

  FeatureChecksums checksums() const {
    FeatureChecksums sums{matrix_sums.block_bytes(), matrix_sums.all(), index_sum.value(), {}};
    if (progress.failures_bytes > kFailuresHeader.size()) {
      sums.failures = failures_sum.value();
    }
    return sums;
  }

  /// Flushes what is there, then notes it: the note never promises more than the disk has.
  void note(const SetProgress& noted) const {
    features.flush();
    index.flush();
    failures.flush();
    write_file(partial / "progress.json", set_progress_to_json(noted));
  }

  void note_now() {
    wait_for_note();
    note(reached());
  }

  /// Starts a note in the background when it is time and none is being made.
  void note_sometimes() {
    using std::chrono::seconds;
    if (note_running.valid() && note_running.wait_for(seconds(0)) != std::future_status::ready) {
      return;
    }
    wait_for_note();
    if (Clock::now() - last_note >= kNoteInterval) {
      last_note = Clock::now();
      note_running = std::async(std::launch::async, [this, noted = reached()] { note(noted); });
    }
  }

  void wait_for_note() {
    if (note_running.valid()) {
      note_running.get();  // throws what the note threw
    }
  }

  fs::path target;
  std::optional<OutputLock> lock;  ///< until the work is done
  FeatureSetMeta meta;
  std::string meta_text;
  std::uint64_t row_bytes;
  fs::path partial;
  OutputFile features;
  OutputFile index;
  OutputFile failures;
  SetProgress progress;  ///< its checksums are of no account: see `reached`
  BlockChecksums matrix_sums{kChecksumBlockBytes};
  Checksum index_sum;
  Checksum failures_sum;
  std::uint64_t images_done_before = 0;
  std::string begun_anew;
  std::vector<std::uint16_t> halves;
  std::uint64_t values_too_large = 0;
  CsvWriter lines;
  CsvWriter failure_lines;
  Clock::time_point last_note = Clock::now();
  std::future<void> note_running;
  bool finished = false;
};

FeatureSetWriter::FeatureSetWriter(std::filesystem::path path, const FeatureSetMeta& meta)
    : state_(std::make_unique<State>(std::move(path), meta)) {}

FeatureSetWriter::~FeatureSetWriter() {
  if (state_->finished) {
    return;
  }
  try {
    state_->note_now();
  } catch (const std::exception&) {  // the last note stands
  }
}

const FeatureSetMeta& FeatureSetWriter::meta() const {
  return state_->meta;
}

std::filesystem::path FeatureSetWriter::partial_path() const {
  return state_->partial;
}

std::uint64_t FeatureSetWriter::images_done() const {
  return state_->images_done_before;
}

std::string FeatureSetWriter::begun_anew() const {
  return state_->begun_anew;
}

std::uint64_t FeatureSetWriter::values_too_large() const {
  return state_->values_too_large;
}

std::uint64_t FeatureSetWriter::rows() const {
  return state_->progress.rows;
}

void FeatureSetWriter::append(std::span<const FeatureRow> rows, std::span<const float> features,
                              std::uint64_t images_done, std::span<const FailedImage> failures) {
  State& state = *state_;
  if (features.size() != rows.size() * dimension(state.meta.columns)) {
    throw InvalidArgument(fmt::format("feature set: {} values for {} rows of {}", features.size(),
                                      rows.size(), dimension(state.meta.columns)));
  }
  if (images_done != state.progress.images_done + rows.size() + failures.size() ||
      images_done > state.meta.source_images) {
    throw InvalidArgument(fmt::format(
        "feature set: {} of {} images done after {} and {} rows and {} failures", images_done,
        state.meta.source_images, state.progress.images_done, rows.size(), failures.size()));
  }
  SetProgress reached = state.progress;
  const std::span<const std::uint8_t> values = state.as_stored(features);
  state.features.write_at(state.features_bytes(reached.rows), values);
  state.lines.clear();
  for (const FeatureRow& row : rows) {
    add_index_row(state.lines, reached.rows++, row);
  }
  state.index.write_at(reached.index_bytes, bytes_of(state.lines.text()));
  reached.index_bytes += state.lines.text().size();
  state.failure_lines.clear();
  for (const FailedImage& failure : failures) {
    add_failure(state.failure_lines, failure);
  }
  state.failures.write_at(reached.failures_bytes, bytes_of(state.failure_lines.text()));
  reached.failures_bytes += state.failure_lines.text().size();
  reached.images_done = images_done;
  state.progress = reached;
  state.matrix_sums.add(values);
  state.index_sum.update(bytes_of(state.lines.text()));
  state.failures_sum.update(bytes_of(state.failure_lines.text()));
  state.note_sometimes();
}

std::vector<FailedImage> FeatureSetWriter::failures() const {
  return parse_failures(state_->failures.read(state_->progress.failures_bytes),
                        state_->failures.name());
}

void FeatureSetWriter::discard() {
  state_->wait_for_note();
  state_->finished = true;
  std::error_code ignored;
  fs::remove_all(state_->partial, ignored);
  state_->lock.reset();
}

void FeatureSetWriter::finish() {
  State& state = *state_;
  if (state.progress.rows == 0) {
    throw InvalidArgument(fmt::format("{}: not one row; nothing to finish", state.target.string()));
  }
  state.cut_files();
  state.features.write_at(0, feature_matrix_header(state.meta.type, state.progress.rows,
                                                   dimension(state.meta.columns)));
  state.note_now();
  write_file(state.partial / "meta.json", feature_meta_to_json(state.meta, state.checksums()));
  flush_folder(state.partial);
  // What only an unfinished set has goes right before it is put in place: a kill in between costs the work, a
  // kill after it would leave these files in a finished set for ever.
  std::error_code ignored;
  fs::remove(state.partial / "progress.json", ignored);
  if (state.progress.failures_bytes == kFailuresHeader.size()) {
    fs::remove(state.partial / "failures.csv", ignored);
  }
  move_in_place(state.partial, state.target);
  state.finished = true;
  flush_folder(state.target.parent_path());
  state.lock.reset();
}

}  // namespace gradspace
