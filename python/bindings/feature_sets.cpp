// Feature sets on disk, and the challenges.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "conversions.h"
#include "gradspace/challenge.h"
#include "gradspace/feature_set.h"
#include "gradspace/image.h"

namespace gradspace::python {
namespace {

namespace py = pybind11;

using SharedSet = std::shared_ptr<FeatureSet>;

/// The index by columns.
py::dict index_of(const FeatureSet& set) {
  py::list path, part;
  std::vector<std::int64_t> challenge, level, object_class, label;
  std::vector<float> bce, kld;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const FeatureRow row = set.index_row(i);
    path.append(text_of(row.image.path));
    part.append(text_of(row.image.set));
    challenge.push_back(row.image.challenge);
    level.push_back(row.image.level);
    object_class.push_back(row.image.object_class);
    label.push_back(row.label);
    bce.push_back(row.bce);
    kld.push_back(row.kld);
  }
  py::dict columns;
  columns["path"] = path;
  columns["set"] = part;
  columns["challenge"] = array_of(challenge);
  columns["level"] = array_of(level);
  columns["class"] = array_of(object_class);
  columns["label"] = array_of(label);
  columns["bce"] = array_of(bce);
  columns["kld"] = array_of(kld);
  return columns;
}

/// All rows: in the mapped file itself, where they follow one another; of a set of several parts a copy.
py::array_t<float> mapped_rows_of(const SharedSet& set) {
  const auto count = static_cast<py::ssize_t>(set->size());
  const auto width = static_cast<py::ssize_t>(set->dimension());
  if (set->rows_together(0) < set->size()) {
    py::array_t<float> copied({count, width});
    float* to = copied.mutable_data();
    const py::gil_scoped_release release;
    for (std::size_t i = 0; i < set->size(); ++i) {
      to = std::ranges::copy(set->row(i), to).out;
    }
    return copied;
  }
  py::array_t<float> rows({count, width}, set->row(0).data(), py::cast(set));
  py::detail::array_proxy(rows.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  return rows;
}

py::list set_columns_of(const FeatureSet& set) {
  py::list result;
  for (const FeatureBlock& block : set.meta().columns) {
    result.append(py::make_tuple(text(block), block.begin, block.end));
  }
  return result;
}

void bind_challenges(py::module_& module) {
  module.def("challenge",
             [](const py::array& array, const std::string& type, int level, std::uint64_t seed,
                const std::string& strength, bool post_production) {
               const Image image = image_of(array, "image");
               return array_of([&] {
                 const py::gil_scoped_release release;
                 challenge::Options options;
                 options.strength = challenge::parse_strength(strength);
                 options.post_production = post_production;
                 return challenge::apply(image, challenge::parse_type(type), level, seed, options);
               }());
             });
  module.def("challenges", [] {
    py::list result;
    for (const challenge::TypeInfo& info : challenge::all_types()) {
      result.append(py::make_tuple(static_cast<int>(info.type), info.name, info.summary));
    }
    return result;
  });
  module.def("image_seed", [](std::uint64_t seed, const std::string& type, const std::string& key) {
    return challenge::image_seed(seed, challenge::parse_type(type), key);
  });
}

}  // namespace

void bind_feature_sets(py::module_& module) {
  py::class_<FeatureSet, SharedSet>(module, "FeatureSet")
      .def("__len__", &FeatureSet::size)
      .def_property_readonly("width", &FeatureSet::dimension)
      .def_property_readonly("columns", &set_columns_of)
      .def_property_readonly("source",
                             [](const FeatureSet& set) { return text_of(set.meta().source); })
      .def_property_readonly("model_sha256",
                             [](const FeatureSet& set) { return text_of(set.meta().model_sha256); })
      .def_property_readonly("options_json",
                             [](const FeatureSet& set) { return text_of(set.meta().options_json); })
      .def_property_readonly(
          "failures",
          [](const FeatureSet& set) {
            py::list result;
            for (const FailedImage& failure : set.failures()) {
              result.append(py::make_tuple(text_of(failure.path), text_of(failure.reason)));
            }
            return result;
          })
      .def("index", &index_of)
      .def("rows", &mapped_rows_of)
      .def("verify", &FeatureSet::verify, py::call_guard<py::gil_scoped_release>());
  module.def("open_feature_set", [](const std::string& path) {
    const py::gil_scoped_release release;
    return std::make_shared<FeatureSet>(path);
  });
  module.def("read_image", [](const std::string& path) {
    return array_of([&] {
      const py::gil_scoped_release release;
      return read_image(path);
    }());
  });
  bind_challenges(module);
}

}  // namespace gradspace::python
