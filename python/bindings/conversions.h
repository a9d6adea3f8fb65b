// Texts, options and files between Python and the library.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace gradspace::python {

/// A text that may hold file names, of whatever bytes: as os.fsdecode gives it.
inline pybind11::str text_of(std::string_view text) {
  PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<pybind11::ssize_t>(text.size()),
                                           "surrogateescape");
  if (decoded == nullptr) {
    throw pybind11::error_already_set();
  }
  return pybind11::reinterpret_steal<pybind11::str>(decoded);
}

/// Options by name, of which those that are not there keep the library's defaults.
class Settings {
 public:
  explicit Settings(pybind11::dict values) : values_(std::move(values)) {}

  /// Throws TypeError naming the option for a value of another type, ValueError for a number out of the type's range.
  template <typename T>
  void take(const char* name, T& option) const {
    if (!values_.contains(name)) {
      return;
    }
    try {
      option = values_[name].template cast<T>();
    } catch (const pybind11::cast_error&) {
      const pybind11::object value = values_[name];
      const std::string line =
          std::string(name) + ": " + std::string(pybind11::repr(value)) + " is not possible here";
      if (std::is_arithmetic_v<T> && pybind11::isinstance<pybind11::int_>(value)) {
        throw pybind11::value_error(line);
      }
      throw pybind11::type_error(line);
    }
  }

  /// A word that `parse` takes.
  template <typename T, typename Parse>
  void take_parsed(const char* name, T& option, Parse parse) const {
    std::string text;
    take(name, text);
    if (!text.empty()) {
      option = parse(text);
    }
  }

 private:
  pybind11::dict values_;
};

/// The bytes of the file that `write` writes at `file`: for pickling what the library keeps in files.
inline std::string written_bytes(const std::filesystem::path& file,
                                 const std::function<void(const std::filesystem::path&)>& write) {
  write(file);
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace gradspace::python
