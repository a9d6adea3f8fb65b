// The records of a run's epochs as JSON and CSV, whatever losses they hold. A record is a struct with
// `epoch`, `best`, `seconds`, and the numbers that a table of fields names.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/csv.h"

namespace gradspace {

template <typename Record>
using RecordField = std::pair<const char*, double Record::*>;

template <typename Record, std::size_t kFields>
nlohmann::json fields_to_json(const Record& record,
                              const std::array<RecordField<Record>, kFields>& fields) {
  nlohmann::json json;
  for (const auto& [name, member] : fields) {
    json[name] = record.*member;
  }
  return json;
}

template <typename Record, std::size_t kFields>
nlohmann::json records_to_json(std::span<const Record> epochs,
                               const std::array<RecordField<Record>, kFields>& fields) {
  nlohmann::json json = nlohmann::json::array();
  for (const Record& record : epochs) {
    nlohmann::json entry = fields_to_json(record, fields);
    entry["epoch"] = record.epoch;
    entry["best"] = record.best;
    entry["seconds"] = record.seconds;
    json.push_back(std::move(entry));
  }
  return json;
}

/// Throws nlohmann::json::exception on what `records_to_json` does not write.
template <typename Record, std::size_t kFields>
std::vector<Record> records_from_json(const nlohmann::json& json,
                                      const std::array<RecordField<Record>, kFields>& fields) {
  std::vector<Record> epochs;
  for (const nlohmann::json& entry : json) {
    Record record;
    entry.at("epoch").get_to(record.epoch);
    entry.at("best").get_to(record.best);
    entry.at("seconds").get_to(record.seconds);
    for (const auto& [name, member] : fields) {
      entry.at(name).get_to(record.*member);
    }
    epochs.push_back(record);
  }
  return epochs;
}

/// With a header line.
template <typename Record, std::size_t kFields>
std::string records_to_csv(std::span<const Record> epochs,
                           const std::array<RecordField<Record>, kFields>& fields) {
  CsvWriter csv;
  csv.add("epoch");
  for (const auto& field : fields) {
    csv.add(field.first);
  }
  csv.row("best", "seconds");
  for (const Record& record : epochs) {
    csv.add(record.epoch);
    for (const auto& field : fields) {
      csv.add(record.*field.second);
    }
    csv.row(record.best ? 1 : 0, fmt::format("{:.3f}", record.seconds));
  }
  return std::string(csv.text());
}

/// The last record that was the best when it was made; null when there is none.
template <typename Record>
const Record* last_best(std::span<const Record> epochs) {
  const Record* best = nullptr;
  for (const Record& record : epochs) {
    best = record.best ? &record : best;
  }
  return best;
}

/// Adds to `identity` what a model's metadata says of the run: epochs asked for and run, and the losses
/// of the best and the last.
template <typename Record, std::size_t kFields>
nlohmann::json run_record(nlohmann::json identity, int epochs_asked, std::span<const Record> epochs,
                          bool stopped, const std::array<RecordField<Record>, kFields>& fields) {
  identity["epochs"] = epochs_asked;
  identity["epochs_run"] = epochs.size();
  identity["stopped"] = stopped;
  const Record* best = last_best(epochs);
  identity["best_epoch"] = best != nullptr ? best->epoch : 0;
  if (best != nullptr) {
    identity["best"] = fields_to_json(*best, fields);
    identity["last"] = fields_to_json(epochs.back(), fields);
  }
  return identity;
}

}  // namespace gradspace
