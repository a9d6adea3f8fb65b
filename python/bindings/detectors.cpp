// Detectors: files, fitting, scores.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "conversions.h"
#include "extraction.h"
#include "gradspace/detector.h"
#include "gradspace/error.h"
#include "gradspace/fit.h"
#include "gradspace/fit_features.h"
#include "gradspace/fit_settings.h"
#include "gradspace/one_class.h"
#include "gradspace/photograph.h"
#include "gradspace/score_files.h"
#include "gradspace/scorer.h"
#include "job.h"
#include "work.h"

namespace gradspace::python {
namespace {

namespace py = pybind11;

using SharedDetector = std::shared_ptr<Detector>;
using SharedModel = std::shared_ptr<Model>;

/// What images score, as arrays by name.
py::dict score_arrays_of(const std::vector<ImageScore>& scores) {
  const auto column = [&](auto member) {
    using T = std::remove_cvref_t<decltype(std::declval<ImageScore>().*member)>;
    py::array_t<T> values(static_cast<py::ssize_t>(scores.size()));
    T* out = values.mutable_data();
    for (const ImageScore& score : scores) {
      *out++ = score.*member;
    }
    return values;
  };
  py::dict result;
  result["score"] = column(&ImageScore::score);
  result["p_value"] = column(&ImageScore::p_value);
  result["bce"] = column(&ImageScore::bce);
  result["kld"] = column(&ImageScore::kld);
  result["out_of_distribution"] = column(&ImageScore::out_of_distribution);
  result["error"] = column(&ImageScore::error);
  result["cosine"] = column(&ImageScore::cosine);
  return result;
}

/// Scores images in memory; keeps its engines from call to call. Thread-safe.
class ArrayScorer {
 public:
  ArrayScorer(SharedDetector detector, SharedModel model)
      : detector_(std::move(detector)),
        model_(std::move(model)),
        by_tiles_(tiling_of(*detector_).has_value()),
        scorers_([this] {
          return std::make_unique<Scorer>(model_ ? Scorer(*model_, *detector_)
                                                 : Scorer(*detector_));
        }),
        photograph_scorers_(
            [this] { return std::make_unique<PhotographScorer>(model_.get(), *detector_); }) {
    if (by_tiles_) {  // so that what does not fit together is told before any image
      photograph_scorers_.lend();
    } else {
      scorers_.lend();
    }
  }

  py::dict score(const py::object& images, int threads, const py::object& watcher) {
    const ArrayImages arrays = array_images(images);
    const std::size_t count = arrays.images.size();
    std::vector<ImageScore> scores(count);
    std::atomic<std::size_t> done = 0;
    const auto work = [&](Job* job) {
      const auto begin = [&]() -> PieceWork {
        const PieceWork piece =
            by_tiles_ ? judge_photographs(arrays, scores) : judge(arrays, scores);
        return [&, piece, job](std::size_t first, std::size_t number) {
          piece(first, number);
          if (job != nullptr) {
            job->progress(done += number, count);
          }
        };
      };
      in_pieces(count, by_tiles_ ? 1 : piece_of(count, threads), threads, begin,
                [&] { return job != nullptr && job->stop_requested(); });
    };
    if (count <= kFewImages && !by_tiles_) {
      const py::gil_scoped_release release;
      work(nullptr);
    } else {
      Job job(watcher);
      job.run([&] { work(&job); });
    }
    return score_arrays_of(scores);
  }

  /// Of one photograph: its tiles' scores and p-values, [rows, columns] each.
  py::tuple map(const py::array& photograph) {
    const Image image = image_of(photograph, "photograph");
    PhotographScore score;
    {
      const py::gil_scoped_release release;
      if (!by_tiles_) {
        throw InvalidArgument("map: this detector looks at images whole, not at tiles");
      }
      score = photograph_scorers_.lend()->score(image);
    }
    const std::vector<py::ssize_t> shape = {score.rows, score.columns};
    return py::make_tuple(py::array_t<float>(shape, score.tile_scores.data()),
                          py::array_t<float>(shape, score.tile_p_values.data()));
  }

 private:
  PieceWork judge(const ArrayImages& arrays, std::vector<ImageScore>& scores) {
    return [&, scorer = scorers_.lend()](std::size_t first, std::size_t count) {
      std::vector<std::vector<std::uint8_t>> packed(count);
      std::vector<ImageView> views;
      views.reserve(count);
      for (std::size_t i = 0; i < count; ++i) {
        views.push_back(arrays.images[first + i].view(packed[i]));
      }
      scorer->score(views, std::span(scores).subspan(first, count));
    };
  }

