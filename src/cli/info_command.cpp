// gradspace info: what a file of ours holds.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "gradspace/describe.h"
#include "gradspace/error.h"
#include "gradspace/model.h"
#include "gradspace/modules.h"
#include "gradspace/utf8_text.h"
#include "gradspace/version.h"

namespace gradspace::cli {
namespace {

struct InfoArguments {
  std::string path;
  std::string format = "text";
  std::string spec;  ///< a size, "64x64"
  bool build = false;
};

/// What this build can do: its version, and each module.
void print_build(const std::string& format) {
  const std::vector<ModuleInfo> modules = find_modules();
  if (format == "json") {
    nlohmann::ordered_json json = {{"gradspace_version", version()},
                                   {"modules", nlohmann::ordered_json::array()}};
    for (const ModuleInfo& module : modules) {
      json["modules"].push_back({{"name", module.name},
                                 {"purpose", module.purpose},
                                 {"path", to_utf8(module.path.native())},
                                 {"library", module.library},
                                 {"failure", to_utf8(module.failure)}});
    }
    print_exact_line("{}", json.dump(2));
    return;
  }
  print_line("gradspace {}", version());
  for (const ModuleInfo& module : modules) {
    print_line("{:<8}  {}: {}", module.name, module.purpose,
               module.failure.empty() ? module.library : module.failure);
  }
}

int info(const InfoArguments& arguments) {
  if (arguments.format != "text" && arguments.format != "json") {
    throw InvalidArgument(fmt::format("--format: '{}' is not one of text, json", arguments.format));
  }
  if (!arguments.spec.empty()) {
    print_line("{}", to_json(autoencoder_of_size(arguments.spec)));
    return 0;
  }
  if (arguments.build) {
    print_build(arguments.format);
    return 0;
  }
  if (arguments.path.empty()) {
    throw InvalidArgument("info: give a file, --spec and a size, or --build");
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
  return {"info", "Print what a model, detector, feature set, NPY or result file holds",
          "gradspace info vae.safetensors --format json",
          [](CLI::App& app) -> std::function<int()> {
            const auto arguments = std::make_shared<InfoArguments>();
            auto* file = app.add_option("file", arguments->path,
                                        "File, or folder of a feature set or of results");
            auto* spec =
                app.add_option(
                       "--spec", arguments->spec,
                       "Print the description of an autoencoder for this size, such as 64x64, to "
                       "start a --spec from")
                    ->check(parsed_by(parse_pixel_size))
                    ->excludes(file);
            app.add_flag("--build", arguments->build,
                         "Print the version and which modules this build can load")
                ->excludes(file)
                ->excludes(spec);
            app.add_option("--format", arguments->format, "text or json")
                ->check(CLI::IsMember({"text", "json"}));
            return [arguments] { return info(*arguments); };
          }};
}

}  // namespace gradspace::cli
