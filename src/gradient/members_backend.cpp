// Gradients of several autoencoders of one description, side by side in a row of features.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "data/feature_columns.h"
#include "gradspace/error.h"
#include "gradspace/gradient.h"

namespace gradspace {
namespace {

/// Copies rows of `width` values into wider rows.
void copy_rows(std::span<const float> rows, std::size_t width, float* out, std::size_t out_width) {
  for (std::size_t i = 0; i * width < rows.size(); ++i) {
    std::ranges::copy(rows.subspan(i * width, width), out + i * out_width);
  }
}

class MembersBackend final : public GradientBackend {
 public:
  MembersBackend(const Model& model, std::vector<FeatureBlock> blocks,
                 const MemberBackendFactory& make)
      : spec_(model.spec), blocks_(std::move(blocks)) {
    require_order(blocks_, model.members(), "features");
    for (std::size_t member = 0; member < member_count(blocks_); ++member) {
      std::vector<FeatureBlock> own = blocks_of_member(blocks_, member);
      if (own.empty() && !blocks_.empty()) {
        continue;
      }
      const auto first = std::ranges::find(blocks_, member, &FeatureBlock::member);
      const std::size_t column = first == blocks_.end() ? 0 : first->begin;
      members_.push_back({make(member_of(model, member), std::move(own)), column,
                          static_cast<std::size_t>(first - blocks_.begin())});
    }
  }

  std::span<const FeatureBlock> blocks() const override { return blocks_; }

  void run(const ImageBatch& batch, const GradientOutputs& outputs) override {
    check_run(batch, outputs, blocks_, spec_);
    require_possible(outputs);
    std::ranges::fill(outputs.bce, 0.0F);
    std::ranges::fill(outputs.kld, 0.0F);
    for (Member& member : members_) {
      run_member(member, batch, outputs);
    }
  }

 private:
  struct Member {
    std::unique_ptr<GradientBackend> backend;
    std::size_t first_column;
    std::size_t first_block;
  };

  static void require_possible(const GradientOutputs& outputs) {
    if (!outputs.mu.empty() || !outputs.logvar.empty() || !outputs.reconstruction.empty() ||
        !outputs.squared_error.empty() || !outputs.cosine.empty()) {
      throw InvalidArgument(
          "gradients: of several members together there are features and losses alone; "
          "observe each member by itself");
    }
  }

  void run_member(Member& member, const ImageBatch& batch, const GradientOutputs& outputs) {
    const std::size_t n = batch.count();
    const std::span<const FeatureBlock> own = member.backend->blocks();
    GradientOutputs part;
    part.features = room(features_, outputs.features.empty() ? 0 : n * dimension(own));
    part.block_norms = room(norms_, outputs.block_norms.empty() ? 0 : n * own.size());
    part.bce = room(bce_, outputs.bce.size());
    part.kld = room(kld_, outputs.kld.size());
    member.backend->run(batch, part);
    if (!part.features.empty()) {
      copy_rows(part.features, dimension(own), outputs.features.data() + member.first_column,
                dimension(blocks_));
    }
    if (!part.block_norms.empty()) {
      copy_rows(part.block_norms, own.size(), outputs.block_norms.data() + member.first_block,
                blocks_.size());
    }
    add_mean(part.bce, outputs.bce);
    add_mean(part.kld, outputs.kld);
  }

  static std::span<float> room(std::vector<float>& memory, std::size_t size) {
    memory.resize(std::max(memory.size(), size));
    return std::span(memory).first(size);
  }

  void add_mean(std::span<const float> part, std::span<float> mean) const {
    for (std::size_t i = 0; i < part.size(); ++i) {
      mean[i] += part[i] / static_cast<float>(members_.size());
    }
  }

  AutoencoderSpec spec_;
  std::vector<FeatureBlock> blocks_;
  std::vector<Member> members_;
  // One member's results; their memory lives on from call to call.
  std::vector<float> features_;
  std::vector<float> norms_;
  std::vector<float> bce_;
  std::vector<float> kld_;
};

}  // namespace

std::unique_ptr<GradientBackend> make_members_backend(const Model& model,
                                                      std::vector<FeatureBlock> blocks,
                                                      const MemberBackendFactory& make) {
  return std::make_unique<MembersBackend>(model, std::move(blocks), make);
}

}  // namespace gradspace
