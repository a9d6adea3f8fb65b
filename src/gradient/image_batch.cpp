#include <fmt/format.h>

#include <algorithm>

#include "gradspace/error.h"
#include "gradspace/gradient.h"

namespace gradspace {
namespace {

void require_images(std::size_t values, std::size_t count) {
  if (count == 0 ? values != 0 : values == 0 || values % count != 0) {
    throw InvalidArgument(fmt::format("a batch of {} images can't have {} values", count, values));
  }
}

void require_output(std::string_view what, std::size_t size, std::size_t images, std::size_t each) {
  if (size != 0 && size != images * each) {
    throw InvalidArgument(fmt::format("gradients: output {} holds {} values; {} images want {}",
                                      what, size, images, images * each));
  }
}

bool is_pixel(float value) {
  return value >= 0 && value <= 1;
}

void require_pixels(std::span<const float> values, std::size_t image_size) {
  bool inside = true;
  for (const float value : values) {  // without an early end: this the compiler makes fast
    inside &= is_pixel(value);
  }
  if (!inside) {
    const auto at =
        static_cast<std::size_t>(std::ranges::find_if_not(values, is_pixel) - values.begin());
    throw InvalidArgument(fmt::format(
        "gradients: image {} has the pixel value {} at {}; values must be within 0 to 1",
        at / image_size, values[at], at % image_size));
  }
}

}  // namespace

ImageBatch ImageBatch::of_u8(std::span<const std::uint8_t> images_nhwc, std::size_t count) {
  require_images(images_nhwc.size(), count);
  ImageBatch batch;
  batch.count_ = count;
  batch.u8_nhwc_ = images_nhwc;
  return batch;
}

ImageBatch ImageBatch::of_float(std::span<const float> images_nchw, std::size_t count) {
  require_images(images_nchw.size(), count);
  ImageBatch batch;
  batch.count_ = count;
  batch.f32_nchw_ = images_nchw;
  return batch;
}

void check_run(const ImageBatch& batch, const GradientOutputs& outputs,
               std::span<const FeatureBlock> blocks, const AutoencoderSpec& spec) {
  const std::size_t n = batch.count();
  const std::size_t image = spec.input.size();
  const std::size_t values = batch.u8_nhwc().size() + batch.f32_nchw().size();
  if (values != n * image) {
    throw InvalidArgument(fmt::format("gradients: {} images of {} values; the model takes {} each",
                                      n, values / n, image));
  }
  const auto latent = static_cast<std::size_t>(spec.latent);
  require_output("features", outputs.features.size(), n, dimension(blocks));
  require_output("block_norms", outputs.block_norms.size(), n, blocks.size());
  require_output("bce", outputs.bce.size(), n, 1);
  require_output("kld", outputs.kld.size(), n, 1);
  require_output("mu", outputs.mu.size(), n, latent);
  require_output("logvar", outputs.logvar.size(), n, latent);
  require_output("reconstruction", outputs.reconstruction.size(), n, image);
  require_output("squared_error", outputs.squared_error.size(), n, 1);
  require_output("cosine", outputs.cosine.size(), n, 1);
  require_pixels(batch.f32_nchw(), image);
}

}  // namespace gradspace
