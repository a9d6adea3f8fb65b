#include "photograph/committee.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Clean rows around 0, damaged ones around 2 in the first number; `folds` folds.
LabelledRows rows_of(std::size_t count, std::uint32_t folds) {
  Random random(1);
  LabelledRows rows;
  for (std::size_t i = 0; i < count; ++i) {
    const bool damaged = i % 2 == 1;
    const float row[] = {static_cast<float>(random.normal() + (damaged ? 2 : 0)),
                         static_cast<float>(random.normal()), 5};
    rows.add(row, damaged, static_cast<std::uint32_t>(i / 2 % folds));
  }
  return rows;
}

CommitteeOptions quick(std::uint32_t folds) {
  CommitteeOptions options;
  options.folds = folds;
  options.epochs = 20;
  return options;
}

TEST(Committee, TellsDamagedRowsItHasNotSeen) {
  const LabelledRows rows = rows_of(600, 3);
  const Committee committee = Committee::fit(rows, quick(3), "rows");
  const std::vector<double> scores = committee.score_left_out(rows);
  std::size_t right = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    right += (scores[i] > 0) == (rows.damaged[i] != 0) ? 1 : 0;
  }
  EXPECT_GT(right, 600 * 0.78) << "the best possible is 0.84";
  const std::vector<double> all = committee.score(rows.values);
  EXPECT_EQ(all.size(), rows.count());
}

TEST(Committee, JudgesEachFoldByTheNetworkThatDidNotSeeIt) {
  const LabelledRows rows = rows_of(120, 3);
  const Committee committee = Committee::fit(rows, quick(3), "rows");
  const std::vector<double> left_out = committee.score_left_out(rows);
  TensorMap tensors;
  committee.store(tensors);
  for (std::uint32_t k = 0; k < 3; ++k) {
    TensorMap alone;
    const std::string prefix = fmt::format("network.{}.", k);
    for (const auto& [name, tensor] : tensors) {
      if (name.starts_with(prefix)) {
        alone["network.0." + name.substr(prefix.size())] = tensor;
      } else if (!name.starts_with("network.")) {
        alone[name] = tensor;
      }
    }
    const std::vector<double> own = Committee::load(alone).score(rows.values);
    for (std::size_t i = 0; i < rows.count(); ++i) {
      if (rows.fold[i] == k) {
        EXPECT_EQ(left_out[i], own[i]);
      }
    }
  }
}

TEST(Committee, LearnsNothingFromAFoldButWhenToStop) {
  const LabelledRows rows = rows_of(120, 3);
  LabelledRows doubled = rows;  // rows of fold 0 twice: only the other networks learn from them
  for (std::size_t i = 0; i < rows.count(); ++i) {
    if (rows.fold[i] == 0 && rows.damaged[i] != 0) {
      doubled.add(rows.row(i), true, 0);
    }
  }
  const auto weights = [](const LabelledRows& all, const char* name) {
    TensorMap tensors;
    Committee::fit(all, quick(3), "rows").store(tensors);
    return tensors.at(name).values;
  };
  EXPECT_EQ(weights(doubled, "network.0.0.weight"), weights(rows, "network.0.0.weight"));
  EXPECT_NE(weights(doubled, "network.1.0.weight"), weights(rows, "network.1.0.weight"));
}

TEST(Committee, ScoresARowAlikeWhateverStandsBesideIt) {
  const LabelledRows rows = rows_of(230, 2);
  const Committee committee = Committee::fit(rows, quick(2), "rows");
  const std::vector<double> together = committee.score(rows.values);
  for (std::size_t i = 0; i < rows.count(); ++i) {
    EXPECT_EQ(committee.score(rows.row(i)).front(), together[i]) << i;
  }
}

TEST(Committee, ComesBackFromItsTensors) {
  const LabelledRows rows = rows_of(200, 2);
  const Committee committee = Committee::fit(rows, quick(2), "rows");
  TensorMap tensors;
  committee.store(tensors);
  EXPECT_EQ(Committee::load(tensors).score(rows.values), committee.score(rows.values));
  TensorMap without = tensors;
  without.erase("network.0.0.weight");
  EXPECT_THROW(Committee::load(without), InvalidArgument);
  EXPECT_THROW(Committee::load({}), InvalidArgument);
}

TEST(Committee, WantsBothKindsInEveryFold) {
  LabelledRows rows = rows_of(100, 2);
  std::fill(rows.fold.begin(), rows.fold.end(), 0U);
  EXPECT_THROW(Committee::fit(rows, quick(2), "rows"), InvalidArgument);
}

}  // namespace
}  // namespace gradspace
