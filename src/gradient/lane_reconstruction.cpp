#include "gradient/lane_reconstruction.h"

#include "gradspace/error.h"

namespace gradspace::gradient {
namespace {

const Model& of_one_member(const Model& model) {
  if (model.members() > 1) {
    throw InvalidArgument("gradients: several members together have no reconstruction");
  }
  return model;
}

}  // namespace

LaneReconstruction::LaneReconstruction(const Model& model, InstructionSet set)
    : kernels_(kernels(set)),
      network_(of_one_member(model), kernels_, /*sampled=*/false),
      walk_(network_),
      reconstructions_(allocate_floats(network_.image_size() * kernels_.lanes)) {}

LaneReconstruction::Losses LaneReconstruction::run() {
  Losses losses;
  walk_.forward(0, network_.encoder_end());
  if (network_.bottleneck()) {
    walk_.forward(network_.fc11());
    walk_.forward(network_.fc12());
    kernels_.kld({network_.latent(), walk_.output(network_.fc11()), walk_.output(network_.fc12()),
                  losses.kld.data()});
  }
  walk_.forward(network_.decoder_begin(), network_.output_layer());
  OutputCall call;
  call.reconstruction = reconstructions_.get();
  call.bce = losses.bce.data();
  walk_.forward_last(call);
  return losses;
}

}  // namespace gradspace::gradient
