// The parts of the extension `_gradspace`, each of which adds its functions and classes to the module.
//
// The extension is what python/gradspace is made of and no interface for users: its functions take all of their
// arguments, in the types that they want, and have no defaults. Names, defaults, documentation and conversions are
// those of the Python files.
#pragma once

#include <pybind11/pybind11.h>

namespace gradspace::python {

void bind_errors(pybind11::module_& module);
void bind_models(pybind11::module_& module);
void bind_sources(pybind11::module_& module);
void bind_extraction(pybind11::module_& module);
void bind_calibration(pybind11::module_& module);
void bind_detectors(pybind11::module_& module);
void bind_quality(pybind11::module_& module);
void bind_feature_sets(pybind11::module_& module);
void bind_comparisons(pybind11::module_& module);
void bind_experiments(pybind11::module_& module);
void bind_files(pybind11::module_& module);

}  // namespace gradspace::python
