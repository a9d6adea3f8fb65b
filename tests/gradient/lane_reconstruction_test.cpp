#include "gradient/lane_reconstruction.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.h"
#include "gradient/lane_group.h"
#include "gradient/random_model.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

AutoencoderSpec spec_with_latent(int latent) {
  AutoencoderSpec spec;
  spec.input = {3, 9, 5};
  spec.down = {{5, 3, 2, 1}, {13, 3, 2, 1}};
  spec.latent = latent;
  spec.up = {{4, 3, 2, 1, 0}, {3, 3, 2, 1, 0}};
  return spec;
}

/// The engine that hands out rows is the oracle: bit for bit.
TEST(LaneReconstruction, IsThatOfTheBackend) {
  for (const int latent : {6, 0}) {
    const Model model = initialise(spec_with_latent(latent), 3);
    const std::size_t size = model.spec.input.size();
    for (const InstructionSet set : available_instruction_sets()) {
      const gradient::Kernels& kernels = gradient::kernels(set);
      const std::size_t count = kernels.lanes - kernels.lanes / 3;
      Random random(count);
      const std::vector<std::uint8_t> images = testing::draw_images(random, count * size);

      std::vector<float> reconstruction(count * size);
      std::vector<float> bce(count);
      std::vector<float> kld(count);
      GradientOutputs outputs;
      outputs.reconstruction = reconstruction;
      outputs.bce = bce;
      outputs.kld = kld;
      make_native_backend(model, {}, set)->run(ImageBatch::of_u8(images, count), outputs);

      gradient::LaneReconstruction engine(model, set);
      const gradient::ImageLoader loader(kernels, model.spec.input);
      loader.load({0, count}, images.data(), engine.images());
      const gradient::LaneReconstruction::Losses losses = engine.run();
      for (std::size_t lane = 0; lane < count; ++lane) {
        EXPECT_EQ(static_cast<float>(losses.bce[lane]), bce[lane]);
        EXPECT_EQ(static_cast<float>(losses.kld[lane]), kld[lane]);
        for (std::size_t i = 0; i < size; ++i) {
          ASSERT_EQ(engine.reconstructions()[i * kernels.lanes + lane],
                    reconstruction[lane * size + i]);
        }
      }
    }
  }
}

TEST(LaneReconstruction, HasNoneOfSeveralMembers) {
  const Model two =
      join_members({initialise(spec_with_latent(6), 1), initialise(spec_with_latent(6), 2)});
  EXPECT_THROW(gradient::LaneReconstruction{two}, InvalidArgument);
}

}  // namespace
}  // namespace gradspace
