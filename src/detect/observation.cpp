#include "detect/observation.h"

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>

#include <algorithm>

#include "core/parallel.h"
#include "data/feature_columns.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

/// Images a thread observes at a time.
constexpr std::size_t kGrain = 64;

/// Throws InvalidArgument unless the bytes are whole images.
void take_pixels(const Extent& input, std::span<const std::uint8_t> images, Observations& result) {
  result.input = input;
  result.count = images.size() / input.size();
  if (result.count * input.size() != images.size()) {
    throw InvalidArgument(fmt::format("observe: {} bytes are no whole number of {}x{}x{} images",
                                      images.size(), input.width, input.height, input.channels));
  }
  result.pixels = images;
}

/// Makes room for what is needed of the images; what was there is written over.
void make_room(const ObservationNeeds& needs, const AutoencoderSpec& spec,
               std::span<const std::uint8_t> images, Observations& result) {
  take_pixels(spec.input, images, result);
  const std::size_t size = spec.input.size();
  result.latent = static_cast<std::size_t>(spec.latent);
  result.blocks = needs.blocks;
  result.bce.resize(result.count);
  result.kld.resize(result.count);
  result.gradients.resize(needs.gradients ? result.count * dimension(needs.blocks) : 0);
  result.norms.resize(needs.norms ? result.count * needs.blocks.size() : 0);
  result.mu.resize(needs.latent ? result.count * result.latent : 0);
  result.logvar.resize(needs.latent ? result.count * result.latent : 0);
  result.reconstruction.resize(needs.reconstruction ? result.count * size : 0);
  result.squared_error.resize(needs.alignment ? result.count : 0);
  result.cosine.resize(needs.alignment ? result.count : 0);
}

/// The rows [first, first + count) of a table of `total` rows.
template <typename Value>
std::span<Value> rows(std::vector<Value>& values, std::size_t total, std::size_t first,
                      std::size_t count) {
  const std::size_t width = total == 0 ? 0 : values.size() / total;
  return std::span(values).subspan(first * width, count * width);
}

void observe_rows(GradientBackend& backend, Observations& result, std::size_t first,
                  std::size_t count) {
  const std::size_t total = result.count;
  GradientOutputs outputs;
  outputs.features = rows(result.gradients, total, first, count);
  outputs.block_norms = rows(result.norms, total, first, count);
  outputs.bce = rows(result.bce, total, first, count);
  outputs.kld = rows(result.kld, total, first, count);
  outputs.mu = rows(result.mu, total, first, count);
  outputs.logvar = rows(result.logvar, total, first, count);
  outputs.reconstruction = rows(result.reconstruction, total, first, count);
  outputs.squared_error = rows(result.squared_error, total, first, count);
  outputs.cosine = rows(result.cosine, total, first, count);
  const std::size_t size = result.input.size();
  backend.run(ImageBatch::of_u8(result.pixels.subspan(first * size, count * size), count), outputs);
}

void require_blocks(const GradientBackend& backend, const ObservationNeeds& needs) {
  if (!std::ranges::equal(backend.blocks(), needs.blocks)) {
    throw InvalidArgument("observe: the backend computes other features than the detector needs");
  }
}

/// Where a block stands among those observed.
std::size_t position_of(const Observations& observations, const FeatureBlock& block,
                        bool is_there) {
  const auto found = std::ranges::find_if(observations.blocks, [&](const FeatureBlock& other) {
    return other.layer == block.layer && other.loss == block.loss;
  });
  if (found == observations.blocks.end() || !is_there) {
    throw InvalidArgument(
        fmt::format("detector: {} was not observed, which it needs", text(block)));
  }
  return static_cast<std::size_t>(found - observations.blocks.begin());
}

/// Rows of a table of `total`.
template <typename Value>
std::vector<Value> selected(std::span<const Value> values, std::size_t total,
                            std::span<const std::uint32_t> positions) {
  const std::size_t width = total == 0 ? 0 : values.size() / total;
  std::vector<Value> result;
  result.reserve(width * positions.size());
  for (const std::uint32_t position : positions) {
    const auto row = values.subspan(position * width, width);
    result.insert(result.end(), row.begin(), row.end());
  }
  return result;
}

}  // namespace

ObservationNeeds merge(const ObservationNeeds& a, const ObservationNeeds& b) {
  ObservationNeeds merged = a;
  for (const FeatureBlock& block : b.blocks) {
    const bool known = std::ranges::any_of(merged.blocks, [&](const FeatureBlock& other) {
      return other.layer == block.layer && other.loss == block.loss;
    });
    if (!known) {
      append_block(merged.blocks, block);
    }
  }
  merged.gradients = a.gradients || b.gradients;
  merged.norms = a.norms || b.norms;
  merged.latent = a.latent || b.latent;
  merged.reconstruction = a.reconstruction || b.reconstruction;
  merged.alignment = a.alignment || b.alignment;
  return merged;
}

void observe_into(GradientBackend& backend, const ObservationNeeds& needs,
                  const AutoencoderSpec& spec, std::span<const std::uint8_t> images_u8_nhwc,
                  Observations& result) {
  require_blocks(backend, needs);
  make_room(needs, spec, images_u8_nhwc, result);
  if (result.count > 0) {
    observe_rows(backend, result, 0, result.count);
  }
}

