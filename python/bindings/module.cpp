// The extension: its parts, and what becomes of the library's exceptions.
#include "bindings.h"
#include "conversions.h"
#include "gradspace/error.h"
#include "gradspace/threads.h"
#include "gradspace/version.h"

namespace gradspace::python {
namespace {

namespace py = pybind11;

/// Raises what gradspace/_errors.py makes of a message.
void raise(const char* kind, const char* message) {
  try {
    const py::object error = py::module_::import("gradspace._errors").attr(kind)(text_of(message));
    PyErr_SetObject(py::type::of(error).ptr(), error.ptr());
  } catch (py::error_already_set& failure) {
    failure.restore();
  }
}

void translate(std::exception_ptr
                   thrown) {  // NOLINT(performance-unnecessary-value-param): pybind11's signature
  try {
    if (thrown) {
      std::rethrow_exception(thrown);
    }
  } catch (const InvalidArgument& error) {
    PyErr_SetObject(PyExc_ValueError, text_of(error.what()).ptr());
  } catch (const FormatError& error) {
    raise("FormatError", error.what());
  } catch (const IoError& error) {
    raise("io_error", error.what());
  } catch (const Error& error) {
    raise("Error", error.what());
  }
}

}  // namespace

void bind_errors(py::module_& /*module*/) {
  py::register_exception_translator(&translate);
}

}  // namespace gradspace::python

PYBIND11_MODULE(_gradspace, module) {
  using namespace gradspace::python;
  module.doc() = "What the package gradspace is made of; no interface for users.";
  module.attr("__version__") = gradspace::kVersion;
  bind_errors(module);
  bind_models(module);
  bind_sources(module);
  bind_extraction(module);
  bind_feature_sets(module);
  bind_calibration(module);
  bind_detectors(module);
  bind_quality(module);
  bind_comparisons(module);
  bind_experiments(module);
  bind_files(module);
  module.def("usable_threads", &gradspace::usable_threads);
}
