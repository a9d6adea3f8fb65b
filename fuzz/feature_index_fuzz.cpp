#include <cstdlib>
#include <string>

#include "data/feature_index.h"
#include "data/feature_meta.h"
#include "gradspace/error.h"

namespace {

using namespace gradspace;

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void read_meta(std::string_view text) {
  const FeatureSetMeta meta = parse_feature_meta(text, "fuzz").meta;
  const std::string ours = feature_meta_to_json(meta);
  check(feature_meta_to_json(parse_feature_meta(ours, "ours").meta) == ours);
}

void read_failures(std::string_view text) {
  CsvReader reader(text, kFailuresHeader, "fuzz");
  while (!reader.at_end()) {
    FailedImage failure;
    reader.read_failure(failure);
    CsvWriter csv;
    add_failure(csv, failure);
    FailedImage again;
    CsvReader(csv.text(), std::size_t{0}, "ours").read_failure(again);
    check(again == failure);
  }
}

std::string index_row(std::uint64_t number, const FeatureRow& row) {
  CsvWriter csv;
  add_index_row(csv, number, row);
  return std::string(csv.text());
}

void read_index(std::string_view text) {
  CsvReader reader(text, kIndexHeader, "fuzz");
  for (std::uint64_t number = 0; !reader.at_end(); ++number) {
    FeatureRow row;
    reader.read_index_row(number, false, row);
    const std::string ours = index_row(number, row);
    FeatureRow again;
    CsvReader(ours, std::size_t{0}, "ours").read_index_row(number, false, again);
    check(again.image.path == row.image.path && index_row(number, again) == ours);
  }
}

}  // namespace

// The text files of a feature set: what is read, written again and read again is the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    if (text.starts_with('{')) {
      read_meta(text);
    } else if (text.starts_with("path")) {
      read_failures(text);
    } else {
      read_index(text);
    }
  } catch (const FormatError&) {
  }
  return 0;
}
