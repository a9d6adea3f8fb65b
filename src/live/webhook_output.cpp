// Alarms to an address by HTTP, signed so that the receiver knows that they are ours and new.
#include <curl/curl.h>
#include <fmt/format.h>

#include <chrono>
#include <mutex>

#include "gradspace/error.h"
#include "gradspace/version.h"
#include "live/access.h"
#include "live/outputs.h"
#include "live/rows.h"

namespace gradspace::live {
namespace {

constexpr std::size_t kLeastSecret = 16;

struct CleanEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeHeaders {
  void operator()(curl_slist* headers) const { curl_slist_free_all(headers); }
};
using Headers = std::unique_ptr<curl_slist, FreeHeaders>;

void add_header(Headers& headers, const std::string& line) {
  curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
  if (longer == nullptr) {
    throw std::bad_alloc();
  }
  static_cast<void>(headers.release());  // the list's begin stays as it was, or is the new one
  headers.reset(longer);
}

/// The answer's body is of no interest; one without end is.
std::size_t pass_over(char*, std::size_t size, std::size_t count, void* seen) {
  constexpr std::size_t kMost = std::size_t{1} << 20;
  auto& bytes = *static_cast<std::size_t*>(seen);
  bytes += size * count;
  return bytes > kMost ? 0 : size * count;
}

int asked_to_stop(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

class WebhookOutput final : public AlarmOutput {
 public:
  explicit WebhookOutput(const WebhookSettings& settings)
      : settings_(settings),
        secret_(settings.secret_file.empty() ? ""
                                             : read_secret(settings.secret_file, kLeastSecret)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    handle_.reset(curl_easy_init());
    if (handle_ == nullptr) {
      throw Error("outputs.webhook: libcurl can't begin");
    }
  }

  std::string name() const override { return "webhook"; }

  DeliveryResult deliver(const MonitorAlarm& alarm, const std::stop_token& stop,
                         std::string& reason) override {
    const std::string body = one_line(alarm_row(alarm));
    const Headers headers = headers_of(alarm, body);
    std::size_t answered = 0;
    prepare(body, headers.get(), stop, answered);
    const CURLcode code = curl_easy_perform(handle_.get());
    if (code != CURLE_OK) {
      reason = curl_easy_strerror(code);
      return DeliveryResult::kAgain;
    }
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    return result_of(status, reason);
  }

 private:
  Headers headers_of(const MonitorAlarm& alarm, const std::string& body) const {
    const auto now_s = std::chrono::duration_cast<std::chrono::seconds>(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();
    Headers headers;
    add_header(headers, "Content-Type: application/json");
    add_header(headers, "Expect:");
    add_header(headers, "Gradspace-Alarm: " + alarm.id);
    add_header(headers, fmt::format("Gradspace-Timestamp: {}", now_s));
    if (!secret_.empty()) {
      add_header(headers, "Gradspace-Signature: sha256=" +
                              hmac_sha256(secret_, fmt::format("{}.{}", now_s, body)));
    }
    return headers;
  }

  void prepare(const std::string& body, curl_slist* headers, const std::stop_token& stop,
               std::size_t& answered) {
    CURL* curl = handle_.get();
    curl_easy_reset(curl);
    const auto timeout_ms = static_cast<long>(settings_.timeout_s * 1000);
    curl_easy_setopt(curl, CURLOPT_URL, settings_.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    // A thread that waits for a name server is left to itself where a stop or the time limit ends the try.
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, fmt::format("gradspace/{}", kVersion).c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, pass_over);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answered);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, asked_to_stop);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<std::stop_token*>(&stop));
    if (!settings_.ca_file.empty()) {
      curl_easy_setopt(curl, CURLOPT_CAINFO, settings_.ca_file.c_str());
    }
  }

  static DeliveryResult result_of(long status, std::string& reason) {
    constexpr long kFirstGood = 200;
    constexpr long kFirstRedirect = 300;
    constexpr long kRequestTimeout = 408;
    constexpr long kTooMany = 429;
    constexpr long kFirstServerError = 500;
    if (status >= kFirstGood && status < kFirstRedirect) {
      return DeliveryResult::kDelivered;
    }
    reason = fmt::format("it was answered {}", status);
    const bool later =
        status == kRequestTimeout || status == kTooMany || status >= kFirstServerError;
    return later ? DeliveryResult::kAgain : DeliveryResult::kRefused;
  }

  WebhookSettings settings_;
  std::string secret_;
  std::unique_ptr<CURL, CleanEasy> handle_;
};

}  // namespace

std::unique_ptr<AlarmOutput> make_webhook_output(const WebhookSettings& settings) {
  return std::make_unique<WebhookOutput>(settings);
}

}  // namespace gradspace::live