  PieceWork judge_photographs(const ArrayImages& arrays, std::vector<ImageScore>& scores) {
    return [&, scorer = photograph_scorers_.lend()](std::size_t first, std::size_t count) {
      std::vector<std::uint8_t> packed;
      for (std::size_t i = first; i < first + count; ++i) {
        scores[i] =
            scorer->score(arrays.images[i].view(packed), "image " + std::to_string(i)).score;
      }
    };
  }

  SharedDetector detector_;
  SharedModel model_;
  bool by_tiles_;
  Pool<Scorer> scorers_;
  Pool<PhotographScorer> photograph_scorers_;
};

/// Scores files: `paths` one after the other as given where `listed`, else all images of the one source.
py::dict score_files(const Detector& detector, const Model* model,
                     const std::vector<std::string>& paths, bool listed, const py::dict& values,
                     const py::object& watcher) {
  const Settings settings(values);
  ScoreFilesOptions options;
  options.separator = '\0';
  settings.take("threads", options.threads);
  settings.take("hidden", options.source.hidden);
  settings.take_parsed("maps", options.maps,
                       [](const std::string& path) { return std::filesystem::path(path); });
  settings.take("backend", options.backend.name);
  settings.take("device", options.backend.device);
  std::vector<ImageScore> scores;
  std::vector<std::string> names;
  Job job(watcher);
  job.run([&] {
    FileScorer scorer =
        model == nullptr ? FileScorer(detector, options) : FileScorer(*model, detector, options);
    const auto on_image = [&](const ScoredImage& image) {
      if (image.ok()) {
        scores.push_back(image.score);
        names.push_back(image.path);
      } else {
        job.tell("failure", image.failure);
      }
    };
    if (!listed) {
      scorer.score(paths.front(), on_image, job.observer());
      return;
    }
    std::stringstream stream;
    for (const std::string& path : paths) {
      stream << path << '\0';
    }
    scorer.score(stream, on_image, job.observer());
  });
  py::dict result = score_arrays_of(scores);
  py::list list;
  for (const std::string& name : names) {
    list.append(text_of(name));
  }
  result["paths"] = list;
  return result;
}

FitSettings fit_settings_of(const Settings& values) {
  FitSettings settings;
  values.take("method", settings.method);
  values.take("false_alarms", settings.false_alarms);
  values.take("seed", settings.seed);
  values.take("threads", settings.threads);
  values.take("memory_gib", settings.memory_gib);
  values.take("distortions", settings.distortions);
  values.take_parsed("hold_out", settings.hold_out, parse_hold_out);
  values.take_parsed("tiles", settings.tiles, parse_tiling);
  values.take_parsed("stride", settings.stride, parse_pixel_size);
  values.take("features", settings.features);
  values.take("two_sided", settings.two_sided);
  values.take("epochs", settings.epochs);
  values.take("batch", settings.batch);
  values.take("learning_rate", settings.learning_rate);
  return settings;
}

SharedDetector fit_images(const Source& clean, const Source* validation, const Model* model,
                          const py::dict& values, const py::object& watcher) {
  const Settings settings(values);
  const FitSettings fit = fit_settings_of(settings);
  const OneClassOptions options = one_class_options(fit);
  options.validate();
  PixelSize size{AutoencoderSpec().input.width, AutoencoderSpec().input.height};
  settings.take_parsed("size", size, parse_pixel_size);
  Decoding decoding = Decoding::kExact;
  settings.take_parsed("decode", decoding,
                       [](const std::string& word) { return parse_decoding(word, "decode"); });
  SharedDetector detector;
  Job job(watcher);
  job.run([&] {
    const CleanSources sources{clean, validation, fit.hold_out, decoding};
    detector = std::make_shared<Detector>(
        model != nullptr ? fit_to_images(*model, sources, options, fit.threads, job.observer())
                         : fit_to_images(Extent{3, size.height, size.width}, sources, options,
                                         fit.threads, job.observer()));
  });
  return detector;
}

SharedDetector fit_by_tiles(const Source& clean, const Model* model, const py::dict& values,
                            const py::object& watcher) {
  const FitSettings settings = fit_settings_of(Settings(values));
  const PhotographOptions options = photograph_options(settings, model);
  SharedDetector detector;
  Job job(watcher);
  job.run([&] {
    detector = std::make_shared<Detector>(
        fit_photographs(model, clean, options, settings.threads, job.observer()));
  });
  return detector;
}

SharedDetector fit_classifier(const FeatureSet& inliers, const FeatureSet& outliers,
                              const FeatureSet* validation_inliers,
                              const FeatureSet* validation_outliers, const py::dict& values,
                              const py::object& watcher) {
  const FitOptions options = classifier_fit_options(fit_settings_of(Settings(values)));
  SharedDetector detector;
  Job job(watcher);
  job.run([&] {
    const auto epochs =
        static_cast<std::size_t>(options.classifier.epochs) * member_count(inliers.meta().columns);
    std::size_t done = 0;
    const auto on_epoch = [&](const ClassifierEpoch&) {
      job.progress(std::min(++done, epochs), epochs, "epochs");
      if (job.stop_requested()) {
        throw Error("fit: stopped");
      }
    };
    detector = std::make_shared<Detector>(fit_detector(
        {inliers, outliers, validation_inliers, validation_outliers}, options, on_epoch));
  });
  return detector;
}

SharedDetector fit_features(const FeatureSet& clean, const FeatureSet* validation,
                            const py::dict& values, const py::object& watcher) {
  const FeatureFitOptions options = feature_fit_options(fit_settings_of(Settings(values)));
  SharedDetector detector;
  Job job(watcher);
  job.run([&] {
    detector = std::make_shared<Detector>(fit_to_features({clean, validation}, options));
  });
  return detector;
}

void bind_detector_class(py::module_& module) {
  py::class_<Detector, SharedDetector>(module, "Detector")
      .def_property_readonly("method", [](const Detector& d) { return text_of(d.method); })
      .def_property_readonly("model_sha256",
                             [](const Detector& d) { return text_of(d.model_sha256); })
      .def_property_readonly("threshold", [](const Detector& d) { return d.threshold; })
      .def_property_readonly("features", [](const Detector& d) { return text(d.columns); })
      .def_property_readonly("calibration", [](const Detector& d) { return d.calibration; })
      .def_property_readonly("metadata",
                             [](const Detector& d) {
                               py::dict result;
                               for (const auto& [key, value] : d.metadata) {
                                 result[text_of(key)] = text_of(value);
                               }
                               return result;
                             })
      .def("with_threshold",
           [](const Detector& detector, double threshold) {
             auto other = std::make_shared<Detector>(detector);
             other->threshold = threshold;
             other->validate();
             return other;
           })
      .def("save",
           [](const Detector& detector, const std::string& path) {
             const py::gil_scoped_release release;
             write_detector(path, detector);
           })
      .def("state",
           [](const Detector& detector, const std::string& scratch) {
             return py::bytes(written_bytes(scratch, [&](const std::filesystem::path& file) {
               write_detector(file, detector);
             }));
           })
      .def("set_scores",
           [](const Detector& detector, const FeatureSet& set, const std::string& name) {
             return array_of([&] {
               const py::gil_scoped_release release;
               return detector_scores(detector, set, name);
             }());
           });
  module.def("read_detector", [](const std::string& path) {
    const py::gil_scoped_release release;
    return std::make_shared<Detector>(read_detector(path));
  });
}

template <typename Infos>
py::list methods_of(const Infos& infos, const char* kind) {
  py::list result;
  for (const auto& info : infos) {
    result.append(py::make_tuple(info.name, info.summary, kind, info.needs_model));
  }
  return result;
}

}  // namespace

void bind_detectors(py::module_& module) {
  bind_detector_class(module);
  py::class_<ArrayScorer>(module, "ArrayScorer")
      .def(py::init<SharedDetector, SharedModel>(), py::call_guard<py::gil_scoped_release>())
      .def("score", &ArrayScorer::score)
      .def("map", &ArrayScorer::map);
  module.def("score_files", &score_files);
  module.def("fit_images", &fit_images);
  module.def("fit_by_tiles", &fit_by_tiles);
  module.def("fit_classifier", &fit_classifier);
  module.def("fit_features", &fit_features);
  module.def("methods", [] {
    return methods_of(one_class_methods(), "images") + methods_of(photograph_methods(), "tiles") +
           methods_of(feature_methods(), "features");
  });
}

}  // namespace gradspace::python
