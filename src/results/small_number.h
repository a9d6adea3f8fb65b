// The small whole numbers of results files: types, levels, runs, classes and labels.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/csv_table.h"
#include "core/json.h"

namespace gradspace {

/// The most that one of them may be; none comes near.
inline constexpr int kMaxNumber = 1'000'000;

/// Throws FormatError unless the value is a whole number from 0 to kMaxNumber; `what` stands at its
/// start.
inline int small_number(const nlohmann::json& value, std::string_view what) {
  return static_cast<int>(integer_within(value, 0, kMaxNumber, what));
}

/// The same of a field in the table's present row.
inline int small_number(const CsvTable& table, std::size_t column) {
  return static_cast<int>(table.integer(column, 0, kMaxNumber));
}

}  // namespace gradspace
