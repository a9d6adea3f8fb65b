// The published decoder's MATLAB file, through libmatio. That library brings forty others with it, so
// it is loaded only when such a file is met.
#include <dlfcn.h>
#include <fmt/format.h>
#include <matio.h>

#include <cstring>
#include <filesystem>
#include <memory>

#include "core/file.h"
#include "gradspace/error.h"
#include "quality/decoder_file.h"

namespace gradspace {
namespace {

constexpr std::size_t kWeights = LinearDecoder::kVisible * LinearDecoder::kHidden;
constexpr std::size_t kParameters = 2 * kWeights + LinearDecoder::kHidden + LinearDecoder::kVisible;
/// The published file has 2 MB.
constexpr std::uint64_t kMaxFileBytes = 64 << 20;

/// The functions of libmatio that are used.
struct Matio {
  decltype(&::Mat_Open) open;
  decltype(&::Mat_Close) close;
  decltype(&::Mat_GetVersion) version;
  decltype(&::Mat_VarReadInfo) read_info;
  decltype(&::Mat_VarReadDataAll) read_data;
  decltype(&::Mat_VarFree) free;
};

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) {
    throw Error(fmt::format("MATLAB files: {} has no {}", GRADSPACE_MATIO, name));
  }
}

Matio load_matio() {
  void* library = dlopen(GRADSPACE_MATIO, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error(
        fmt::format("MATLAB files: {} can't be loaded; install libmatio11", GRADSPACE_MATIO));
  }
  Matio matio{};
  find(library, "Mat_Open", matio.open);
  find(library, "Mat_Close", matio.close);
  find(library, "Mat_GetVersion", matio.version);
  find(library, "Mat_VarReadInfo", matio.read_info);
  find(library, "Mat_VarReadDataAll", matio.read_data);
  find(library, "Mat_VarFree", matio.free);
  return matio;
}

const Matio& matio() {
  static const Matio functions = load_matio();
  return functions;
}

using File = std::unique_ptr<mat_t, int (*)(mat_t*)>;
using Variable = std::unique_ptr<matvar_t, void (*)(matvar_t*)>;

/// The values of the variable `optTheta`, whose type and size are checked before they are read.
const double* read_parameters(mat_t* file, matvar_t* variable, const std::string& name) {
  const bool fits = variable->class_type == MAT_C_DOUBLE && variable->isComplex == 0 &&
                    variable->rank == 2 && variable->dims != nullptr &&
                    variable->dims[0] == kParameters && variable->dims[1] == 1;
  if (!fits) {
    throw FormatError(
        fmt::format("{}: optTheta is not a column of {} real doubles", name, kParameters));
  }
  const bool read = matio().read_data(file, variable) == 0 && variable->data != nullptr &&
                    variable->data_type == MAT_T_DOUBLE &&
                    variable->nbytes == kParameters * sizeof(double);
  if (!read) {
    throw FormatError(fmt::format("{}: optTheta can't be read: truncated or damaged", name));
  }
  return static_cast<const double*>(variable->data);
}

/// A matrix of `tensor`'s shape that lies column by column; returns what follows it.
const double* take_columns(const double* values, Tensor& tensor) {
  const auto rows = static_cast<std::size_t>(tensor.shape.front());
  const std::size_t columns = element_count(tensor.shape) / rows;
  tensor.values.resize(rows * columns);
  for (std::size_t j = 0; j < columns; ++j) {
    for (std::size_t i = 0; i < rows; ++i) {
      tensor.values[i * columns + j] = static_cast<float>(*values++);
    }
  }
  return values;
}

}  // namespace

bool looks_like_matlab_file(std::span<const std::uint8_t> start) {
  constexpr char kMagic[] = "MATLAB ";
  constexpr std::size_t kLength = sizeof(kMagic) - 1;
  return start.size() >= kLength && std::memcmp(start.data(), kMagic, kLength) == 0;
}

LinearDecoder import_matlab_decoder(const std::filesystem::path& path) {
  const std::string name = path.string();
  // matio would say nothing of what the matter is.
  if (!looks_like_matlab_file(read_file_start(path, 128))) {
    throw FormatError(fmt::format("{}: not a MATLAB file of level 5", name));
  }
  if (std::filesystem::file_size(path) > kMaxFileBytes) {
    throw FormatError(fmt::format("{}: over {} bytes; not a decoder", name, kMaxFileBytes));
  }
  const File file(matio().open(name.c_str(), MAT_ACC_RDONLY), matio().close);
  if (file == nullptr || matio().version(file.get()) != MAT_FT_MAT5) {
    throw FormatError(fmt::format("{}: not a MATLAB file of level 5", name));
  }
  const Variable variable(matio().read_info(file.get(), "optTheta"), matio().free);
  if (variable == nullptr) {
    throw FormatError(fmt::format("{}: holds no variable optTheta", name));
  }
  LinearDecoder decoder;
  const double* values = read_parameters(file.get(), variable.get(), name);
  values = take_columns(values, decoder.w1);
  values = take_columns(values, decoder.w2);
  values = take_columns(values, decoder.b1);
  take_columns(values, decoder.b2);
  decoder.metadata["imported_from"] = path.filename().string();
  try {
    decoder.validate();
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: {}", name, error.what()));
  }
  return decoder;
}

}  // namespace gradspace
