// Gradients into the caller's rows.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "capi/input_images.h"
#include "capi/objects.h"
#include "capi/workers.h"
#include "gradspace/gradient.h"

namespace gradspace::capi {
namespace {

/// Images that are worked on together at the most, and the bytes of their pixels and rows, unless one alone has more.
constexpr std::size_t kMostExtracted = 64;
constexpr std::size_t kMostExtractedBytes = std::size_t{1} << 24;

/// The caller's arrays, checked.
struct Rows {
  float* features;
  std::size_t stride;
  std::size_t dimension;
  float* bce;
  float* kld;
  gradspace_status* statuses;

  float* row(std::size_t i) const { return features + i * stride; }
  bool is_contiguous() const { return stride == dimension; }

  /// Zeros, and why.
  void put_failure(std::size_t i, gradspace_status status) const {
    if (features != nullptr) {
      std::fill_n(row(i), dimension, 0.0F);
    }
    put_losses(i, 0, 0);
    put_status(i, status);
  }
  void put_losses(std::size_t i, float bce_of_image, float kld_of_image) const {
    if (bce != nullptr) {
      bce[i] = bce_of_image;
    }
    if (kld != nullptr) {
      kld[i] = kld_of_image;
    }
  }
  void put_status(std::size_t i, gradspace_status status) const {
    if (statuses != nullptr) {
      statuses[i] = status;
    }
  }
};

Rows rows_of(const gradspace_gradients& gradients, std::size_t dimension, std::size_t count) {
  const std::size_t stride = gradients.row_stride == 0 ? dimension : gradients.row_stride;
  if (stride < dimension) {
    throw InvalidArgument(fmt::format(
        "rows of {} numbers lie {} apart; at least as many are wanted", dimension, stride));
  }
  if (gradients.features != nullptr && count > 0) {
    // Divided, not multiplied: a product might be more than there are numbers.
    const bool has_room =
        gradients.capacity >= dimension && (gradients.capacity - dimension) / stride >= count - 1;
    if (!has_room) {
      throw InvalidArgument(fmt::format("{} rows of {} numbers, {} apart, do not fit into {}",
                                        count, dimension, stride, gradients.capacity));
    }
  }
  return {gradients.features, stride, dimension, gradients.bce, gradients.kld, gradients.statuses};
}

/// Extracts on one thread.
class ExtractWorker {
 public:
  ExtractWorker(const Model& model, std::vector<FeatureBlock> blocks)
      : backend_(make_native_backend(model, std::move(blocks))),
        dimension_(gradspace::dimension(backend_->blocks())),
        reader_(model.spec.input.width, model.spec.input.height, model.spec.input.channels,
                decoding_in(model.metadata).value_or(Decoding::kExact)) {}

  std::size_t most_at_a_time() const {
    const std::size_t bytes = reader_.size() + dimension_ * sizeof(float);
    return std::clamp<std::size_t>(kMostExtractedBytes / bytes, 1, kMostExtracted);
  }

  void extract(const InputImages& images, std::size_t begin, std::size_t end, const Rows& rows,
               FirstFailure& failure) {
    read(images, begin, end, rows, failure);
    const std::size_t count = read_.size();
    if (count == 0) {
      return;
    }
    GradientOutputs outputs;
    const bool straight = rows.is_contiguous() && count == end - begin;
    if (rows.features != nullptr) {
      outputs.features = straight ? std::span(rows.row(begin), count * dimension_)
                                  : room(features_, count * dimension_);
    }
    outputs.bce = rows.bce != nullptr ? room(bce_, count) : std::span<float>();
    outputs.kld = rows.kld != nullptr ? room(kld_, count) : std::span<float>();
    backend_->run(ImageBatch::of_u8(std::span(pixels_).first(count * reader_.size()), count),
                  outputs);
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t i = read_[k];
      if (rows.features != nullptr && !straight) {
        std::copy_n(features_.data() + k * dimension_, dimension_, rows.row(i));
      }
      rows.put_losses(i, rows.bce != nullptr ? bce_[k] : 0, rows.kld != nullptr ? kld_[k] : 0);
      rows.put_status(i, GRADSPACE_OK);
    }
  }

 private:
  static std::span<float> room(std::vector<float>& values, std::size_t count) {
    values.resize(std::max(values.size(), count));
    return std::span(values).first(count);
  }

  void read(const InputImages& images, std::size_t begin, std::size_t end, const Rows& rows,
            FirstFailure& failure) {
    const std::size_t size = reader_.size();
    pixels_.resize(std::max(pixels_.size(), (end - begin) * size));
    read_.clear();
    for (std::size_t i = begin; i < end; ++i) {
      try {
        images.fit(i, reader_, copied_, std::span(pixels_).subspan(read_.size() * size, size));
        read_.push_back(i);
      } catch (const std::exception&) {
        rows.put_failure(i, failure.note_current(i));
      }
    }
  }

