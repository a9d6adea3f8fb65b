#include "results/conditions.h"

#include <algorithm>
#include <set>

#include "results/results_summary.h"

namespace gradspace {
namespace {

constexpr std::size_t kMaxMethods = 40;
constexpr std::size_t kMaxClasses = 100;

template <typename Member>
std::vector<int> values_of(const Results& results, Member ResultRow::*member) {
  std::set<int> values;
  for (const ResultRow& row : results.rows) {
    values.insert(row.*member);
  }
  return {values.begin(), values.end()};
}

/// Cuts `list` to `most` and returns how many went.
template <typename T>
std::size_t cut(std::vector<T>& list, std::size_t most) {
  const std::size_t left_out = list.size() - std::min(list.size(), most);
  list.resize(list.size() - left_out);
  return left_out;
}

template <typename T>
int place_of(const std::vector<T>& list, const T& value) {
  const auto found = std::find(list.begin(), list.end(), value);
  return found == list.end() ? -1 : static_cast<int>(found - list.begin());
}

}  // namespace

Conditions::Conditions(const Results& results)
    : methods_(methods_of(results)),
      row_types_(results),
      types_(row_types_.numbers()),
      levels_(values_of(results, &ResultRow::level)),
      runs_(values_of(results, &ResultRow::run)) {
  methods_left_out_ = cut(methods_, kMaxMethods);
  const std::size_t columns = methods_.size() * types_.size();
  if (levels_.size() > 1 && columns * levels_.size() > kMaxConditions) {
    levels_averaged_ = true;
    levels_ = {0};
  }
  if (results.kind == ResultsKind::kGradCon) {
    types_left_out_ = cut(types_, kMaxClasses);
  } else if (columns > kMaxConditions) {
    types_left_out_ = cut(types_, kMaxConditions / methods_.size());
  }
}

int Conditions::method_at(const std::string& method) const {
  return place_of(methods_, method);
}

int Conditions::type_at(int type) const {
  const auto found = std::lower_bound(types_.begin(), types_.end(), type);
  return found == types_.end() || *found != type ? -1 : static_cast<int>(found - types_.begin());
}

int Conditions::level_at(int level) const {
  return levels_averaged_ ? 0 : place_of(levels_, level);
}

}  // namespace gradspace
