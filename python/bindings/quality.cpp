// Image quality: metrics with a reference that is prepared once.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "gradspace/bd_rate.h"
#include "gradspace/linear_decoder.h"
#include "gradspace/quality.h"
#include "gradspace/quality_scale.h"

namespace gradspace::python {
namespace {

namespace py = pybind11;

using SharedImage = std::shared_ptr<QualityImage>;

SharedImage quality_image(Image image, std::string name) {
  return std::make_shared<QualityImage>(std::move(image), std::move(name));
}

/// The decoder of a file; without one the decoder that ships, which is asked for by those who use it alone.
class ChosenDecoder {
 public:
  explicit ChosenDecoder(const std::string& file) {
    if (!file.empty()) {
      loaded_ = load_decoder(file);
    }
  }

  std::unique_ptr<QualityMetric> metric(const std::string& name) const {
    return loaded_ ? make_quality_metric(name, *loaded_) : make_quality_metric(name);
  }
  const LinearDecoder& decoder() const { return loaded_ ? *loaded_ : shipped_decoder(); }

 private:
  std::optional<LinearDecoder> loaded_;
};

/// One image under several metrics, all that does not depend on the distorted one done. Thread-safe.
class Reference {
 public:
  /// `decoder_file`: empty for the decoder that ships.
  Reference(const SharedImage& image, const std::vector<std::string>& metrics,
            const std::string& decoder_file) {
    const ChosenDecoder decoder(decoder_file);
    for (const std::string& metric : metrics) {
      prepared_.push_back(decoder.metric(metric)->prepare(image));
    }
  }

  std::vector<double> score(const QualityImage& distorted) const {
    std::vector<double> scores;
    for (const auto& reference : prepared_) {
      scores.push_back(reference->score(distorted));
    }
    return scores;
  }

 private:
  std::vector<std::unique_ptr<QualityReference>> prepared_;
};

py::object equivalent_of(const std::string& metric, double score) {
  const auto equivalent = quality_equivalent(metric, score);
  if (!equivalent) {
    return py::none();
  }
  return py::make_tuple(equivalent->jpeg_quality, equivalent->worse, equivalent->better,
                        impairment_name(equivalent->impairment), jpeg_quality_text(*equivalent));
}

py::list metric_infos() {
  py::list result;
  for (const QualityMetricInfo& info : all_quality_metrics()) {
    result.append(py::make_tuple(info.name, info.summary, info.range, info.larger_is_better,
                                 info.of_identical_images, info.source));
  }
  return result;
}

py::tuple bd_rate(const std::vector<std::pair<double, double>>& anchor,
                  const std::vector<std::pair<double, double>>& tested, bool larger_is_better,
                  const std::string& interpolation) {
  const auto points = [](const std::vector<std::pair<double, double>>& pairs) {
    std::vector<RatePoint> result;
    for (const auto& [rate, quality] : pairs) {
      result.push_back({rate, quality});
    }
    return result;
  };
  const RateComparison comparison = compare_rates(points(anchor), points(tested), larger_is_better,
                                                  parse_rate_interpolation(interpolation));
  return py::make_tuple(comparison.bd_rate, comparison.bd_quality, comparison.refusal);
}

}  // namespace

void bind_quality(py::module_& module) {
  const auto without_gil = py::call_guard<py::gil_scoped_release>();
  const py::class_<QualityImage, SharedImage> image(module, "QualityImage");
  module.def("quality_image", [](const py::array& array, const std::string& name) {
    return quality_image(image_of(array, name), name);
  });
  module.def("quality_file", [](const std::string& path) {
    const py::gil_scoped_release release;
    return quality_image(read_image(path), path);
  });
  py::class_<Reference>(module, "Reference")
      .def(py::init<const SharedImage&, const std::vector<std::string>&, const std::string&>(),
           without_gil)
      .def("score", &Reference::score, without_gil);
  module.def("gradient_map", [](const QualityImage& reference, const QualityImage& distorted,
                                const std::string& decoder_file) {
    GradientMap map;
    {
      const py::gil_scoped_release release;
      map = gradient_map(reference, distorted, ChosenDecoder(decoder_file).decoder());
    }
    return py::array_t<double>(std::vector<py::ssize_t>{map.rows, map.columns}, map.values.data());
  });
  module.def("metric_names",
             [](const std::vector<std::string>& words) { return quality_metric_names(words); });
  module.def("metric_infos", &metric_infos);
  module.def("quality_equivalent", &equivalent_of);
  module.def("bd_rate", &bd_rate);
}

}  // namespace gradspace::python
