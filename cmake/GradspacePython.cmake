# Whether the Python module is built: where pybind11 and the headers of a Python with NumPy are. Programs under a
# sanitizer, and those of another machine, can't be loaded by the Python that is here.
set(gradspace_python_wanted OFF)
if(NOT CMAKE_CROSSCOMPILING AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize|--coverage")
  if(NOT Python_EXECUTABLE AND PYTHON_EXECUTABLE)
    set(Python_EXECUTABLE ${PYTHON_EXECUTABLE})  # as scikit-build names it
  elseif(NOT Python_EXECUTABLE AND EXISTS /usr/bin/python3)
    set(Python_EXECUTABLE /usr/bin/python3)  # Debian's, whatever else stands first on the path
  endif()
  find_package(Python 3.9 QUIET COMPONENTS Interpreter Development.Module NumPy)
  find_package(pybind11 2.10 QUIET)
  if(Python_FOUND AND pybind11_FOUND)
    set(gradspace_python_wanted ON)
  endif()
endif()
option(GRADSPACE_PYTHON_MODULE "Build the Python module (needs pybind11 and NumPy)" ${gradspace_python_wanted})
if(GRADSPACE_PYTHON_MODULE AND NOT gradspace_python_wanted)
  message(FATAL_ERROR "GRADSPACE_PYTHON_MODULE: wants pybind11 2.10, Python 3.9 with its headers, and NumPy; no sanitizer")
endif()
