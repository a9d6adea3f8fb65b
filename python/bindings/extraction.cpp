// Images to rows of features.
#include "extraction.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "conversions.h"
#include "gradspace/backends.h"
#include "gradspace/decoding.h"
#include "gradspace/error.h"
#include "gradspace/extract.h"
#include "gradspace/gradient.h"
#include "gradspace/scorer.h"
#include "gradspace/source.h"
#include "gradspace/threads.h"
#include "gradspace/tiles.h"
#include "job.h"
#include "work.h"

namespace gradspace::python {
namespace {

namespace py = pybind11;

/// Where rows go: [n, dimension] and [n] each, or null where they are not wanted.
struct Rows {
  float* features = nullptr;
  float* bce = nullptr;
  float* kld = nullptr;
  std::size_t dimension = 0;

  GradientOutputs outputs(std::size_t first, std::size_t count) const {
    GradientOutputs outputs;
    if (dimension > 0) {
      outputs.features = {features + first * dimension, count * dimension};
    }
    if (bce != nullptr) {
      outputs.bce = {bce + first, count};
      outputs.kld = {kld + first, count};
    }
    return outputs;
  }
};

/// As many as LibTorch's backend takes in a pass on a graphics card.
constexpr std::size_t kTorchPiece = 1024;

/// Backends for one request for features, kept from call to call. Thread-safe.
class Extractor {
 public:
  Extractor(std::shared_ptr<Model> model, const std::string& request, const BackendChoice& backend)
      : model_(std::move(model)),
        blocks_(parse_features(request, model_->spec, model_->members())),
        decoding_(decoding_in(model_->metadata).value_or(Decoding::kExact)),
        most_(backend.name == "native" ? kNativePiece : kTorchPiece),
        backends_([this, backend] { return make_gradient_backend(backend, *model_, blocks_); }) {}

  std::size_t width() const { return dimension(blocks_); }
  const Extent& input() const { return model_->spec.input; }
  Decoding decoding() const { return decoding_; }

  /// Rows of images that are there as the model wants them.
  void run(const ImageBatch& all, const Rows& rows, int threads, Job* job) {
    const std::size_t bytes = input().size();
    in_turn(all.count(), threads, job, [&](GradientBackend& backend) -> PieceWork {
      return [&, bytes](std::size_t first, std::size_t count) {
        const ImageBatch part =
            all.f32_nchw().empty()
                ? ImageBatch::of_u8(all.u8_nhwc().subspan(first * bytes, count * bytes), count)
                : ImageBatch::of_float(all.f32_nchw().subspan(first * bytes, count * bytes), count);
        backend.run(part, rows.outputs(first, count));
      };
    });
  }

  /// Rows of images that `fill` brings to the model's size.
  using Fill = std::function<void(std::size_t i, FixedSizeReader& reader, std::span<std::uint8_t>)>;
  void run(std::size_t images, const Fill& fill, const Rows& rows, int threads, Job* job) {
    const std::size_t bytes = input().size();
    in_turn(images, threads, job, [&](GradientBackend& backend) -> PieceWork {
      const auto reader = std::make_shared<FixedSizeReader>(input().width, input().height,
                                                            input().channels, decoding_);
      const auto pixels = std::make_shared<std::vector<std::uint8_t>>();
      return [&, bytes, reader, pixels](std::size_t first, std::size_t count) {
        pixels->assign(count * bytes, 0);
        for (std::size_t i = 0; i < count; ++i) {
          fill(first + i, *reader, std::span(*pixels).subspan(i * bytes, bytes));
        }
        backend.run(ImageBatch::of_u8(*pixels, count), rows.outputs(first, count));
      };
    });
  }

 private:
  void in_turn(std::size_t count, int threads, Job* job,
               const std::function<PieceWork(GradientBackend&)>& begin) {
    std::atomic<std::size_t> done = 0;
    const auto begin_with_backend = [&]() -> PieceWork {
      const std::shared_ptr<GradientBackend> backend = backends_.lend();
      const PieceWork work = begin(*backend);
      return [&, backend, work](std::size_t first, std::size_t images) {
        work(first, images);
        if (job != nullptr) {
          job->progress(done += images, count);
        }
      };
    };
    in_pieces(count, piece_of(count, threads, most_), threads, begin_with_backend,
              [&] { return job != nullptr && job->stop_requested(); });
  }

