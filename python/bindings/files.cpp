// From files to files: what a detector makes of them, challenges for whole folders, other programs' files.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "bindings.h"
#include "conversions.h"
#include "gradspace/challenge_files.h"
#include "gradspace/evaluate.h"
#include "gradspace/import.h"
#include "gradspace/modules.h"
#include "job.h"

namespace gradspace::python {
namespace {

namespace py = pybind11;

EvaluateOptions evaluate_options(const Settings& settings) {
  EvaluateOptions options;
  settings.take("inliers", options.inliers);
  settings.take("outliers", options.outliers);
  settings.take_parsed("out", options.out,
                       [](const std::string& path) { return std::filesystem::path(path); });
  settings.take("name", options.method);
  settings.take("detector", options.detector);
  settings.take("hidden", options.scoring.source.hidden);
  settings.take("backend", options.scoring.backend.name);
  settings.take("device", options.scoring.backend.device);
  settings.take("threads", options.scoring.threads);
  options.validate();
  return options;
}

void evaluate_files(const Detector& detector, const Model* model, const py::dict& values,
                    const py::object& watcher) {
  const EvaluateOptions options = evaluate_options(Settings(values));
  Job job(watcher);
  job.run([&] { evaluate(detector, model, options, job.observer()); });
}

challenge::BatchOptions challenge_options(const Settings& settings) {
  challenge::BatchOptions options;
  settings.take_parsed("types", options.types, challenge::parse_types);
  settings.take("levels", options.levels);
  settings.take("seed", options.seed);
  settings.take_parsed("strength", options.challenge.strength, challenge::parse_strength);
  settings.take("post_production", options.challenge.post_production);
  settings.take_parsed("format", options.format, challenge::parse_format);
  settings.take_parsed("kind", options.source, parse_source_kind);
  settings.take("hidden", options.source_options.hidden);
  settings.take_parsed("split", options.split, challenge::parse_split);
  settings.take("sets", options.sets);
  settings.take("clean", options.clean);
  settings.take("force", options.force);
  settings.take("threads", options.threads);
  options.validate();
  return options;
}

/// How many images there were, how many files were written, and how many were there already.
py::tuple challenge_whole(const std::string& input, const std::string& out, const py::dict& values,
                          const py::object& watcher) {
  const challenge::BatchOptions options = challenge_options(Settings(values));
  challenge::BatchResult result;
  Job job(watcher);
  job.run([&] {
    result = challenge::challenge_files(input, out, options, job.observer());
    for (const std::string& line : result.failures) {
      job.tell("failure", line);
    }
  });
  return py::make_tuple(result.images, result.written, result.kept);
}

void draw_contact_sheet(const std::string& input, const std::string& sheet,
                        const py::dict& values) {
  const challenge::BatchOptions options = challenge_options(Settings(values));
  const py::gil_scoped_release release;
  challenge::write_contact_sheet(input, sheet, options);
}

}  // namespace

void bind_files(py::module_& module) {
  module.def("evaluate", &evaluate_files);
  module.def("challenge_files", &challenge_whole);
  module.def("contact_sheet", &draw_contact_sheet);
  module.def("modules", [] {
    const std::vector<ModuleInfo> modules = [] {
      const py::gil_scoped_release release;
      return find_modules();
    }();
    py::list result;
    for (const ModuleInfo& info : modules) {
      result.append(py::make_tuple(text_of(info.name), text_of(info.purpose),
                                   text_of(info.path.native()), text_of(info.library),
                                   text_of(info.failure)));
    }
    return result;
  });
  module.def(
      "import_file", [](const std::string& file, const std::string& out, const std::string& spec) {
        const std::string made = [&] {
          const py::gil_scoped_release release;
          return import_file(
              file, out, spec.empty() ? AutoencoderSpec() : parse_autoencoder_spec(spec, "spec"));
        }();
        return text_of(made);
      });
}

}  // namespace gradspace::python
