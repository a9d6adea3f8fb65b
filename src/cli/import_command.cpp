// gradspace import: other programs' files turned into ours.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "gradspace/import.h"
#include "gradspace/model.h"

namespace gradspace::cli {
namespace {

struct ImportArguments {
  std::string file;
  std::string out;
  std::string spec;
  bool quiet = false;
};

int import_into(const ImportArguments& arguments) {
  refuse_inputs(arguments.out, {arguments.file, arguments.spec});
  const AutoencoderSpec spec =
      arguments.spec.empty() ? AutoencoderSpec{} : read_autoencoder_spec(arguments.spec);
  const std::string made = import_file(arguments.file, arguments.out, spec);
  if (!arguments.quiet) {
    say("{}", made);
  }
  return 0;
}

}  // namespace

Command import_command() {
  return {"import",
          "Turn a PyTorch checkpoint or a MATLAB decoder into a file of ours; runs nothing in it",
          "gradspace import vae.pth.tar --out vae.safetensors",
          [](CLI::App& app) -> std::function<int()> {
            const auto arguments = std::make_shared<ImportArguments>();
            ImportArguments& a = *arguments;
            app.add_option(
                   "file", a.file,
                   "Checkpoint that torch.save wrote (PyTorch 1.6 or newer), or the published "
                   "quality decoder (.mat)")
                ->required();
            app.add_option("--out", a.out, "File to write (.safetensors)")->required();
            app.add_option("--spec", a.spec,
                           "JSON description of the network, where it is not the default");
            app.add_flag("--quiet", a.quiet, "No message");
            return [arguments] { return import_into(*arguments); };
          }};
}

}  // namespace gradspace::cli
