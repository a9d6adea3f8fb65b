#include "gradspace/import.h"

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/file.h"
#include "core/file_kind.h"
#include "decoder/decoder_file.h"
#include "gradspace/error.h"
#include "gradspace/linear_decoder.h"
#include "gradspace/output_lock.h"
#include "matlab/matlab_file.h"
#include "model/torch_archive.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

std::string import_pytorch(const fs::path& file, const fs::path& out, const AutoencoderSpec& spec) {
  const Model model = import_pytorch_checkpoint(file, spec);
  write_model(out, model);
  std::size_t values = 0;
  for (const auto& [name, tensor] : model.weights) {
    values += tensor.values.size();
  }
  return fmt::format("{}: autoencoder of {} weights in {} tensors, from the PyTorch checkpoint {}",
                     out.string(), values, model.weights.size(), file.string());
}

std::string import_matlab(const fs::path& file, const fs::path& out, const AutoencoderSpec&) {
  save_decoder(out, import_matlab_decoder(file));
  return fmt::format("{}: linear decoder, from the MATLAB file {}", out.string(), file.string());
}

/// A kind of file that can be imported, recognised by its first bytes.
struct Importer {
  const char* name;
  bool (*recognises)(std::span<const std::uint8_t> start);
  std::string (*run)(const fs::path& file, const fs::path& out, const AutoencoderSpec& spec);
};

// One line a format.
constexpr Importer kImporters[] = {
    {"PyTorch checkpoint", looks_like_torch_file, import_pytorch},
    {"MATLAB file with a linear decoder", looks_like_matlab_file, import_matlab},
};

}  // namespace

std::string import_file(const fs::path& file, const fs::path& out, const AutoencoderSpec& spec) {
  constexpr std::uint64_t kStartBytes = 512;
  const std::vector<std::uint8_t> start = read_file_start(file, kStartBytes);
  std::string known;
  for (const Importer& importer : kImporters) {
    if (importer.recognises(start)) {
      const OutputLock lock = OutputLock::of_file(out);
      return importer.run(file, out, spec);
    }
    known += (known.empty() ? "" : ", ") + std::string(importer.name);
  }
  throw_unknown_kind(file.string(), start,
                     fmt::format("is none of the formats that can be imported ({})", known));
}

}  // namespace gradspace
