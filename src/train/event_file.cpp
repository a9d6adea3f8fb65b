#include "train/event_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <tfevents.pb.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <boost/crc.hpp>
#include <cerrno>
#include <chrono>

#include "core/file.h"
#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') {
    return "localhost";
  }
  return name.data();
}

tfevents::Event event_at(std::int64_t step) {
  tfevents::Event event;
  event.set_wall_time(seconds_since_1970());
  event.set_step(step);
  return event;
}

template <typename Unsigned>
void append_little_endian(std::string& bytes, Unsigned value) {
  for (std::size_t i = 0; i < sizeof(value); ++i) {
    bytes.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
  }
}

}  // namespace

std::uint32_t masked_crc32c(std::span<const std::uint8_t> bytes) {
  // Castagnoli's polynomial, bits reflected.
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return std::rotr(static_cast<std::uint32_t>(crc.checksum()), 15) + 0xA282EAD8U;
}

EventFile::EventFile(const std::filesystem::path& folder) {
  make_folder(folder);
  auto seconds = static_cast<std::int64_t>(seconds_since_1970());
  do {
    path_ = folder / fmt::format("events.out.tfevents.{:010}.{}", seconds++, host_name());
    file_ =
        Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666));
  } while (!file_ && errno == EEXIST);
  if (!file_) {
    throw IoError(fmt::format("{}: can't write: {}", path_.string(), last_system_error()));
  }
  tfevents::Event version = event_at(0);
  version.set_file_version("brain.Event:2");
  append_frame(version.SerializeAsString());
}

void EventFile::session_start(std::int64_t step) {
  tfevents::Event event = event_at(step);
  event.mutable_session_log()->set_status(tfevents::SessionLog::START);
  append_frame(event.SerializeAsString());
}

void EventFile::scalars(std::int64_t step,
                        std::span<const std::pair<std::string, double>> values_by_tag) {
  tfevents::Event event = event_at(step);
  for (const auto& [tag, number] : values_by_tag) {
    tfevents::Value* value = event.mutable_summary()->add_value();
    value->set_tag(tag);
    value->set_simple_value(static_cast<float>(number));
  }
  append_frame(event.SerializeAsString());
}

void EventFile::image(std::int64_t step, const std::string& tag, const Image& image) {
  const std::vector<std::uint8_t> png = encode_image(image, ImageFormat::kPng);
  tfevents::Event event = event_at(step);
  tfevents::Value* value = event.mutable_summary()->add_value();
  value->set_tag(tag);
  value->mutable_image()->set_height(image.height());
  value->mutable_image()->set_width(image.width());
  value->mutable_image()->set_colorspace(image.channels());
  value->mutable_image()->set_encoded_image_string(png.data(), png.size());
  append_frame(event.SerializeAsString());
}

void EventFile::append_frame(const std::string& message) {
  std::string frame;
  append_little_endian(frame, std::uint64_t{message.size()});
  append_little_endian(frame, masked_crc32c(bytes_of(frame)));
  frame += message;
  append_little_endian(frame, masked_crc32c(bytes_of(message)));
  write_all(file_, bytes_of(frame), path_.string());
}

}  // namespace gradspace
