// Models: files, descriptions, training.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "conversions.h"
#include "gradspace/backends.h"
#include "gradspace/decoding.h"
#include "gradspace/error.h"
#include "gradspace/gradcon.h"
#include "gradspace/gradient.h"
#include "gradspace/model.h"
#include "gradspace/source.h"
#include "gradspace/threads.h"
#include "gradspace/tiles.h"
#include "gradspace/train.h"
#include "gradspace/train_members.h"
#include "gradspace/training_images.h"
#include "job.h"

namespace gradspace::python {
namespace {

namespace py = pybind11;

using SharedModel = std::shared_ptr<Model>;

py::array array_of_tensor(const Tensor& tensor) {
  return py::array_t<float>(std::vector<py::ssize_t>(tensor.shape.begin(), tensor.shape.end()),
                            tensor.values.data());
}

py::dict weights_of(const TensorMap& tensors) {
  py::dict result;
  for (const auto& [name, tensor] : tensors) {
    result[text_of(name)] = array_of_tensor(tensor);
  }
  return result;
}

/// What a pickled model is made of again: the bytes of its file, and what it knows of the file it was read from, by
/// which detectors know it.
py::tuple state_of(const Model& model, const std::string& scratch) {
  const std::string bytes =
      written_bytes(scratch, [&](const std::filesystem::path& file) { write_model(file, model); });
  return py::make_tuple(py::bytes(bytes), model.file.sha256, model.file.content);
}

SharedModel model_of_state(const std::string& file, const std::string& sha256,
                           std::uint64_t content) {
  auto model = std::make_shared<Model>(read_model(file));
  if (!sha256.empty()) {
    model->file = {sha256, content};
  }
  return model;
}

struct Training {
  AutoencoderSpec spec;
  TrainOptions options;
  BackendChoice backend;
  TrainingSources sources;
  Decoding decoding = Decoding::kExact;
  std::size_t members = 1;
  int threads = 0;
  std::optional<GradConOptions> gradcon;  ///< where GradCon's objective is trained
};

/// The options of GradCon's objective, and the autoencoder and loop that it has by default.
void take_gradcon(const Settings& settings, Training& training) {
  GradConOptions& gradcon = training.gradcon.emplace();
  int channels = 1;
  int latent = 0;
  settings.take("channels", channels);
  settings.take("latent", latent);
  settings.take("alignment", gradcon.alignment);
  settings.take("kld_weight", gradcon.kld_weight);
  settings.take("mean_of_loss", gradcon.mean_of_loss);
  gradcon.validate();
  training.spec = gradcon_autoencoder(channels, latent);
  training.options = gradcon_training();
}

Training training_of(const py::dict& values) {
  const Settings settings(values);
  Training training;
  bool is_gradcon = false;
  settings.take("gradcon", is_gradcon);
  if (is_gradcon) {
    take_gradcon(settings, training);
  }
  settings.take_parsed("spec", training.spec, [](const std::string& json) {
    return parse_autoencoder_spec(json, "spec");
  });
  settings.take("epochs", training.options.epochs);
  settings.take("batch", training.options.batch);
  settings.take("learning_rate", training.options.learning_rate);
  settings.take("beta", training.options.beta);
  settings.take("seed", training.options.seed);
  settings.take_parsed("checkpoint", training.options.checkpoint,
                       [](const std::string& path) { return std::filesystem::path(path); });
  settings.take("resume", training.options.resume);
  settings.take_parsed("log_folder", training.options.log_folder,
                       [](const std::string& path) { return std::filesystem::path(path); });
  settings.take("backend", training.backend.name);
  settings.take("device", training.backend.device);
  settings.take("members", training.members);
  settings.take("threads", training.threads);
  settings.take("data", training.sources.data);
  settings.take("validation", training.sources.validation);
  settings.take("kind", training.sources.kind);
  settings.take("object_class", training.sources.object_class);
  settings.take_parsed("hold_out", training.sources.hold_out, parse_hold_out);
  settings.take_parsed("tiles", training.sources.tiles, parse_tiling);
  settings.take("tiles_per_image", training.sources.tiles_per_image);
  settings.take_parsed("decode", training.decoding,
                       [](const std::string& word) { return parse_decoding(word, "decode"); });
  training.sources.seed = training.options.seed;
  training.options.backend = training.backend.text();
  training.backend.validate();
  training.options.validate();
  return training;
}

ImageStore stored(const Source& source, const Training& training, Job& job) {
  return ImageStore(
      source, training.spec.input,
      [&](std::size_t done, std::size_t total) {
        job.progress(done, total, "images read");
        if (job.stop_requested()) {
          throw Error("training: stopped");
        }
      },
      training.decoding);
}

MembersResult train_on(const Source& images, const Source& validation, const Training& training,
                       Job& job) {
  const std::string remark =
      shrinking_remark(images, training.spec.input.width, training.spec.input.height);
  if (!remark.empty() && !training.sources.tiles) {
    job.tell("remark", remark);
  }
  const ImageStore train_store = stored(images, training, job);
  const ImageStore validation_store = stored(validation, training, job);
  for (const ImageStore* store : {&train_store, &validation_store}) {
    for (const std::string& line : store->failures()) {
      job.tell("failure", line);
    }
  }
  TrainObserver observer;
  observer.on_step = [&](const TrainProgress& progress) {
    job.progress(progress.images_done, progress.images_total,
                 "epoch " + std::to_string(progress.epoch) + "/" + std::to_string(progress.epochs));
  };
  observer.stop_requested = [&] { return job.stop_requested(); };
  if (training.gradcon) {
    TrainResult result = train_gradcon(training.spec, train_store, validation_store,
                                       training.options, *training.gradcon, observer);
    Model model = std::exchange(result.model, {});
    const bool stopped = result.stopped;
    return {std::move(model), {std::move(result)}, stopped};
  }
  const auto make_backend = [&](const Model& initial, const TrainOptions& own) {
    return make_training_backend(training.backend, initial, own);
  };
  return train_members(training.spec, train_store, validation_store, make_backend, training.options,
                       training.members, observer);
}

MembersResult train_on_paths(const Training& training, Job& job) {
  const TrainingSets sets = open_training_sets(training.sources);
  for (const std::string& remark : sets.remarks) {
    if (!remark.empty()) {
      job.tell("remark", remark);
    }
  }
  return train_on(*sets.training, *sets.validation, training, job);
}

/// The trained model, and a CSV of each member's epochs. `images` and `validation` are sources, or None, where the
/// settings have their paths.
py::tuple train(const py::dict& settings, const Source* images, const Source* validation,
                const py::object& watcher) {
  const Training training = training_of(settings);
  MembersResult result;
  Job job(watcher);
  job.run([&] {
    run_with_threads(training.threads, [&] {
      result = images == nullptr ? train_on_paths(training, job)
                                 : train_on(*images, *validation, training, job);
    });
  });
  if (training.sources.tiles) {
    const Tiling& tiles = *training.sources.tiles;
    const std::size_t each = training.sources.tiles_per_image;
    result.model.metadata["tiles"] =
        "{\"per_image\":" + (each > 0 ? std::to_string(each) : "null") + ",\"size\":[" +
        std::to_string(tiles.width) + "," + std::to_string(tiles.height) + "],\"stride\":null}";
  }
  py::list histories;
  for (const TrainResult& member : result.members) {
    histories.append(training_csv(member.epochs));
  }
  return py::make_tuple(std::make_shared<Model>(std::move(result.model)), histories);
}

py::list feature_columns_of(const std::vector<FeatureBlock>& blocks) {
  py::list result;
  for (const FeatureBlock& block : blocks) {
    result.append(py::make_tuple(text(block), block.begin, block.end));
  }
  return result;
}

SharedModel initialised(const std::string& spec, std::uint64_t seed) {
  return std::make_shared<Model>(
      initialise(spec.empty() ? AutoencoderSpec() : parse_autoencoder_spec(spec, "spec"), seed));
}

}  // namespace

void bind_models(py::module_& module) {
  const auto without_gil = py::call_guard<py::gil_scoped_release>();
  py::class_<Model, SharedModel>(module, "Model")
      .def_property_readonly("input",
                             [](const Model& model) {
                               const Extent& input = model.spec.input;
                               return py::make_tuple(input.channels, input.height, input.width);
                             })
      .def_property_readonly("latent", [](const Model& model) { return model.spec.latent; })
      .def_property_readonly("members", &Model::members)
      .def_property_readonly("spec_json", [](const Model& model) { return to_json(model.spec); })
      .def_property_readonly("metadata",
                             [](const Model& model) {
                               py::dict result;
                               for (const auto& [key, value] : model.metadata) {
                                 result[text_of(key)] = text_of(value);
                               }
                               return result;
                             })
      .def_property_readonly("weights",
                             [](const Model& model) { return weights_of(model.weights); })
      .def("fingerprint", &fingerprint, without_gil)
      .def("save",
           [](const Model& model, const std::string& path) {
             const py::gil_scoped_release release;
             write_model(path, model);
           })
      .def("state", &state_of);
  module.def("read_model", [](const std::string& path) {
    const py::gil_scoped_release release;
    return std::make_shared<Model>(read_model(path));
  });
  module.def("import_checkpoint", [](const std::string& path) {
    const py::gil_scoped_release release;
    return std::make_shared<Model>(import_pytorch_checkpoint(path));
  });
  module.def("model_of_state", &model_of_state);
  module.def("initialise", &initialised);
  module.def("spec_for", [](const std::string& text, int channels) {
    const PixelSize size = parse_pixel_size(text);
    return to_json(autoencoder_for(size.width, size.height, channels));
  });
  module.def("train", &train);
  module.def("proposed_features", [](const Model& model) { return proposed_features(model.spec); });
  module.def("columns", [](const Model& model, const std::string& request) {
    return feature_columns_of(parse_features(request, model.spec, model.members()));
  });
}

}  // namespace gradspace::python
