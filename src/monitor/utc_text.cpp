#include "monitor/utc_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstddef>

#include "core/text.h"
#include "gradspace/error.h"

namespace gradspace {
namespace monitor {
namespace {

using std::chrono::milliseconds;
constexpr std::string_view kPattern = "dddd-dd-ddTdd:dd:dd.dddZ";

/// Where the numbers of the pattern begin, and how long they are.
struct Field {
  std::size_t at;
  std::size_t length;
};
constexpr std::array<Field, 7> kFields = {
    {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}, {20, 3}}};

bool fits_pattern(std::string_view text) {
  bool fits = text.size() == kPattern.size();
  for (std::size_t i = 0; fits && i < kPattern.size(); ++i) {
    fits = kPattern[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == kPattern[i];
  }
  return fits;
}

}  // namespace

MonitorTime parse_utc(std::string_view text) {
  std::array<int, kFields.size()> numbers{};
  if (fits_pattern(text)) {
    for (std::size_t i = 0; i < kFields.size(); ++i) {
      const char* const begin = text.data() + kFields[i].at;
      std::from_chars(begin, begin + kFields[i].length, numbers[i]);
    }
  }
  const std::chrono::year_month_day date{std::chrono::year(numbers[0]),
                                         std::chrono::month(static_cast<unsigned>(numbers[1])),
                                         std::chrono::day(static_cast<unsigned>(numbers[2]))};
  // What a clock of nanoseconds can tell: the years from 1678 to 2261 are whole.
  const bool known = numbers[0] >= 1678 && numbers[0] <= 2261;
  if (!known || !date.ok() || numbers[3] > 23 || numbers[4] > 59 || numbers[5] > 60) {
    throw FormatError(fmt::format("no time: {}", printable(text)));
  }
  return std::chrono::sys_days(date) + std::chrono::hours(numbers[3]) +
         std::chrono::minutes(numbers[4]) + std::chrono::seconds(numbers[5]) +
         milliseconds(numbers[6]);
}

}  // namespace monitor

std::string utc_text(MonitorTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace gradspace
