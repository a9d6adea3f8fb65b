// The engine's kernels. Outputs stay in lanes, as they do between layers; weight gradients leave them for rows of
// their own, as features do.
#include "gradient/lane_group.h"
#include "gradient/network.h"
#include "rival.h"

namespace gradspace::rivals {
namespace {

InstructionSet chosen_set = InstructionSet::kBest;

/// The images of one lane group.
struct Group {
  Group(const gradient::Network& network, gradient::LaneGroup lane_group, std::size_t outputs)
      : lanes(lane_group),
        walk(network),
        output_gradient(gradient::allocate_floats(outputs * network.kernels().lanes)) {}

  gradient::LaneGroup lanes;
  gradient::Walk walk;
  gradient::AlignedFloats output_gradient;
};

class GradspaceLayer final : public RivalLayer {
 public:
  explicit GradspaceLayer(const LayerCase& layer)
      : case_(layer),
        kernels_(gradient::kernels(chosen_set)),
        network_(measured_model(), kernels_, /*sampled=*/false),
        slab_(gradient::allocate_floats(network_.slab_size() * kernels_.lanes)),
        gradients_(layer.images * layer.weight.size()) {
    for (std::size_t first = 0; first < layer.images; first += kernels_.lanes) {
      const std::size_t count = std::min(kernels_.lanes, layer.images - first);
      Group& group =
          groups_.emplace_back(network_, gradient::LaneGroup{first, count}, layer.info.out.size());
      const std::size_t input = network_.layers()[layer.index].input;
      load_values(kernels_, group.lanes, layer.input.data(), layer.info.in.size(),
                  group.walk.tensor(input));
      load_values(kernels_, group.lanes, layer.output_gradient.data(), layer.info.out.size(),
                  group.output_gradient.get());
    }
  }

  void forward() override {
    for (Group& group : groups_) {
      group.walk.forward(case_.index);
    }
  }

  void weight_gradients() override {
    const gradient::WeightPlan& plan = network_.layers()[case_.index].weight;
    const std::size_t row = case_.weight.size();
    const std::size_t channel = row / static_cast<std::size_t>(case_.geometry.small.channels);
    for (Group& group : groups_) {
      for (const gradient::ChannelBlock& block : plan.small_blocks) {
        group.walk.weight_gradient(case_.index, block, group.output_gradient.get(), slab_.get(),
                                   /*accumulate=*/false);
        store_values(kernels_, group.lanes, slab_.get(),
                     static_cast<std::size_t>(block.size) * channel,
                     gradients_.data() + static_cast<std::size_t>(block.begin) * channel, row);
      }
    }
  }

  std::vector<float> output() override {
    const std::size_t row = case_.info.out.size();
    std::vector<float> rows(case_.images * row);
    for (Group& group : groups_) {
      store_values(kernels_, group.lanes, group.walk.output(case_.index), row, rows.data(), row);
    }
    return rows;
  }

  std::vector<float> gradients() override { return gradients_; }

 private:
  const LayerCase& case_;
  const gradient::Kernels& kernels_;
  gradient::Network network_;
  std::vector<Group> groups_;
  gradient::AlignedFloats slab_;
  std::vector<float> gradients_;
};

}  // namespace

void use_in_gradspace(InstructionSet set) {
  chosen_set = set;
}

std::unique_ptr<RivalLayer> make_gradspace_layer(const LayerCase& layer) {
  return std::make_unique<GradspaceLayer>(layer);
}

}  // namespace gradspace::rivals