void require_input(const Extent& input, std::string_view what) {
  constexpr int kMaxSide = 4096;
  const auto is_side = [](int side) { return side >= 1 && side <= kMaxSide; };
  if ((input.channels != 1 && input.channels != 3) || !is_side(input.height) ||
      !is_side(input.width)) {
    throw InvalidArgument(
        fmt::format("{}: images of {} channels and {}x{} pixels; wanted are 1 or 3 channels and "
                    "sides from 1 to {}",
                    what, input.channels, input.width, input.height, kMaxSide));
  }
}

void observe_pixels_into(const Extent& input, std::span<const std::uint8_t> images_u8_nhwc,
                         Observations& result) {
  take_pixels(input, images_u8_nhwc, result);
}

Observations observe_pixels(const Extent& input, std::span<const std::uint8_t> images_u8_nhwc) {
  Observations result;
  observe_pixels_into(input, images_u8_nhwc, result);
  return result;
}

BackendFactoryOf native_backends(const Model* model) {
  if (model == nullptr) {
    return {};
  }
  return [model](std::vector<FeatureBlock> blocks) {
    return make_native_backend(*model, std::move(blocks));
  };
}

Observations observe_by(const BackendFactoryOf& make_backend, const ObservationNeeds& needs,
                        const AutoencoderSpec& spec, std::span<const std::uint8_t> images_u8_nhwc) {
  return make_backend
             ? observe([&] { return make_backend(needs.blocks); }, needs, spec, images_u8_nhwc)
             : observe_pixels(spec.input, images_u8_nhwc);
}

Observations observe(GradientBackend& backend, const ObservationNeeds& needs,
                     const AutoencoderSpec& spec, std::span<const std::uint8_t> images_u8_nhwc) {
  Observations result;
  observe_into(backend, needs, spec, images_u8_nhwc, result);
  return result;
}

Observations observe(const std::function<std::unique_ptr<GradientBackend>()>& make_backend,
                     const ObservationNeeds& needs, const AutoencoderSpec& spec,
                     std::span<const std::uint8_t> images_u8_nhwc) {
  Observations result;
  make_room(needs, spec, images_u8_nhwc, result);
  tbb::enumerable_thread_specific<std::unique_ptr<GradientBackend>> backends([&] {
    auto backend = make_backend();
    require_blocks(*backend, needs);
    return backend;
  });
  parallel_for_ranges(result.count, kGrain, [&](std::size_t begin, std::size_t end) {
    observe_rows(*backends.local(), result, begin, end - begin);
  });
  return result;
}

FeatureView gradient_rows(const Observations& observations, std::span<const FeatureBlock> wanted,
                          std::vector<float>& gathered) {
  const std::size_t observed = dimension(observations.blocks);
  const std::size_t columns = dimension(wanted);
  const bool is_there = observations.gradients.size() == observations.count * observed;
  const auto column_of = [&](const FeatureBlock& block) {
    return observations.blocks[position_of(observations, block, is_there)].begin;
  };
  const std::size_t first = wanted.empty() ? 0 : column_of(wanted.front());
  const float* const values = observations.gradients.data();
  if (std::ranges::all_of(wanted, [&](const FeatureBlock& block) {
        return column_of(block) == first + block.begin;
      })) {
    return {values + first, observations.count, columns, observed};
  }
  gathered.resize(observations.count * columns);
  for (const FeatureBlock& block : wanted) {
    const std::size_t from = column_of(block);
    for (std::size_t i = 0; i < observations.count; ++i) {
      std::copy_n(values + i * observed + from, block.end - block.begin,
                  gathered.data() + i * columns + block.begin);
    }
  }
  return {gathered.data(), observations.count, columns, columns};
}

ObservedGradients gradients_of(const Observations& observations,
                               std::span<const FeatureBlock> wanted) {
  std::vector<float> gathered;
  const FeatureView rows = gradient_rows(observations, wanted, gathered);
  return gathered.empty() ? ObservedGradients(rows)
                          : ObservedGradients(std::move(gathered), rows.rows, rows.dimension);
}

void norms_into(const Observations& observations, std::span<const FeatureBlock> wanted,
                std::vector<float>& norms) {
  const std::size_t observed = observations.blocks.size();
  norms.resize(observations.count * wanted.size());
  const bool is_there = observations.norms.size() == observations.count * observed;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const std::size_t position = position_of(observations, wanted[k], is_there);
    for (std::size_t i = 0; i < observations.count; ++i) {
      norms[i * wanted.size() + k] = observations.norms[i * observed + position];
    }
  }
}

std::vector<float> norms_of(const Observations& observations,
                            std::span<const FeatureBlock> wanted) {
  std::vector<float> norms;
  norms_into(observations, wanted, norms);
  return norms;
}

Observations select(const Observations& all, std::span<const std::uint32_t> positions) {
  Observations part;
  part.input = all.input;
  part.count = positions.size();
  part.latent = all.latent;
  part.blocks = all.blocks;
  const auto pixels =
      std::make_shared<const std::vector<std::uint8_t>>(selected(all.pixels, all.count, positions));
  part.pixels = *pixels;
  part.pixels_owner = pixels;
  part.bce = selected<float>(all.bce, all.count, positions);
  part.kld = selected<float>(all.kld, all.count, positions);
  part.gradients = selected<float>(all.gradients, all.count, positions);
  part.norms = selected<float>(all.norms, all.count, positions);
  part.mu = selected<float>(all.mu, all.count, positions);
  part.logvar = selected<float>(all.logvar, all.count, positions);
  part.reconstruction = selected<float>(all.reconstruction, all.count, positions);
  part.squared_error = selected<double>(all.squared_error, all.count, positions);
  part.cosine = selected<double>(all.cosine, all.count, positions);
  return part;
}

}  // namespace gradspace
