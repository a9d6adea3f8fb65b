// gradspace info: what a file of ours holds.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "gradspace/describe.h"
#include "gradspace/error.h"
#include "gradspace/model.h"

namespace gradspace::cli {
namespace {

struct InfoArguments {
  std::string path;
  std::string format = "text";
  std::string spec;  ///< a size, "64x64"
};

int info(const InfoArguments& arguments) {
  if (arguments.format != "text" && arguments.format != "json") {
    throw InvalidArgument(fmt::format("--format: '{}' is not one of text, json", arguments.format));
  }
  if (!arguments.spec.empty()) {
    print_line("{}", to_json(autoencoder_of_size(arguments.spec)));
    return 0;
  }
  if (arguments.path.empty()) {
    throw InvalidArgument("info: give a file, or --spec and a size");
  }
  const FileDescription description = describe_file(arguments.path);
  if (arguments.format == "json") {
    write_results(description.json);
  } else {
    print_table(description.text);
  }
  return 0;
}

}  // namespace

Command info_command() {
  return {
      "info", "Print what a model, detector, feature set, NPY or result file holds",
      "gradspace info vae.safetensors --format json", [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<InfoArguments>();
        auto* file = app.add_option("file", arguments->path,
                                    "File, or folder of a feature set or of results");
        app.add_option("--spec", arguments->spec,
                       "Print the description of an autoencoder for this size, such as 64x64, to "
                       "start a --spec from")
            ->check(parsed_by(parse_pixel_size))
            ->excludes(file);
        app.add_option("--format", arguments->format, "text or json")
            ->check(CLI::IsMember({"text", "json"}));
        return [arguments] { return info(*arguments); };
      }};
}

}  // namespace gradspace::cli
