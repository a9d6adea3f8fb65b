#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "fuzz_folder.h"
#include "gradspace/causes.h"
#include "gradspace/error.h"
#include "monitor/alarm_book.h"
#include "monitor/verdict_line.h"

namespace {

using namespace gradspace;

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// What a journal says is said again by the same journal, and alarms of it can change.
void read_journal(const std::filesystem::path& folder) {
  monitor::AlarmBook book(folder);
  const std::vector<MonitorAlarm> alarms = book.newest(1000);
  for (const MonitorAlarm& alarm : alarms) {
    check(alarm.cleared.has_value() != book.clear(alarm.id, alarm.raised, 1).has_value());
    if (const auto ended = book.find(alarm.id)) {
      book.confirm_delivery(*ended);
    }
    check(book.next_id(alarm.camera, alarm.kind) != alarm.id);
  }
  const monitor::AlarmBook again(folder);
  check(again.newest(1000).size() == alarms.size());
}

void read_verdict(const std::string& line) {
  try {
    const monitor::LoggedVerdict logged = monitor::parse_verdict_line(line);
    const std::string ours = monitor::verdict_line(logged.verdict, logged.for_drift);
    check(monitor::parse_verdict_line(ours).verdict.number == logged.verdict.number);
  } catch (const Error&) {
  }
}

}  // namespace

// A monitor's files: the first byte says which, the journal of alarms, a verdict's line, or causes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  static const FuzzFolder folder;
  const std::span<const std::uint8_t> content(data + 1, size - 1);
  if (data[0] % 3 == 0) {
    folder.put("alarms.jsonl", content);
    read_journal(folder.path());
  } else if (data[0] % 3 == 1) {
    read_verdict({reinterpret_cast<const char*>(content.data()), content.size()});
  } else {
    const std::filesystem::path file = folder.put("causes.safetensors", content);
    try {
      write_causes(file, read_causes(file));
    } catch (const Error&) {
    }
  }
  return 0;
}
