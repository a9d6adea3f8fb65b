// Experiments, their results and their report.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cmath>
#include <string>
#include <vector>

#include "bindings.h"
#include "conversions.h"
#include "gradspace/challenge_files.h"
#include "gradspace/describe.h"
#include "gradspace/report.h"
#include "gradspace/research/experiment.h"
#include "gradspace/research/gradcon_experiment.h"
#include "gradspace/results.h"
#include "gradspace/source.h"
#include "job.h"

namespace gradspace::python {
namespace {

namespace py = pybind11;

/// "ood" or "one-class": what `values` says of what that experiment alone reads.
std::variant<OodExperiment, OneClassExperiment> kind_of(const std::string& kind,
                                                        const Settings& settings) {
  if (kind == "ood") {
    OodExperiment experiment;
    settings.take("members", experiment.members);
    return experiment;
  }
  OneClassExperiment experiment;
  settings.take("methods", experiment.methods);
  settings.take("false_alarms", experiment.false_alarms);
  settings.take("gradcon_epochs", experiment.gradcon_epochs);
  settings.take("members", experiment.members);
  settings.take("leave_group_out_level", experiment.leave_group_out_level);
  settings.take("tiles_per_image", experiment.tiles_per_image);
  settings.take_parsed("tiles", experiment.tiles, parse_tiling);
  PixelSize stride{0, 0};
  settings.take_parsed("stride", stride, parse_pixel_size);
  if (stride.width > 0 && experiment.tiles) {
    experiment.tiles->stride_x = stride.width;
    experiment.tiles->stride_y = stride.height;
  }
  return experiment;
}

ExperimentOptions options_of(const std::string& kind, const Settings& settings) {
  const auto as_path = [](const std::string& path) { return std::filesystem::path(path); };
  ExperimentOptions options;
  options.kind = kind_of(kind, settings);
  settings.take_parsed("data", options.data, as_path);
  settings.take_parsed("out", options.out, as_path);
  settings.take_parsed("model", options.model, as_path);
  settings.take("runs", options.runs);
  settings.take_parsed("spec", options.spec, [](const std::string& json) {
    return parse_autoencoder_spec(json, "spec");
  });
  settings.take("epochs", options.training.epochs);
  settings.take("batch", options.training.batch);
  settings.take("learning_rate", options.training.learning_rate);
  settings.take("beta", options.training.beta);
  settings.take("seed", options.training.seed);
  settings.take("classifier_epochs", options.classifier.epochs);
  settings.take("classifier_seed", options.classifier.seed);
  settings.take_parsed("challenges", options.challenges, challenge::parse_types);
  settings.take("levels", options.levels);
  settings.take("make_challenges", options.make_challenges);
  settings.take("challenge_seed", options.challenge_seed);
  settings.take_parsed("strength", options.challenge.strength, challenge::parse_strength);
  settings.take("post_production", options.challenge.post_production);
  settings.take("train_backend", options.training_backend.name);
  settings.take("backend", options.gradient_backend.name);
  settings.take("device", options.training_backend.device);
  if (options.gradient_backend.name == "torch") {
    options.gradient_backend.device = options.training_backend.device;
  }
  settings.take("threads", options.threads);
  options.command_line = "gradspace.experiment of the Python module";
  options.validate();
  return options;
}

GradConExperimentOptions gradcon_options_of(const Settings& settings) {
  const auto as_path = [](const std::string& path) { return std::filesystem::path(path); };
  GradConExperimentOptions options;
  settings.take_parsed("data", options.data, as_path);
  settings.take_parsed("kind", options.source, parse_source_kind);
  settings.take_parsed("out", options.out, as_path);
  settings.take("classes", options.classes);
  settings.take("runs", options.runs);
  settings.take("latent", options.latent);
  settings.take("gradient_weight", options.gradient_weight);
  settings.take("alignment", options.gradcon.alignment);
  settings.take("kld_weight", options.gradcon.kld_weight);
  settings.take("mean_of_loss", options.gradcon.mean_of_loss);
  settings.take("epochs", options.training.epochs);
  settings.take("batch", options.training.batch);
  settings.take("learning_rate", options.training.learning_rate);
  settings.take("seed", options.training.seed);
  settings.take("threads", options.threads);
  options.command_line = "gradspace.gradcon_experiment of the Python module";
  options.validate();
  return options;
}

/// `run` runs an experiment with the observer that it is given.
template <typename Run>
void watch(const py::object& watcher, const Run& run) {
  Job job(watcher);
  job.run([&] {
    ExperimentObserver observer;
    std::string stage_name;
    observer.on_stage = [&](std::string_view stage, bool) { stage_name = stage; };
    observer.on_progress = [&](std::size_t done, std::size_t total, std::string_view unit,
                               std::string_view) {
      job.progress(done, total, stage_name + ": " + std::string(unit));
    };
    observer.on_failure = [&](std::string_view line) { job.tell("failure", line); };
    observer.on_remark = [&](std::string_view line) { job.tell("remark", line); };
    observer.stop_requested = [&] { return job.stop_requested(); };
    run(observer);
  });
}

void run_watched(const std::string& kind, const py::dict& values, const py::object& watcher) {
  const ExperimentOptions options = options_of(kind, Settings(values));
  watch(watcher, [&](const ExperimentObserver& observer) { run_experiment(options, observer); });
}

void run_gradcon(const py::dict& values, const py::object& watcher) {
  const GradConExperimentOptions options = gradcon_options_of(Settings(values));
  watch(watcher,
        [&](const ExperimentObserver& observer) { run_gradcon_experiment(options, observer); });
}

/// A dict of lists, a column each.
py::dict result_columns_of(const Results& results) {
  std::vector<std::string> method, name;
  std::vector<int> type, level, run;
  std::vector<double> accuracy, auroc, low, high, aupr_in, aupr_out, fpr95;
  for (const ResultRow& row : results.rows) {
    method.push_back(row.method);
    name.push_back(row.name);
    type.push_back(row.type);
    level.push_back(row.level);
    run.push_back(row.run);
    auroc.push_back(row.metrics.auroc);
    accuracy.push_back(row.metrics.accuracy);
    aupr_in.push_back(row.metrics.aupr_in);
    aupr_out.push_back(row.metrics.aupr_out);
    fpr95.push_back(row.metrics.fpr95_ood_positive);
    low.push_back(row.auroc_interval ? row.auroc_interval->low : std::nan(""));
    high.push_back(row.auroc_interval ? row.auroc_interval->high : std::nan(""));
  }
  py::dict columns;
  columns["method"] = method;
  columns["type"] = type;
  columns["level"] = level;
  columns["name"] = name;
  columns["run"] = run;
  columns["auroc"] = auroc;
  columns["auroc_low"] = low;
  columns["auroc_high"] = high;
  columns["accuracy"] = accuracy;
  columns["aupr_in"] = aupr_in;
  columns["aupr_out"] = aupr_out;
  columns["fpr95"] = fpr95;
  return columns;
}

}  // namespace

void bind_experiments(py::module_& module) {
  module.def("run_experiment", &run_watched);
  module.def("run_gradcon_experiment", &run_gradcon);
  py::class_<Results>(module, "Results")
      .def_property_readonly("options_json",
                             [](const Results& results) { return text_of(results.options_json); })
      .def_property_readonly("columns", &result_columns_of)
      .def("table", [](const Results& results, bool intervals) {
        return text_of(results_table(results, intervals));
      });
  module.def("read_results", [](const std::string& path) {
    const py::gil_scoped_release release;
    return read_results(path);
  });
  module.def("write_report", [](const std::string& folder) {
    const std::string page = [&] {
      const py::gil_scoped_release release;
      return write_report(folder).string();
    }();
    return text_of(page);
  });
  module.def("can_write_report", &can_write_report);
  module.def("describe", [](const std::string& path) {
    const FileDescription description = [&] {
      const py::gil_scoped_release release;
      return describe_file(path);
    }();
    return py::make_tuple(text_of(description.json), text_of(description.text));
  });
}

}  // namespace gradspace::python
