// The moments of feature sets: made of their rows, added along a tree.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gradspace/error.h"
#include "gradspace/moments.h"
#include "moments/piece_sum.h"

namespace gradspace {
namespace {

/// Columns of scores have quantiles as losses have.
bool is_score(const FeatureBlock& block) {
  return block.layer == "score" || block.layer == "p_value";
}

void require_alike(const FeatureMoments& a, const FeatureMoments& b) {
  const bool same_columns = a.meta.columns == b.meta.columns;
  if (!same_columns || a.meta.model_sha256 != b.meta.model_sha256 ||
      a.meta.decoding != b.meta.decoding) {
    throw InvalidArgument(fmt::format("moments: {} and {} are of {}", a.meta.source, b.meta.source,
                                      same_columns ? "different models" : "different columns"));
  }
}

FeatureMoments of_no_rows(const FeatureSetMeta& meta, MomentsKind kind) {
  const std::size_t columns = dimension(meta.columns);
  if (columns == 0) {
    throw InvalidArgument("moments: of a set without columns");
  }
  FeatureMoments moments;
  moments.meta = meta;
  moments.meta.source_digest.clear();
  moments.meta.files_state.clear();
  moments.moments = Moments::of_none(kind, columns);
  return moments;
}

}  // namespace

void FeatureMoments::add(const FeatureMoments& later) {
  require_alike(*this, later);
  moments.add(later.moments);
  failures += later.failures;
  meta.source_images += later.meta.source_images;
  for (const auto& [set, others] : later.quantiles) {
    for (const auto& [what, sketch] : others) {
      quantiles[set][what].add(sketch);
    }
  }
}

struct MomentsBuilder::State {
  State(FeatureMoments summed, std::vector<float> waiting)
      : result(std::move(summed)), piece(std::move(waiting)) {
    const std::size_t columns = result.moments.columns();
    if (columns == 0 || piece.size() % columns != 0 ||
        piece.size() >= kMomentsPieceRows * columns ||
        result.moments.rows % kMomentsPieceRows != 0) {
      throw InvalidArgument(
          fmt::format("moments: of {} rows, and {} values of {} columns that wait, none can go on",
                      result.moments.rows, piece.size(), columns));
    }
    std::ranges::copy_if(result.meta.columns, std::back_inserter(scores), is_score);
  }

  void add_quantiles(const FeatureRow& row, std::span<const float> features) {
    if (last_quantiles == nullptr || last_set != row.image.set) {
      last_set = row.image.set;
      last_quantiles = &result.quantiles[last_set];
    }
    (*last_quantiles)["bce"].add(row.bce);
    (*last_quantiles)["kld"].add(row.kld);
    for (const FeatureBlock& score : scores) {
      (*last_quantiles)[score.layer].add(features[score.begin]);
    }
  }

  void flush() {
    if (!piece.empty()) {
      add_piece(result.moments, piece);
      piece.clear();
    }
  }

  FeatureMoments result;
  std::vector<FeatureBlock> scores;
  std::vector<float> piece;  ///< rows that wait for others
  std::string last_set;
  FeatureMoments::Quantiles* last_quantiles = nullptr;
};

MomentsBuilder::MomentsBuilder(const FeatureSetMeta& meta, MomentsKind kind)
    : state_(std::make_unique<State>(of_no_rows(meta, kind), std::vector<float>())) {}

MomentsBuilder::MomentsBuilder(FeatureMoments summed, std::vector<float> waiting)
    : state_(std::make_unique<State>(std::move(summed), std::move(waiting))) {}

MomentsBuilder::~MomentsBuilder() = default;

void MomentsBuilder::append(std::span<const FeatureRow> rows, std::span<const float> features) {
  State& state = *state_;
  const std::size_t columns = state.result.moments.columns();
  if (features.size() != rows.size() * columns) {
    throw InvalidArgument(
        fmt::format("moments: {} values for {} rows of {}", features.size(), rows.size(), columns));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::span<const float> values = features.subspan(i * columns, columns);
    state.add_quantiles(rows[i], values);
    state.piece.insert(state.piece.end(), values.begin(), values.end());
    if (state.piece.size() == kMomentsPieceRows * columns) {
      state.flush();
    }
  }
}

void MomentsBuilder::add_failures(std::uint64_t count) {
  state_->result.failures += count;
}

const FeatureMoments& MomentsBuilder::summed() const {
  return state_->result;
}

std::span<const float> MomentsBuilder::waiting() const {
  return state_->piece;
}

std::uint64_t MomentsBuilder::rows() const {
  const Moments& moments = state_->result.moments;
  return moments.rows + state_->piece.size() / moments.columns();
}

FeatureMoments MomentsBuilder::finish() {
  state_->flush();
  FeatureMoments& result = state_->result;
  if (result.moments.rows == 0) {
    throw InvalidArgument("moments: not one row");
  }
  result.meta.source_images = result.moments.rows + result.failures;
  return std::move(result);
}

void MomentsTree::add(std::optional<FeatureMoments> shard) {
  nodes_.push_back({1, std::move(shard)});
  while (nodes_.size() > 1 && nodes_[nodes_.size() - 2].shards == nodes_.back().shards) {
    join_last();
  }
}

FeatureMoments MomentsTree::finish() {
  while (nodes_.size() > 1) {
    join_last();
  }
  if (nodes_.empty() || !nodes_.front().sum) {
    throw InvalidArgument("moments: of no shard");
  }
  FeatureMoments sum = *std::move(nodes_.front().sum);
  nodes_.clear();
  return sum;
}

void MomentsTree::join_last() {
  Node right = std::move(nodes_.back());
  nodes_.pop_back();
  Node& left = nodes_.back();
  left.shards += right.shards;
  if (!left.sum) {
    left.sum = std::move(right.sum);
  } else if (right.sum) {
    left.sum->add(*right.sum);
  }
}

}  // namespace gradspace
