// gradspace monitor: cameras watched day and night.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "gradspace/error.h"
#include "gradspace/live_module.h"

namespace gradspace::cli {
namespace {

struct MonitorArguments {
  MonitorRequest request;
  std::string configuration;
  std::string check;
  std::string photographs;
  std::string detector;
  std::string model;
  std::string folder;
  std::string format;
  bool print_configuration = false;
};

int check_configuration(const std::string& file) {
  const std::vector<std::string> problems = live_module().problems(file);
  for (const std::string& problem : problems) {
    say("gradspace: {}", problem);
  }
  if (problems.empty()) {
    print_line("{}: nothing is wrong", file);
  }
  return problems.empty() ? kDone : kFailed;
}

void require_one_of_them(const MonitorArguments& arguments) {
  const int given = (arguments.configuration.empty() ? 0 : 1) + (arguments.check.empty() ? 0 : 1) +
                    (arguments.photographs.empty() ? 0 : 1);
  if (given != 1) {
    throw WrongUsage("monitor: wanted one of CONFIG, --check CONFIG and --simulate PHOTOGRAPHS");
  }
  const bool of_simulation =
      !arguments.detector.empty() || !arguments.model.empty() || !arguments.folder.empty();
  if (of_simulation && arguments.photographs.empty()) {
    throw WrongUsage(
        "monitor: --detector, --model and --folder are for --simulate; the configuration says "
        "them");
  }
  if (arguments.print_configuration && arguments.configuration.empty()) {
    throw WrongUsage("monitor: --print-config wants CONFIG");
  }
}

int monitor(MonitorArguments arguments) {
  require_one_of_them(arguments);
  if (!arguments.check.empty()) {
    return check_configuration(arguments.check);
  }
  MonitorRequest& request = arguments.request;
  request.configuration = arguments.configuration;
  request.photographs = arguments.photographs;
  request.detector = arguments.detector;
  request.model = arguments.model;
  request.folder = arguments.folder;
  request.lines = arguments.format == "jsonl";
  if (arguments.print_configuration) {
    write_results(live_module().resolved(request));
    flush_results();
    return kDone;
  }
  return live_module().run(request);
}

}  // namespace

Command monitor_command() {
  return {"monitor", "Watch cameras day and night: scores, drift, alarms, metrics and a page",
          "gradspace monitor --simulate photos/", [](CLI::App& app) -> std::function<int()> {
            const auto arguments = std::make_shared<MonitorArguments>();
            MonitorArguments& a = *arguments;
            constexpr int kMostCameras = 256;
            app.add_option("--check", a.check,
                           "Say what is wrong with a configuration file, and run nothing");
            app.add_flag("--print-config", a.print_configuration,
                         "Print the configuration with every default written out, and run nothing");
            app.add_option(
                "--simulate", a.photographs,
                "Watch cameras made of a folder's photographs, with faults that come and go");
            app.add_option("--cameras", a.request.simulated_cameras, "How many cameras to simulate")
                ->check(whole_number(1, kMostCameras));
            app.add_option("--rate", a.request.simulated_rate,
                           "Frames per second of each simulated camera")
                ->check(number_over(0));
            app.add_option(
                "--detector", a.detector,
                "Detector file of simulated cameras; without it one is fitted to the photographs");
            app.add_option("--model", a.model, "Model file of that detector, where it needs one");
            app.add_option(
                "--folder", a.folder,
                "Where simulated cameras keep their state; without it, in a temporary folder");
            app.add_option("--listen", a.request.listen,
                           "Address and port of the page, in the place of the configuration's");
            app.add_option("--format", a.format,
                           "jsonl: verdicts and alarms as JSON lines on standard output")
                ->check(one_of({"jsonl"}));
            app.add_option("config", a.configuration, "Configuration file (TOML)");
            return [arguments] { return monitor(*arguments); };
          }};
}

}  // namespace gradspace::cli
