// Sources of images: those of the library, and two that Python makes.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "conversions.h"
#include "extraction.h"
#include "gradspace/error.h"
#include "gradspace/source.h"

namespace gradspace::python {
namespace {

namespace py = pybind11;

/// Arrays as a source, for what takes sources: training and fitting.
class ArraySource : public Source {
 public:
  explicit ArraySource(ArrayImages images) : images_(std::move(images)) {
    if (images_.images.empty()) {
      throw InvalidArgument("images: there is none");
    }
  }

  SourceKind kind() const override { return SourceKind::kFolder; }
  std::size_t size() const override { return images_.images.size(); }
  ImageInfo info(std::size_t i) const override {
    ImageInfo info;
    info.path = "image " + std::to_string(i);
    return info;
  }
  Image load(std::size_t i) const override { return images_.images.at(i).image(); }
  void load_fitted(std::size_t i, FixedSizeReader& reader,
                   std::span<std::uint8_t> out_hwc) const override {
    std::vector<std::uint8_t> packed;
    reader.fit(images_.images.at(i).view(packed), out_hwc);
  }
  std::span<const std::string> skipped() const override { return {}; }

 private:
  ArrayImages images_;
};

/// Files by their paths, in the order given.
class PathsSource : public Source {
 public:
  explicit PathsSource(std::vector<std::string> paths) : paths_(std::move(paths)) {
    if (paths_.empty()) {
      throw InvalidArgument("images: there is none");
    }
  }

  SourceKind kind() const override { return SourceKind::kFolder; }
  std::size_t size() const override { return paths_.size(); }
  ImageInfo info(std::size_t i) const override {
    ImageInfo info;
    info.path = paths_.at(i);
    return info;
  }
  Image load(std::size_t i) const override { return read_image(paths_.at(i)); }
  void load_fitted(std::size_t i, FixedSizeReader& reader,
                   std::span<std::uint8_t> out_hwc) const override {
    reader.read(paths_.at(i), out_hwc);
  }
  std::vector<std::filesystem::path> files(std::size_t i) const override { return {paths_.at(i)}; }
  std::span<const std::string> skipped() const override { return {}; }

 private:
  std::vector<std::string> paths_;
};

py::dict dict_of(const ImageInfo& info) {
  py::dict result;
  result["path"] = text_of(info.path);
  result["set"] = info.set;
  result["challenge"] = info.challenge;
  result["level"] = info.level;
  result["class"] = info.object_class;
  return result;
}

}  // namespace

void bind_sources(py::module_& module) {
  py::class_<Source, SharedSource>(module, "Source")
      .def("__len__", &Source::size)
      .def("info", [](const Source& source, std::size_t i) { return dict_of(source.info(i)); })
      .def("load",
           [](const Source& source, std::size_t i) {
             return array_of([&] {
               const py::gil_scoped_release release;
               return source.load(i);
             }());
           })
      .def("passed_over", [](const Source& source, const std::string& path) {
        return text_of(passed_over(source, path));
      });
  module.def("open_source", [](const std::string& path, const std::string& kind, bool hidden) {
    const py::gil_scoped_release release;
    SourceOptions options;
    options.hidden = hidden;
    return SharedSource(open_source(path, parse_source_kind(kind), options));
  });
  module.def("array_source", [](const py::object& images) {
    return SharedSource(std::make_shared<ArraySource>(array_images(images)));
  });
  module.def("paths_source", [](std::vector<std::string> paths) {
    return SharedSource(std::make_shared<PathsSource>(std::move(paths)));
  });
  module.def("select", [](const SharedSource& source, std::vector<std::uint32_t> positions) {
    return SharedSource(select(source, std::move(positions)));
  });
}

}  // namespace gradspace::python
