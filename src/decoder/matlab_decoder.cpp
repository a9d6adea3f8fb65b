// The published decoder's MATLAB file.
#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <vector>

#include "decoder/decoder_file.h"
#include "gradspace/error.h"
#include "matlab/matlab_file.h"

namespace gradspace {
namespace {

constexpr std::size_t kWeights = LinearDecoder::kVisible * LinearDecoder::kHidden;
constexpr std::size_t kParameters = 2 * kWeights + LinearDecoder::kHidden + LinearDecoder::kVisible;

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

LinearDecoder import_matlab_decoder(const std::filesystem::path& path) {
  const std::string name = path.string();
  const std::vector<double> parameters = MatlabFile(path).numbers("optTheta", kParameters);
  LinearDecoder decoder;
  const double* values = take_columns(parameters.data(), decoder.w1);
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
