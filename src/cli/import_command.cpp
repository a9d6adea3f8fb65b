// gradspace import: other programs' files turned into ours.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <span>

#include "cli/commands.h"
#include "core/file.h"
#include "decoder/decoder_file.h"
#include "gradspace/error.h"
#include "gradspace/linear_decoder.h"
#include "gradspace/model.h"
#include "matlab/matlab_file.h"
#include "model/torch_archive.h"

namespace gradspace::cli {
namespace {

struct Arguments {
  std::string file;
  std::string out;
  std::string spec;
  bool quiet = false;
};

/// Says what was made; returns the exit status.
int import_pytorch(const Arguments& arguments) {
  const AutoencoderSpec spec =
      arguments.spec.empty() ? AutoencoderSpec{} : read_autoencoder_spec(arguments.spec);
  const Model model = import_pytorch_checkpoint(arguments.file, spec);
  write_model(arguments.out, model);
  if (!arguments.quiet) {
    std::size_t values = 0;
    for (const auto& [name, tensor] : model.weights) {
      values += tensor.values.size();
    }
    fmt::print(stderr,
               "{}: autoencoder of {} weights in {} tensors, from the PyTorch checkpoint {}\n",
               arguments.out, values, model.weights.size(), arguments.file);
  }
  return 0;
}

int import_matlab(const Arguments& arguments) {
  save_decoder(arguments.out, import_matlab_decoder(arguments.file));
  if (!arguments.quiet) {
    fmt::print(stderr, "{}: linear decoder, from the MATLAB file {}\n", arguments.out,
               arguments.file);
  }
  return 0;
}

/// A kind of file that can be imported, recognised by its first bytes.
struct Importer {
  const char* name;
  bool (*recognises)(std::span<const std::uint8_t> start);
  int (*run)(const Arguments& arguments);
};

// One line a format.
constexpr Importer kImporters[] = {
    {"PyTorch checkpoint", looks_like_torch_file, import_pytorch},
    {"MATLAB file with a linear decoder", looks_like_matlab_file, import_matlab},
};

int import_file(const Arguments& arguments) {
  constexpr std::uint64_t kStartBytes = 512;
  const std::vector<std::uint8_t> start = read_file_start(arguments.file, kStartBytes);
  std::string known;
  for (const Importer& importer : kImporters) {
    if (importer.recognises(start)) {
      return importer.run(arguments);
    }
    known += (known.empty() ? "" : ", ") + std::string(importer.name);
  }
  throw FormatError(
      fmt::format("{}: is none of the formats that can be imported ({})", arguments.file, known));
}

}  // namespace

Command import_command() {
  return {"import",
          "Turn a PyTorch checkpoint or a MATLAB decoder into a file of ours; runs nothing in it",
          "gradspace import vae.pth.tar --out vae.safetensors",
          [](CLI::App& app) -> std::function<int()> {
            const auto arguments = std::make_shared<Arguments>();
            Arguments& a = *arguments;
            app.add_option(
                   "file", a.file,
                   "Checkpoint that torch.save wrote (PyTorch 1.6 or newer), or the published "
                   "quality decoder (.mat)")
                ->required();
            app.add_option("--out", a.out, "File to write (.safetensors)")->required();
            app.add_option("--spec", a.spec,
                           "JSON description of the network, where it is not the default");
            app.add_flag("--quiet", a.quiet, "No message");
            return [arguments] { return import_file(*arguments); };
          }};
}

}  // namespace gradspace::cli
