#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>

#include "gradspace/error.h"
#include "gradspace/one_class.h"

namespace gradspace {
namespace {

/// Images a thread observes at a time.
constexpr std::size_t kGrain = 64;

/// Observations with room for `count` images of what is needed.
Observations with_room(const ObservationNeeds& needs, const AutoencoderSpec& spec,
                       std::span<const std::uint8_t> images) {
  const std::size_t size = spec.input.size();
  Observations result;
  result.input = spec.input;
  result.count = images.size() / size;
  if (result.count * size != images.size()) {
    throw InvalidArgument(fmt::format("observe: {} bytes are no whole number of {}x{}x{} images",
                                      images.size(), spec.input.width, spec.input.height,
                                      spec.input.channels));
  }
  result.latent = static_cast<std::size_t>(spec.latent);
  result.blocks = needs.blocks;
  result.pixels.assign(images.begin(), images.end());
  result.bce.resize(result.count);
  result.kld.resize(result.count);
  result.gradients.resize(needs.gradients ? result.count * dimension(needs.blocks) : 0);
  result.norms.resize(needs.norms ? result.count * needs.blocks.size() : 0);
  result.mu.resize(needs.latent ? result.count * result.latent : 0);
  result.logvar.resize(needs.latent ? result.count * result.latent : 0);
  result.reconstruction.resize(needs.reconstruction ? result.count * size : 0);
  return result;
}

/// The rows [first, first + count) of a table of `total` rows.
std::span<float> rows(std::vector<float>& values, std::size_t total, std::size_t first,
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
  backend.run({count, result.pixels.data() + first * result.input.size(), nullptr}, outputs);
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

template <typename Value>
std::vector<Value> selected(const std::vector<Value>& values, std::size_t total,
                            std::span<const std::uint32_t> positions) {
  const std::size_t width = total == 0 ? 0 : values.size() / total;
  std::vector<Value> result;
  result.reserve(width * positions.size());
  for (const std::uint32_t position : positions) {
    const auto row = std::span(values).subspan(position * width, width);
    result.insert(result.end(), row.begin(), row.end());
  }
  return result;
}

}  // namespace

ObservationNeeds merge(const ObservationNeeds& a, const ObservationNeeds& b) {
  ObservationNeeds merged = a;
  for (FeatureBlock block : b.blocks) {
    const bool known = std::ranges::any_of(merged.blocks, [&](const FeatureBlock& other) {
      return other.layer == block.layer && other.loss == block.loss;
    });
    if (!known) {
      const std::size_t width = block.end - block.begin;
      block.begin = dimension(merged.blocks);
      block.end = block.begin + width;
      merged.blocks.push_back(block);
    }
  }
  merged.gradients = a.gradients || b.gradients;
  merged.norms = a.norms || b.norms;
  merged.latent = a.latent || b.latent;
  merged.reconstruction = a.reconstruction || b.reconstruction;
  return merged;
}

Observations observe(GradientBackend& backend, const ObservationNeeds& needs,
                     const AutoencoderSpec& spec, std::span<const std::uint8_t> images_u8_nhwc) {
  require_blocks(backend, needs);
  Observations result = with_room(needs, spec, images_u8_nhwc);
  if (result.count > 0) {
    observe_rows(backend, result, 0, result.count);
  }
  return result;
}

Observations observe(const std::function<std::unique_ptr<GradientBackend>()>& make_backend,
                     const ObservationNeeds& needs, const AutoencoderSpec& spec,
                     std::span<const std::uint8_t> images_u8_nhwc) {
  Observations result = with_room(needs, spec, images_u8_nhwc);
  tbb::enumerable_thread_specific<std::unique_ptr<GradientBackend>> backends([&] {
    auto backend = make_backend();
    require_blocks(*backend, needs);
    return backend;
  });
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, result.count, kGrain),
                    [&](const auto& range) {
                      observe_rows(*backends.local(), result, range.begin(), range.size());
                    });
  return result;
}

std::vector<float> gradients_of(const Observations& observations,
                                std::span<const FeatureBlock> wanted) {
  const std::size_t observed = dimension(observations.blocks);
  const std::size_t columns = dimension(wanted);
  std::vector<float> result(observations.count * columns);
  const bool is_there = observations.gradients.size() == observations.count * observed;
  for (const FeatureBlock& block : wanted) {
    const std::size_t position = position_of(observations, block, is_there);
    const std::size_t from = observations.blocks[position].begin;
    for (std::size_t i = 0; i < observations.count; ++i) {
      std::copy_n(observations.gradients.data() + i * observed + from, block.end - block.begin,
                  result.data() + i * columns + block.begin);
    }
  }
  return result;
}

std::vector<float> norms_of(const Observations& observations,
                            std::span<const FeatureBlock> wanted) {
  const std::size_t observed = observations.blocks.size();
  std::vector<float> result(observations.count * wanted.size());
  const bool is_there = observations.norms.size() == observations.count * observed;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const std::size_t position = position_of(observations, wanted[k], is_there);
    for (std::size_t i = 0; i < observations.count; ++i) {
      result[i * wanted.size() + k] = observations.norms[i * observed + position];
    }
  }
  return result;
}

Observations select(const Observations& all, std::span<const std::uint32_t> positions) {
  Observations part;
  part.input = all.input;
  part.count = positions.size();
  part.latent = all.latent;
  part.blocks = all.blocks;
  part.pixels = selected(all.pixels, all.count, positions);
  part.bce = selected(all.bce, all.count, positions);
  part.kld = selected(all.kld, all.count, positions);
  part.gradients = selected(all.gradients, all.count, positions);
  part.norms = selected(all.norms, all.count, positions);
  part.mu = selected(all.mu, all.count, positions);
  part.logvar = selected(all.logvar, all.count, positions);
  part.reconstruction = selected(all.reconstruction, all.count, positions);
  return part;
}

}  // namespace gradspace