  std::shared_ptr<Model> model_;
  std::vector<FeatureBlock> blocks_;
  Decoding decoding_;
  std::size_t most_;
  Pool<GradientBackend> backends_;
};

/// A backend refuses a pixel by its image's number in the piece that it was given: throws what names it in the whole.
void refuse_pixels(std::span<const float> values, std::size_t image_size) {
  const auto bad =
      std::ranges::find_if(values, [](float value) { return !(value >= 0 && value <= 1); });
  if (bad != values.end()) {
    const auto image = static_cast<std::size_t>(bad - values.begin()) / image_size;
    throw InvalidArgument("images: image " + std::to_string(image) + " has the pixel value " +
                          std::to_string(*bad) + "; values must be within 0 to 1");
  }
}

/// Views Python's output arrays; these are checked there, and once more here, because memory hangs on it.
Rows rows_of(const Extractor& extractor, std::size_t count, py::array_t<float>& features,
             std::optional<py::array_t<float>>& losses) {
  const auto n = static_cast<py::ssize_t>(count);
  const auto width = static_cast<py::ssize_t>(extractor.width());
  const auto fits = [](const py::array_t<float>& array, py::ssize_t rows, py::ssize_t columns) {
    return array.ndim() == 2 && array.shape(0) == rows && array.shape(1) == columns &&
           (array.flags() & py::array::c_style) != 0;
  };
  if (!fits(features, n, width) || (losses && !fits(*losses, 2, n))) {
    throw InvalidArgument("out: of shape " + shape_of(features) + ", where contiguous [" +
                          std::to_string(n) + ", " + std::to_string(width) + "] is wanted");
  }
  Rows rows;
  rows.dimension = extractor.width();
  rows.features = features.mutable_data();
  if (losses) {
    rows.bce = losses->mutable_data();
    rows.kld = rows.bce + n;
  }
  return rows;
}

/// Does the work at once where it is of few pixels, else watched.
void do_work(std::size_t bytes, std::size_t images, const py::object& watcher,
             const std::function<void(Job*)>& work) {
  if (bytes <= kFewBytes) {
    {
      const py::gil_scoped_release release;
      work(nullptr);
    }
    watcher.attr("progress")(images, images, "");
    return;
  }
  Job job(watcher);
  job.run([&] { work(&job); });
}

void extract_arrays(Extractor& extractor, const py::object& images, py::array_t<float>& features,
                    std::optional<py::array_t<float>> losses, int threads,
                    const py::object& watcher) {
  const ArrayImages arrays = array_images(images);
  const std::size_t count = arrays.images.size();
  const Rows rows = rows_of(extractor, count, features, losses);
  const auto contiguous = arrays.contiguous(extractor.input());
  do_work(count * extractor.input().size(), count, watcher, [&](Job* job) {
    if (contiguous) {
      extractor.run(ImageBatch::of_u8(*contiguous, count), rows, threads, job);
      return;
    }
    const auto fill = [&](std::size_t i, FixedSizeReader& reader, std::span<std::uint8_t> out) {
      thread_local std::vector<std::uint8_t> packed;
      reader.fit(arrays.images[i].view(packed), out);
    };
    extractor.run(count, fill, rows, threads, job);
  });
}

void extract_floats(Extractor& extractor, const py::array_t<float, py::array::c_style>& images,
                    py::array_t<float>& features, std::optional<py::array_t<float>> losses,
                    int threads, const py::object& watcher) {
  const Extent& input = extractor.input();
  if (images.ndim() != 4 || images.shape(1) != input.channels || images.shape(2) != input.height ||
      images.shape(3) != input.width) {
    throw InvalidArgument("images: floats of shape " + shape_of(images) + ", where [n, " +
                          std::to_string(input.channels) + ", " + std::to_string(input.height) +
                          ", " + std::to_string(input.width) + "] is wanted");
  }
  const auto count = static_cast<std::size_t>(images.shape(0));
  const Rows rows = rows_of(extractor, count, features, losses);
  if (count == 0) {
    return;
  }
  const std::span<const float> values(images.data(), count * input.size());
  do_work(count * input.size(), count, watcher, [&](Job* job) {
    try {
      extractor.run(ImageBatch::of_float(values, count), rows, threads, job);
    } catch (const InvalidArgument&) {
      refuse_pixels(values, input.size());
      throw;
    }
  });
}

/// Rows of images that can't be read are NaN, and told of as failures.
void extract_source(Extractor& extractor, const SharedSource& source, py::array_t<float>& features,
                    std::optional<py::array_t<float>> losses, int threads,
                    const py::object& watcher) {
  const std::size_t count = source->size();
  const Rows rows = rows_of(extractor, count, features, losses);
  std::mutex mutex;
  std::map<std::size_t, std::string> failures;
  Job job(watcher);
  job.run([&] {
    const auto fill = [&](std::size_t i, FixedSizeReader& reader, std::span<std::uint8_t> out) {
      try {
        source->load_fitted(i, reader, out);
      } catch (const Error& error) {
        const std::lock_guard lock(mutex);
        failures.emplace(i, error.what());
      }
    };
    extractor.run(count, fill, rows, threads, &job);
    constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();
    for (const auto& [i, line] : failures) {
      job.tell("failure", line);
      std::fill_n(rows.features + i * rows.dimension, rows.dimension, kNothing);
      if (losses) {
        rows.bce[i] = kNothing;
        rows.kld[i] = kNothing;
      }
    }
  });
  if (failures.size() == count) {
    throw FormatError(failures.begin()->second);
  }
}

/// Tiles instead of whole images, as the command's `extract --tiles` draws them.
struct TileRequest {
  TileDraw draw;
  std::size_t each = 0;  ///< tiles of a photograph; 0 = as many as the library thinks fit
  std::string kind = "auto";
};

std::optional<TileRequest> tile_request_of(const Settings& settings, const Extent& input) {
  std::string size;
  settings.take("tiles", size);
  if (size.empty()) {
    return std::nullopt;
  }
  TileRequest request;
  request.draw.tiling = parse_tiling(size);
  settings.take("kind", request.kind);
  settings.take("tiles_per_image", request.each);
  settings.take("seed", request.draw.seed);
  request.draw.require_size(input.width, input.height, "extract");
  return request;
}

/// What is extracted from, and what the set records of its tiles.
struct ExtractedImages {
  std::shared_ptr<Source> source;
  std::string tiles_json = {};
};

ExtractedImages drawn_tiles(const Model& model, const std::string& path, TileRequest request) {
  require_exact_decoding(model, "extract");
  std::unique_ptr<Source> photographs = open_source(path, parse_source_kind(request.kind));
  TileDraw& draw = request.draw;
  draw.per_image = tiles_per_image(request.each, photographs->size());
  return {draw_tiles(std::move(photographs), draw), tile_draw_record(draw)};
}

/// The columns that are asked for, projected where that is asked for.
std::vector<FeatureBlock> columns_of(const Settings& settings, const Model& model) {
  std::string features;
  std::size_t project = 0;
  std::uint64_t seed = 0;
  settings.take("features", features);
  settings.take("project", project);
  settings.take("project_seed", seed);
  std::vector<FeatureBlock> blocks = parse_features(features, model.spec, model.members());
  return project == 0 ? blocks : project_features(blocks, project, seed);
}

/// As the command's `extract` does.
void extract_to_set(const Model& model, const SharedSource& images, const py::dict& values,
                    const py::object& watcher) {
  const Settings settings(values);
  const std::optional<TileRequest> tiles = tile_request_of(settings, model.spec.input);
  std::string out;
  std::string source_text;
  std::string options_json;
  FeatureType type = FeatureType::kFloat32;
  BackendChoice backend;
  ExtractOptions options;
  settings.take("out", out);
  settings.take("source_text", source_text);
  settings.take("options_json", options_json);
  settings.take_parsed("dtype", type, parse_feature_type);
  settings.take("backend", backend.name);
  settings.take("device", backend.device);
  settings.take("batch", options.batch);
  settings.take("threads", options.threads);
  backend.validate();
  options.validate();
  const std::vector<FeatureBlock> blocks = columns_of(settings, model);
  Job job(watcher);
  job.run([&] {
    const ExtractedImages extracted =
        tiles ? drawn_tiles(model, source_text, *tiles) : ExtractedImages{images};
    const Source& source = *extracted.source;
    FeatureSetMeta meta;
    run_with_threads(options.threads, [&] {
      meta = describe_extraction(source, source_text, blocks, fingerprint(model), options_json);
    });
    meta.tiles_json = extracted.tiles_json;
    meta.decoding = decoding_in(model.metadata).value_or(Decoding::kExact);
    meta.type = type;
    FeatureSetWriter writer(out, meta);
    extract_features(
        source, model.spec.input, [&] { return make_gradient_backend(backend, model, blocks); },
        writer, options, job.observer());
  });
}

}  // namespace

std::size_t piece_of(std::size_t count, int threads, std::size_t most) {
  constexpr std::size_t kLanes = 16;  // images that the engine works on together
  if (threads >= 0 && count <= kLanes) {
    return kLanes;
  }
  const std::size_t share = count / (4 * static_cast<std::size_t>(thread_count(threads))) + 1;
  return std::min(most, (share + kLanes - 1) / kLanes * kLanes);
}

void bind_extraction(py::module_& module) {
  py::class_<Extractor>(module, "Extractor")
      .def(py::init([](std::shared_ptr<Model> model, const std::string& request,
                       const std::string& backend, const std::string& device) {
        const BackendChoice choice{backend, device};
        choice.validate();
        return std::make_unique<Extractor>(std::move(model), request, choice);
      }))
      .def_property_readonly("width", &Extractor::width)
      .def("arrays", &extract_arrays)
      .def("floats", &extract_floats)
      .def("source", &extract_source);
  module.def("extract_to_set", &extract_to_set);
}

}  // namespace gradspace::python
