#include "monitor/snapshots.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/file.h"
#include "gradspace/error.h"
#include "image/picture_strip.h"
#include "photograph/tile_map.h"

namespace gradspace::monitor {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPictureEnd = ".jpg";
/// The longer side of each of the two pictures in a snapshot, in pixels.
constexpr int kPanelSide = 960;
constexpr int kSnapshotQuality = 85;
/// What is left on the disk for alarms and states.
constexpr std::uint64_t kReserve = std::uint64_t{32} << 20;
/// A disk that did not take a picture is asked again after so long.
constexpr std::chrono::seconds kPicturePause{10};

std::string file_of(std::string_view alarm_id) {
  return std::string(alarm_id) + std::string(kPictureEnd);
}

bool has_room(const fs::path& folder, std::uint64_t bytes) {
  struct statvfs status = {};
  return ::statvfs(folder.c_str(), &status) != 0 ||
         std::uint64_t{status.f_bavail} * status.f_frsize > bytes + kReserve;
}

}  // namespace

Image with_map(const Image& frame, const PhotographScore& score,
               const std::optional<Tiling>& tiling) {
  if (!tiling || score.tile_p_values.empty()) {
    return to_rgb(frame);
  }
  return draw_heat(frame, score, *tiling);
}

Snapshots::Snapshots(fs::path folder, const Limits& limits)
    : folder_(std::move(folder)), limits_(limits) {
  std::vector<std::pair<fs::file_time_type, Picture>> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() == kPictureEnd && entry.is_regular_file(error)) {
      found.emplace_back(entry.last_write_time(error),
                         Picture{entry.path().filename().string(), entry.file_size(error)});
    }
  }
  std::ranges::sort(found, {}, [](const auto& one) {
    return std::pair(one.first, std::string_view(one.second.name));
  });
  for (auto& [time, picture] : found) {
    bytes_ += picture.bytes;
    pictures_.push_back(std::move(picture));
  }
  remove_over_limits(0);
}

void Snapshots::set_limits(const Limits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
  remove_over_limits(0);
}

std::string Snapshots::save(std::string_view alarm_id, const Image& frame,
                            const PhotographScore& score, const std::optional<Tiling>& tiling,
                            SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (limits_.count == 0 || (stopped_ && now < try_again_)) {
    return {};
  }
  std::vector<Image> panels = {thumbnail(to_rgb(frame), kPanelSide)};
  if (tiling && !score.tile_p_values.empty()) {
    panels.push_back(thumbnail(with_map(frame, score, tiling), kPanelSide));
  }
  const std::vector<std::uint8_t> file =
      encode_image(picture_strip(panels), ImageFormat::kJpeg, {kSnapshotQuality});
  if (file.size() > limits_.bytes) {
    return {};
  }
  remove_over_limits(file.size());
  std::string name = file_of(alarm_id);
  stopped_ = !write(name, file);
  if (stopped_) {
    try_again_ = now + kPicturePause;
    return {};
  }
  pictures_.push_back({name, file.size()});
  bytes_ += file.size();
  remove_over_limits(0);
  return name;
}

bool Snapshots::write(const std::string& name, const std::vector<std::uint8_t>& file) {
  try {
    make_folder(folder_);
    if (!has_room(folder_, file.size())) {
      return false;
    }
    write_file(folder_ / name, file, Survives::kKill);
    return true;
  } catch (const IoError&) {
    return false;
  }
}

/// Removes the oldest until there is room for so many bytes more.
void Snapshots::remove_over_limits(std::uint64_t room) {
  while (!pictures_.empty() &&
         (pictures_.size() > limits_.count || bytes_ + room > limits_.bytes)) {
    std::error_code ignored;
    fs::remove(folder_ / pictures_.front().name, ignored);
    bytes_ -= pictures_.front().bytes;
    pictures_.pop_front();
  }
}

std::string Snapshots::find(std::string_view alarm_id) const {
  const std::lock_guard lock(mutex_);
  const std::string name = file_of(alarm_id);
  const bool there =
      std::ranges::any_of(pictures_, [&](const Picture& picture) { return picture.name == name; });
  return there ? name : std::string();
}

std::vector<std::uint8_t> Snapshots::read(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const bool there =
      std::ranges::any_of(pictures_, [&](const Picture& picture) { return picture.name == name; });
  if (!there) {
    return {};
  }
  try {
    return read_file(folder_ / name);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace gradspace::monitor
