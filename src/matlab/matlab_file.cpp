#include "matlab/matlab_file.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/file.h"
#include "core/file_kind.h"
#include "core/random_access_file.h"
#include "gradspace/error.h"
#include "matlab/matio_library.h"
#include "matlab/matlab_elements.h"

namespace gradspace {
namespace {

constexpr std::uint64_t kMaxFileBytes = 64 << 20;
constexpr std::size_t kMaxTexts = 100'000;
constexpr std::size_t kMaxCharacters = 1000;

using File = std::unique_ptr<mat_t, int (*)(mat_t*)>;
using Variable = std::unique_ptr<matvar_t, void (*)(matvar_t*)>;

/// The number of values; nothing when it is over `most`.
bool count_values(const matvar_t& variable, std::size_t most, std::size_t& count) {
  count = 1;
  if (variable.rank < 1 || variable.rank > 8 || variable.dims == nullptr) {
    return false;
  }
  for (int i = 0; i < variable.rank; ++i) {
    if (variable.dims[i] > most) {
      return false;
    }
    count *= variable.dims[i];
    if (count > most) {
      return false;
    }
  }
  return true;
}

/// `count` values of type T out of what was read; none when there are fewer.
template <typename T>
std::vector<double> converted(const matvar_t& variable, std::size_t count) {
  if (variable.data == nullptr || variable.nbytes < count * sizeof(T)) {
    return {};
  }
  const T* values = static_cast<const T*>(variable.data);
  return {values, values + count};
}

/// matio gives values in the type of their class.
std::vector<double> to_doubles(const matvar_t& variable, std::size_t count) {
  switch (variable.class_type) {
    case MAT_C_DOUBLE:
      return converted<double>(variable, count);
    case MAT_C_SINGLE:
      return converted<float>(variable, count);
    case MAT_C_INT8:
      return converted<std::int8_t>(variable, count);
    case MAT_C_UINT8:
      return converted<std::uint8_t>(variable, count);
    case MAT_C_INT16:
      return converted<std::int16_t>(variable, count);
    case MAT_C_UINT16:
      return converted<std::uint16_t>(variable, count);
    case MAT_C_INT32:
      return converted<std::int32_t>(variable, count);
    case MAT_C_UINT32:
      return converted<std::uint32_t>(variable, count);
    default:
      return {};
  }
}

/// ASCII; anything else becomes '?', which no file's name holds.
template <typename T>
std::string to_text(const matvar_t& variable, std::size_t count) {
  std::string text;
  const T* characters = static_cast<const T*>(variable.data);
  for (std::size_t i = 0; i < count; ++i) {
    text += characters[i] > 0x7F ? '?' : static_cast<char>(characters[i]);
  }
  return text;
}

}  // namespace

struct MatlabFile::State {
  std::string name;
  File file;

  Variable info(const std::string& variable) const {
    Variable found(matio().read_info(file.get(), variable.c_str()), matio().free);
    if (found == nullptr) {
      throw FormatError(fmt::format("{}: holds no variable {}", name, variable));
    }
    return found;
  }

  [[noreturn]] void fail(const std::string& variable, std::string_view wanted) const {
    throw FormatError(fmt::format("{}: {} is not {}", name, variable, wanted));
  }

  std::string cell_text(const matvar_t* cell, const std::string& variable) const {
    std::size_t count = 0;
    if (cell == nullptr || cell->class_type != MAT_C_CHAR ||
        !count_values(*cell, kMaxCharacters, count)) {
      fail(variable, "a cell array of texts");
    }
    const bool narrow = cell->data_type == MAT_T_UINT8 || cell->data_type == MAT_T_INT8 ||
                        cell->data_type == MAT_T_UTF8;
    const bool wide = cell->data_type == MAT_T_UINT16 || cell->data_type == MAT_T_UTF16;
    const std::size_t size = narrow ? 1 : 2;
    if ((!narrow && !wide) || (count > 0 && cell->data == nullptr) || cell->nbytes < count * size) {
      fail(variable, "a cell array of texts that can be read");
    }
    return narrow ? to_text<std::uint8_t>(*cell, count) : to_text<std::uint16_t>(*cell, count);
  }
};

bool looks_like_matlab_file(std::span<const std::uint8_t> start) {
  constexpr char kMagic[] = "MATLAB ";
  constexpr std::size_t kLength = sizeof(kMagic) - 1;
  return start.size() >= kLength && std::memcmp(start.data(), kMagic, kLength) == 0;
}

MatlabFile::MatlabFile(const std::filesystem::path& path) {
  const std::string name = path.string();
  const std::vector<std::uint8_t> start = read_file_start(path, 128);
  if (!other_kind(start).empty()) {
    throw_unknown_kind(name, start, "");
  }
  if (!looks_like_matlab_file(start) || RandomAccessFile(path).size() > kMaxFileBytes) {
    throw FormatError(
        fmt::format("{}: not a MATLAB file of level 5 of at most {} bytes", name, kMaxFileBytes));
  }
  check_matlab_elements(name, read_file(path, kMaxFileBytes));
  File file(matio().open(name.c_str(), MAT_ACC_RDONLY), matio().close);
  if (file == nullptr || matio().version(file.get()) != MAT_FT_MAT5) {
    throw FormatError(fmt::format("{}: not a MATLAB file of level 5", name));
  }
  state_ = std::make_unique<State>(State{name, std::move(file)});
}

MatlabFile::~MatlabFile() = default;

bool MatlabFile::has(const std::string& variable) const {
  return Variable(matio().read_info(state_->file.get(), variable.c_str()), matio().free) != nullptr;
}

std::vector<double> MatlabFile::numbers(const std::string& variable, std::size_t count) const {
  const Variable found = state_->info(variable);
  const std::string wanted = fmt::format("an array of {} finite numbers", count);
  std::size_t there = 0;
  if (found->isComplex != 0 || !count_values(*found, count, there) || there != count ||
      matio().read_data(state_->file.get(), found.get()) != 0) {
    state_->fail(variable, wanted);
  }
  std::vector<double> values = to_doubles(*found, count);
  if (values.size() != count) {
    state_->fail(variable, wanted);
  }
  for (const double value : values) {
    if (!std::isfinite(value)) {
      state_->fail(variable, wanted);
    }
  }
  return values;
}

std::vector<std::string> MatlabFile::texts(const std::string& variable) const {
  const Variable found = state_->info(variable);
  std::size_t count = 0;
  if (found->class_type != MAT_C_CELL || !count_values(*found, kMaxTexts, count) ||
      found->data == nullptr || found->nbytes < count * sizeof(matvar_t*)) {
    state_->fail(variable, "a cell array of texts");
  }
  const auto* cells = static_cast<matvar_t* const*>(found->data);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t characters = 0;
    if (cells[i] == nullptr || cells[i]->class_type != MAT_C_CHAR ||
        !count_values(*cells[i], kMaxCharacters, characters)) {
      state_->fail(variable, "a cell array of texts of at most 1000 characters");
    }
  }
  if (matio().read_data(state_->file.get(), found.get()) != 0) {
    state_->fail(variable, "a cell array that can be read");
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back(state_->cell_text(cells[i], variable));
  }
  return texts;
}

std::vector<std::string> MatlabFile::texts(const std::string& variable, std::size_t count) const {
  std::vector<std::string> found = texts(variable);
  if (found.size() != count) {
    state_->fail(variable, fmt::format("a cell array of {} texts but of {}", count, found.size()));
  }
  return found;
}

}  // namespace gradspace
