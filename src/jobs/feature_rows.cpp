#include "jobs/feature_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/feature_columns.h"
#include "detect/decision.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

const FeatureBlock& find_block(const std::vector<FeatureBlock>& columns, std::string_view wanted,
                               std::size_t member) {
  const auto found = std::ranges::find_if(columns, [&](FeatureBlock block) {
    return block.member == member && (block.member = 0, text(block) == wanted);
  });
  if (found == columns.end()) {
    throw InvalidArgument(
        fmt::format("features: \"{}\" is not in the set, which holds {}", wanted, text(columns)));
  }
  return *found;
}

}  // namespace

std::vector<FeatureBlock> choose_columns(const std::vector<FeatureBlock>& columns,
                                         const std::string& features) {
  if (features.empty()) {
    check_columns(columns, member_count(columns));
    return columns;
  }
  const std::size_t members = member_count(columns);
  std::vector<FeatureBlock> chosen;
  for (std::size_t member = 0; member < members; ++member) {
    for (const FeatureTerm& term : parse_feature_terms(features, members)) {
      if (term.is_of(member)) {
        append_block(chosen, find_block(columns, term.text, member));
      }
    }
  }
  check_columns(chosen, member_count(chosen));
  return chosen;
}

namespace {

Rows copied(const FeatureView& all, std::span<const std::uint32_t> positions) {
  Rows rows{{}, all.dimension};
  for (const std::uint32_t position : positions) {
    const auto row = all.row(position);
    rows.values.insert(rows.values.end(), row.begin(), row.end());
  }
  return rows;
}

}  // namespace

ClassData class_data(const Detector& detector, const FeatureSet& training,
                     const FeatureSet* validation, std::uint64_t seed, HoldOutOf what,
                     const std::string& which) {
  ClassData data;
  data.training = detector_views(detector, training, which);
  if (validation != nullptr) {
    data.validation = detector_views(detector, *validation, which + " validation set");
    return data;
  }
  const HeldOutPositions positions = hold_out_positions(data.training.front().rows, seed, what);
  for (FeatureView& rows : data.training) {
    const FeatureView all = rows;
    rows = data.held.emplace_back(copied(all, positions.kept)).view();
    data.validation.push_back(data.held.emplace_back(copied(all, positions.held)).view());
  }
  return data;
}

}  // namespace gradspace
