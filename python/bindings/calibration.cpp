// Calibration and drift.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "conversions.h"
#include "gradspace/calibration.h"
#include "gradspace/drift.h"

namespace gradspace::python {

namespace py = pybind11;

void bind_calibration(py::module_& module) {
  py::class_<Calibration>(module, "Calibration")
      .def(py::init([](const std::vector<double>& scores) { return Calibration(scores); }))
      .def("__len__", &Calibration::count)
      .def("threshold", &Calibration::threshold)
      .def("p_value", &Calibration::p_value)
      .def("p_values", [](const Calibration& calibration, const std::vector<double>& scores) {
        std::vector<double> values;
        values.reserve(scores.size());
        for (const double score : scores) {
          values.push_back(calibration.p_value(score));
        }
        return array_of(values);
      });
  py::class_<DriftWindow>(module, "DriftWindow")
      .def_readonly("number", &DriftWindow::number)
      .def_readonly("first_image", &DriftWindow::first_image)
      .def_readonly("distance", &DriftWindow::statistic)
      .def_readonly("p_value", &DriftWindow::p_value)
      .def_readonly("level", &DriftWindow::level)
      .def_readonly("median_score", &DriftWindow::median_score)
      .def_readonly("drifted", &DriftWindow::drifted);
  py::class_<DriftMonitor>(module, "DriftMonitor")
      .def(py::init([](const Calibration& clean, const py::dict& values) {
        DriftOptions options;
        const Settings settings(values);
        settings.take("window", options.window);
        settings.take("false_alarms", options.false_alarms);
        settings.take("reference", options.reference);
        options.validate();
        return DriftMonitor(clean, options);
      }))
      .def("add", &DriftMonitor::add)
      .def_property_readonly("images", &DriftMonitor::images)
      .def_property_readonly("windows", &DriftMonitor::windows)
      .def_property_readonly("reference_missing", &DriftMonitor::reference_missing);
}

}  // namespace gradspace::python
