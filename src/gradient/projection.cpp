#include "gradient/projection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

#include "core/random.h"
#include "data/feature_columns.h"
#include "gradspace/error.h"
#include "simd/matrix_product.h"

namespace gradspace {
namespace {

constexpr std::size_t kMostProjectionBytes = std::size_t{1} << 30;
/// So much of features is made before it is projected, that it is still in the cache then.
constexpr std::size_t kFeatureBytesAtATime = std::size_t{1} << 20;
/// As many images as the native engine has at a time, and a multiple of it.
constexpr std::size_t kFewestImages = 16;

class ProjectedBackend final : public GradientBackend {
 public:
  ProjectedBackend(const Model& model, std::vector<FeatureBlock> blocks,
                   std::unique_ptr<GradientBackend> inner,
                   std::shared_ptr<const RandomProjection> projection)
      : spec_(model.spec),
        blocks_(std::move(blocks)),
        inner_(std::move(inner)),
        projection_(std::move(projection)) {}

  std::span<const FeatureBlock> blocks() const override { return blocks_; }

  void run(const ImageBatch& batch, const GradientOutputs& outputs) override {
    check_run(batch, outputs, blocks_, spec_);
    if (!outputs.block_norms.empty()) {
      throw InvalidArgument("gradients: a projection of features has no norms of blocks");
    }
    if (outputs.features.empty()) {
      inner_->run(batch, outputs);
      return;
    }
    const std::size_t at_a_time =
        std::max(kFeatureBytesAtATime / (projection_->dimension() * sizeof(float)) / kFewestImages,
                 std::size_t{1}) *
        kFewestImages;
    for (std::size_t first = 0; first < batch.count(); first += at_a_time) {
      run_some(batch, first, std::min(at_a_time, batch.count() - first), outputs);
    }
  }

 private:
  void run_some(const ImageBatch& batch, std::size_t first, std::size_t n,
                const GradientOutputs& outputs) {
    const std::size_t image = spec_.input.size();
    const auto latent = static_cast<std::size_t>(spec_.latent);
    const auto some = [&](auto all, std::size_t width) {
      return all.empty() ? all : all.subspan(first * width, n * width);
    };
    rows_.resize(std::max(rows_.size(), n * projection_->dimension()));
    GradientOutputs part;
    part.features = std::span(rows_).first(n * projection_->dimension());
    part.bce = some(outputs.bce, 1);
    part.kld = some(outputs.kld, 1);
    part.mu = some(outputs.mu, latent);
    part.logvar = some(outputs.logvar, latent);
    part.reconstruction = some(outputs.reconstruction, image);
    part.squared_error = some(outputs.squared_error, 1);
    part.cosine = some(outputs.cosine, 1);
    inner_->run(batch.f32_nchw().empty() ? ImageBatch::of_u8(some(batch.u8_nhwc(), image), n)
                                         : ImageBatch::of_float(some(batch.f32_nchw(), image), n),
                part);
    projection_->apply(part.features, some(outputs.features, projection_->columns()));
  }

  AutoencoderSpec spec_;
  std::vector<FeatureBlock> blocks_;
  std::unique_ptr<GradientBackend> inner_;
  std::shared_ptr<const RandomProjection> projection_;
  std::vector<float> rows_;  ///< of features, before they are projected
};

}  // namespace

RandomProjection::RandomProjection(std::size_t dimension, std::size_t columns, std::uint64_t seed)
    : dimension_(dimension),
      columns_(columns),
      scale_(static_cast<float>(1 / std::sqrt(static_cast<double>(columns)))) {
  if (dimension == 0 || columns == 0 ||
      columns > kMostProjectionBytes / sizeof(float) / dimension) {
    throw InvalidArgument(
        fmt::format("projection: {} features to {} columns; its matrix may have {} elements",
                    dimension, columns, kMostProjectionBytes / sizeof(float)));
  }
  constexpr std::size_t kBits = 64;
  constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15U;
  signs_ = make_aligned<float>(dimension * columns);
  std::uint64_t state = seed;
  for (std::size_t i = 0; i < dimension; ++i) {
    std::uint64_t word = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      word = c % kBits == 0 ? mix(state += kStep) : word >> 1;
      signs_[i * columns + c] = (word & 1U) != 0 ? -1.0F : 1.0F;
    }
  }
}

void RandomProjection::apply(std::span<const float> rows, std::span<float> out) const {
  const std::size_t n = rows.size() / dimension_;
  matrix_product(n, columns_, dimension_, {rows.data(), dimension_, 1}, signs_.get(), columns_,
                 out.data(), columns_);
  for (float& value : out) {
    value *= scale_;
  }
}

std::shared_ptr<const RandomProjection> shared_projection(std::size_t dimension,
                                                          std::size_t columns, std::uint64_t seed) {
  using Key = std::tuple<std::size_t, std::size_t, std::uint64_t>;
  static std::mutex mutex;
  static std::map<Key, std::weak_ptr<const RandomProjection>> known;
  const std::lock_guard lock(mutex);
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<const RandomProjection>& entry = known[{dimension, columns, seed}];
  std::shared_ptr<const RandomProjection> projection = entry.lock();
  if (projection == nullptr) {
    projection = std::make_shared<const RandomProjection>(dimension, columns, seed);
    entry = projection;
  }
  return projection;
}

std::vector<FeatureBlock> project_features(std::span<const FeatureBlock> blocks,
                                           std::size_t columns, std::uint64_t seed) {
  std::vector<FeatureBlock> projected;
  for (std::size_t member = 0; member < member_count(blocks); ++member) {
    const std::vector<FeatureBlock> own = blocks_of_member(blocks, member);
    if (own.empty()) {
      continue;
    }
    if (seed > std::numeric_limits<std::int64_t>::max()) {
      throw InvalidArgument(fmt::format("projection: seed {}: must be below 2^63", seed));
    }
    if (columns < 1 || columns >= dimension(own)) {
      throw InvalidArgument(fmt::format(
          "projection: to {} columns, but there are {} features, of which there must be "
          "more",
          columns, dimension(own)));
    }
    FeatureBlock block{kProjection, std::nullopt, 0, columns, member};
    block.projection = {text(own), dimension(own), seed};
    append_block(projected, std::move(block));
  }
  return projected;
}

std::unique_ptr<GradientBackend> make_projected_backend(const Model& model,
                                                        std::vector<FeatureBlock> blocks,
                                                        const MemberBackendFactory& make) {
  const auto found = std::ranges::find_if(
      blocks, [](const FeatureBlock& block) { return block.projection.has_value(); });
  if (found == blocks.end()) {
    return make(model, std::move(blocks));
  }
  if (blocks.size() > 1) {
    throw InvalidArgument("gradients: a projection of features stands beside other blocks");
  }
  const FeatureProjection& of = *found->projection;
  std::vector<FeatureBlock> inner = parse_features(of.features, model.spec);
  if (dimension(inner) != of.dimension || found->begin != 0 || found->end == 0) {
    throw InvalidArgument(
        fmt::format("gradients: a projection of {} features, but {} are {} of this model",
                    of.dimension, of.features, dimension(inner)));
  }
  std::shared_ptr<const RandomProjection> projection =
      shared_projection(of.dimension, found->end, of.seed);
  return std::make_unique<ProjectedBackend>(model, std::move(blocks), make(model, std::move(inner)),
                                            std::move(projection));
}

}  // namespace gradspace
