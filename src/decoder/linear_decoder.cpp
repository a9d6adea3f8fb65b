#include "gradspace/linear_decoder.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "core/file.h"
#include "decoder/decoder_file.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "matlab/matlab_file.h"

namespace gradspace {
namespace {

constexpr const char* kDecoderKind = "linear decoder";
/// No sum over these many weights comes near float32's limit.
constexpr float kLargestWeight = 1e6F;

void check(const char* name, const Tensor& tensor, const std::vector<std::int64_t>& shape) {
  if (tensor.shape != shape || tensor.values.size() != element_count(shape)) {
    throw InvalidArgument(
        fmt::format("linear decoder: {} has shape {} with {} values; {} is wanted", name,
                    shape_text(tensor.shape), tensor.values.size(), shape_text(shape)));
  }
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    if (!(std::abs(tensor.values[i]) <= kLargestWeight)) {
      throw InvalidArgument(
          fmt::format("linear decoder: {} holds {} at position {}; weights are within {:g}", name,
                      tensor.values[i], i, kLargestWeight));
    }
  }
}

Tensor take(SafeTensors& file, const char* key, std::string_view name) {
  auto node = file.tensors.extract(key);
  if (node.empty()) {
    throw FormatError(fmt::format("{}: not a linear decoder: tensor \"{}\" is missing", name, key));
  }
  return std::move(node.mapped());
}

}  // namespace

void LinearDecoder::validate() const {
  const LinearDecoder wanted;
  check("w1", w1, wanted.w1.shape);
  check("b1", b1, wanted.b1.shape);
  check("w2", w2, wanted.w2.shape);
  check("b2", b2, wanted.b2.shape);
}

LinearDecoder parse_decoder(SafeTensors file, std::string_view name) {
  LinearDecoder decoder;
  decoder.w1 = take(file, "w1", name);
  decoder.b1 = take(file, "b1", name);
  decoder.w2 = take(file, "w2", name);
  decoder.b2 = take(file, "b2", name);
  if (!file.tensors.empty()) {
    throw FormatError(
        fmt::format("{}: not a linear decoder: it holds more than w1, b1, w2 and b2", name));
  }
  decoder.metadata = std::move(file.metadata);
  for (const char* key : {"kind", "format_version", "gradspace_version"}) {
    decoder.metadata.erase(key);
  }
  try {
    decoder.validate();
  } catch (const InvalidArgument& error) {
    throw FormatError(fmt::format("{}: {}", name, error.what()));
  }
  return decoder;
}

LinearDecoder load_decoder(const std::filesystem::path& path) {
  constexpr std::uint64_t kStartBytes = 128;
  if (looks_like_matlab_file(read_file_start(path, kStartBytes))) {
    return import_matlab_decoder(path);
  }
  return parse_decoder(read_safetensors(path, kDecoderKind), path.string());
}

void save_decoder(const std::filesystem::path& path, const LinearDecoder& decoder) {
  decoder.validate();
  SafeTensors file;
  file.tensors = {{"w1", decoder.w1}, {"b1", decoder.b1}, {"w2", decoder.w2}, {"b2", decoder.b2}};
  file.metadata = decoder.metadata;
  write_safetensors(path, kDecoderKind, std::move(file));
}

}  // namespace gradspace
