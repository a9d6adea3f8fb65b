// gradspace reference: writes manual pages, completions and docs/reference.md, for the build. Hidden from --help.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reference.h"
#include "gradspace/error.h"

namespace gradspace::cli {
namespace {

using Files = std::map<std::string, std::string>;

/// A form of the reference: the files that it consists of.
struct Form {
  const char* name;
  const char* summary;
  Files (*files)(std::span<const CommandText> commands);
};

const std::vector<Form>& forms() {
  static const std::vector<Form> list = {
      {"man", "Manual pages", [](std::span<const CommandText> all) { return manual_pages(all); }},
      {"markdown", "docs/reference.md",
       [](std::span<const CommandText> all) {
         return Files{{"reference.md", markdown_reference(all)}};
       }},
      {"bash", "Completion for bash",
       [](std::span<const CommandText> all) {
         return Files{{"gradspace", bash_completion(all)}};
       }},
      {"zsh", "Completion for zsh",
       [](std::span<const CommandText> all) {
         return Files{{"_gradspace", zsh_completion(all)}};
       }},
      {"fish", "Completion for fish",
       [](std::span<const CommandText> all) {
         return Files{{"gradspace.fish", fish_completion(all)}};
       }},
  };
  return list;
}

int write(const Files& files, const std::filesystem::path& folder) {
  if (!folder.empty()) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) {
      throw IoError(
          fmt::format("{}: can't make the folder: {}", folder.string(), failed.message()));
    }
  }
  for (const auto& [name, text] : files) {
    if (folder.empty()) {
      write_results(text);
    } else {
      std::ofstream file(folder / name);
      if (!(file << text << std::flush)) {
        throw IoError(fmt::format("{}: can't write", (folder / name).string()));
      }
    }
  }
  return kDone;
}

}  // namespace

Command reference_command() {
  return {"reference", "Write manual pages, shell completions, or docs/reference.md",
          "gradspace reference man --out share/man/man1",
          [](CLI::App& app) -> std::function<int()> {
            app.group("");  // hidden
            app.require_subcommand(1);
            const auto folder = std::make_shared<std::filesystem::path>();
            const auto words = std::make_shared<std::vector<std::string>>();
            for (const Form& form : forms()) {
              CLI::App* const written = app.add_subcommand(form.name, form.summary);
              written->add_option("--out", *folder,
                                  "Folder to write the files to; without it they are printed");
              show_example(*written, fmt::format("gradspace reference {} --out share", form.name));
            }
            CLI::App* const parse = app.add_subcommand(
                "parse", "Parse the command line that follows --, and run nothing");
            parse->add_option("words", *words, "Its words, without gradspace itself");
            show_example(*parse, "gradspace reference parse -- iqa reference.png distorted.jpg");
            return [&app, parse, folder, words] {
              if (parse->parsed()) {
                return check_command_line(*words);
              }
              const std::vector<CommandText> commands = describe_commands(*app.get_parent());
              for (const Form& form : forms()) {
                if (app.get_subcommand(form.name)->parsed()) {
                  return write(form.files(commands), *folder);
                }
              }
              return kWrongUsage;
            };
          },
          true};
}

}  // namespace gradspace::cli
