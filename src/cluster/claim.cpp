#include "cluster/claim.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/file.h"
#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kClaimBytes = 256;
/// A shard has so many workers only where somebody plays with the folder.
constexpr int kMostClaims = 100'000;
constexpr std::string_view kGivenBack = "given back";
constexpr std::string_view kWorking = "working";

fs::path claim_path(const JobFolder& job, std::uint32_t shard, int number) {
  return job.claims() / fmt::format("{}-{}", shard_text(shard), number);
}

/// "-17", behind the shard's number.
std::optional<int> claim_number(std::string_view rest) {
  int number = 0;
  if (!rest.starts_with('-')) {
    return std::nullopt;
  }
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  const bool whole = error == std::errc() && end == rest.data() + rest.size() && number > 0 &&
                     number < kMostClaims;
  return whole ? std::optional(number) : std::nullopt;
}

json object_of(const std::string& content) {
  json object = json::parse(content, nullptr, /*allow_exceptions=*/false);
  return object.is_object() ? object : json::object();
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string()
             ? printable(found->get_ref<const std::string&>())
             : std::string();
}

std::uint64_t count_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

}  // namespace

std::string worker_name() {
  std::array<char, 65> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{}:{}", printable(host.data()), ::getpid());
}

std::unique_ptr<Claim> Claim::take(const JobFolder& job, std::uint32_t shard, int number,
                                   std::chrono::milliseconds beat_every) {
  fs::path path = claim_path(job, shard, number);
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file && errno == EEXIST) {
    return nullptr;
  }
  if (!file) {
    throw IoError(fmt::format("{}: can't write: {}", path.string(), last_system_error()));
  }
  return std::unique_ptr<Claim>(new Claim(std::move(path), number, beat_every));
}

Claim::Claim(fs::path path, int number, std::chrono::milliseconds beat_every)
    : path_(std::move(path)), number_(number), beat_every_(beat_every) {
  write(kWorking);
  heart_ = std::thread([this] { beat_until_stopped(); });
}

Claim::~Claim() {
  stop();
}

void Claim::beat_until_stopped() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, beat_every_, [this] { return stopped_; })) {
    lock.unlock();  // a file system may take its time, and the work must not wait for it
    write(kWorking);
    lock.lock();
  }
}

void Claim::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  wake_.notify_all();
  if (heart_.joinable()) {
    heart_.join();
  }
}

void Claim::set_progress(const ClaimProgress& progress) {
  const std::lock_guard lock(mutex_);
  progress_ = progress;
}

void Claim::give_back() {
  stop();
  write(kGivenBack);
}

void Claim::write(std::string_view state) {
  json content = {{"worker", worker_name()}, {"state", state}};
  {
    const std::lock_guard lock(mutex_);
    content["beat"] = beats_++;
    content["images"] = progress_.images;
    content["of"] = progress_.of;
  }
  std::string text = content.dump();
  text.resize(kClaimBytes - 1, ' ');  // of one length always: nothing of an older content is left
  text += '\n';
  // Opened anew each time: closing is what makes others on a network see it.
  const Descriptor file(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  if (file) {
    try {
      write_all(file, bytes_of(text), path_.string(), 0);
    } catch (const IoError&) {  // a heart that stands still
    }
  }
}

bool SeenClaim::is_given_back() const {
  return number > 0 && text_of(object_of(content), "state") == kGivenBack;
}

std::string SeenClaim::text() const {
  const json object = object_of(content);
  const std::string worker = text_of(object, "worker");
  const std::uint64_t of = count_of(object, "of");
  return fmt::format(
      "{}{}", worker.empty() ? "an unknown worker" : worker,
      of == 0 ? std::string() : fmt::format(", {} of {} images", count_of(object, "images"), of));
}

std::map<std::uint32_t, int> list_claims(const JobFolder& job, std::size_t shards) {
  std::map<std::uint32_t, int> claims;
  for (const std::string& name : names_in_folder(job.claims())) {
    std::string_view rest = name;
    const std::optional<std::uint32_t> shard = take_shard(rest);
    const std::optional<int> number = claim_number(rest);
    if (shard && number && *shard < shards) {
      int& highest = claims[*shard];
      highest = std::max(highest, *number);
    }
  }
  return claims;
}

SeenClaim read_claim(const JobFolder& job, std::uint32_t shard, int number) {
  SeenClaim claim{number, {}};
  if (number == 0) {
    return claim;
  }
  const fs::path path = claim_path(job, shard, number);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) {
    return errno == ENOENT ? SeenClaim{} : claim;
  }
  std::array<char, kClaimBytes> buffer{};
  const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
  claim.content.assign(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return claim;
}

void remove_claims(const JobFolder& job, std::uint32_t shard, int up_to) {
  for (int number = 1; number <= up_to; ++number) {
    ::unlink(claim_path(job, shard, number).c_str());
  }
}

void clear_up_behind(const JobFolder& job, std::uint32_t shard, int up_to) {
  std::error_code ignored;
  std::filesystem::remove_all(job.work(shard), ignored);
  std::filesystem::remove(job.failure_note(shard), ignored);
  remove_claims(job, shard, up_to);
}

std::chrono::milliseconds ClaimWatch::still_for(std::uint32_t shard, const SeenClaim& claim) {
  const Clock::time_point now = Clock::now();
  const auto [entry, is_new] = seen_.try_emplace(shard, Seen{claim, now, false});
  Seen& seen = entry->second;
  if (!is_new && (seen.claim.number != claim.number || seen.claim.content != claim.content)) {
    seen = {claim, now, true};
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - seen.since);
}

bool ClaimWatch::has_changed(std::uint32_t shard) const {
  const auto found = seen_.find(shard);
  return found != seen_.end() && found->second.changed;
}

}  // namespace gradspace