  std::unique_ptr<GradientBackend> backend_;
  std::size_t dimension_;
  FixedSizeReader reader_;
  // Memory that lives on from call to call.
  std::vector<std::uint8_t> copied_;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::size_t> read_;
  std::vector<float> features_;
  std::vector<float> bce_;
  std::vector<float> kld_;
};

class ExtractorObject : public Object {
 public:
  static constexpr const char* kKind = "extractor";

  ExtractorObject(const std::shared_ptr<ModelObject>& model, std::vector<FeatureBlock> wanted,
                  std::int32_t threads)
      : Object(kKind),
        blocks(std::move(wanted)),
        dimension(gradspace::dimension(blocks)),
        workers_([model,
                  asked = blocks] { return std::make_unique<ExtractWorker>(model->value, asked); },
                 threads) {}

  gradspace_status extract(const char* function, const InputImages& images, const Rows& rows) {
    FirstFailure failure;
    try {
      extract_batches(images, rows, failure);
    } catch (const std::exception&) {  // of no single image
      const gradspace_status status = failure.note_current(0);
      for (std::size_t i = 0; i < images.count(); ++i) {
        rows.put_failure(i, status);
      }
    }
    return failure.report(function);
  }

  const std::vector<FeatureBlock> blocks;
  const std::size_t dimension;

 private:
  void extract_batches(const InputImages& images, const Rows& rows, FirstFailure& failure) {
    workers_.in_batches(images.count(), workers_.first().most_at_a_time(),
                        [&](ExtractWorker& worker, std::size_t begin, std::size_t end) {
                          worker.extract(images, begin, end, rows, failure);
                        });
  }

  Workers<ExtractWorker> workers_;
};

/// `images`: pointers to images, or paths.
template <typename Images>
gradspace_status extract_all(const char* function, gradspace_extractor* extractor,
                             const Images* images, std::size_t count,
                             const gradspace_gradients* gradients) {
  gradspace_status status = GRADSPACE_OK;
  const gradspace_status failed = guarded(function, [&] {
    const std::shared_ptr<ExtractorObject> object = find<ExtractorObject>(extractor);
    const InputImages inputs(images, count);
    require(gradients, "gradients");
    const gradspace_gradients known =
        known_options(gradients, sizeof(gradspace_gradients), "gradients");
    const Rows rows = rows_of(known, object->dimension, count);
    const Exclusive alone(*object);
    status = object->extract(function, inputs, rows);
  });
  return failed != GRADSPACE_OK ? failed : status;
}

}  // namespace
}  // namespace gradspace::capi

using namespace gradspace::capi;  // NOLINT(google-build-using-namespace): C functions have none

extern "C" {

gradspace_status gradspace_extractor_new(const gradspace_model* model, const char* features,
                                         int32_t threads, gradspace_extractor** extractor) {
  return guarded("gradspace_extractor_new", [&] {
    const std::shared_ptr<ModelObject> object = find<ModelObject>(model);
    require(extractor, "the place for the handle");
    const gradspace::Model& held = object->value;
    const std::string request =
        features != nullptr ? features : gradspace::proposed_features(held.spec);
    give<ExtractorObject>(extractor, object,
                          gradspace::parse_features(request, held.spec, held.members()), threads);
  });
}

gradspace_status gradspace_extractor_dimension(const gradspace_extractor* extractor,
                                               size_t* dimension) {
  return guarded("gradspace_extractor_dimension", [&] {
    const std::shared_ptr<ExtractorObject> object = find<ExtractorObject>(extractor);
    require(dimension, "dimension");
    *dimension = object->dimension;
  });
}

gradspace_status gradspace_extractor_blocks(const gradspace_extractor* extractor,
                                            gradspace_block* blocks, size_t capacity,
                                            size_t* count) {
  return guarded("gradspace_extractor_blocks", [&] {
    const std::shared_ptr<ExtractorObject> object = find<ExtractorObject>(extractor);
    require(count, "count");
    if (capacity > 0) {
      require(blocks, "blocks");
    }
    for (std::size_t i = 0; i < std::min(capacity, object->blocks.size()); ++i) {
      const gradspace::FeatureBlock& block = object->blocks[i];
      blocks[i] = {};
      blocks[i].begin = block.begin;
      blocks[i].end = block.end;
      blocks[i].member = static_cast<std::int32_t>(block.member);
      copy_text(gradspace::text(block), blocks[i].name);
    }
    *count = object->blocks.size();
  });
}

gradspace_status gradspace_extract_images(gradspace_extractor* extractor,
                                          const gradspace_image* images, size_t count,
                                          const gradspace_gradients* gradients) {
  return extract_all("gradspace_extract_images", extractor, images, count, gradients);
}

gradspace_status gradspace_extract_paths(gradspace_extractor* extractor, const char* const* paths,
                                         size_t count, const gradspace_gradients* gradients) {
  return extract_all("gradspace_extract_paths", extractor, paths, count, gradients);
}

}  // extern "C"
