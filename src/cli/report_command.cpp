// gradspace report: a run's results as a page.
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/output.h"
#include "gradspace/error.h"
#include "gradspace/report.h"

namespace gradspace::cli {
namespace {

struct ReportArguments {
  std::string folder;
  bool open = false;
};

/// Shows the page in the user's browser. Throws IoError where there is no way to.
void open_in_browser(const std::filesystem::path& page) {
  std::string program = "xdg-open";
  std::string file = std::filesystem::absolute(page).string();
  char* const arguments[] = {program.data(), file.data(), nullptr};
  pid_t child = 0;
  int status = 1;
  if (posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments, environ) != 0 ||
      waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw IoError(fmt::format("{}: xdg-open can't open it here; open it in a browser", file));
  }
}

int make_report(const ReportArguments& arguments) {
  const std::filesystem::path page = write_report(arguments.folder);
  print_line("{}", page.string());
  if (arguments.open) {
    open_in_browser(page);
  }
  return 0;
}

}  // namespace

Command report_command() {
  return {
      "report", "Write a run's results as one page, report.html", "gradspace report results --open",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<ReportArguments>();
        app.add_option("folder", arguments->folder, "Folder that an experiment wrote")->required();
        app.add_flag("--open", arguments->open, "Open it in a browser");
        return [arguments] { return make_report(*arguments); };
      }};
}

}  // namespace gradspace::cli
