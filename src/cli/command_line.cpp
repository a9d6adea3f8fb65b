#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>

#include "cli/command.h"
#include "gradspace/error.h"
#include "gradspace/version.h"

namespace gradspace::cli {
namespace {

/// How many single-character edits turn `a` into `b` (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replace, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

/// The candidate nearest to `word`, or an empty text when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.push_back(subcommand->get_name());
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      words.push_back("--" + name);
    }
  }
  return words;
}

int report_usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const CLI::App& where = chosen.empty() ? app : *chosen.front();
  std::string message = error.what();
  if (const auto* extras = dynamic_cast<const CLI::ExtrasError*>(&error)) {
    static_cast<void>(extras);
    std::vector<std::string> left = where.remaining();
    if (left.empty()) {
      left = app.remaining();
    }
    if (!left.empty()) {
      message = fmt::format("{}: not known here", left.front());
      const std::string guess =
          nearest(left.front().substr(0, left.front().find('=')), known_words(where));
      if (!guess.empty()) {
        message += fmt::format("; did you mean {}?", guess);
      }
    }
  }
  fmt::print(stderr, "gradspace: {} (try 'gradspace {}--help')\n", message,
             chosen.empty() ? "" : where.get_name() + " ");
  return kWrongUsage;
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
  CLI::App app("How far an image is from what a model knows, by the weight gradients it would cause.",
               "gradspace");
  app.set_version_flag("--version", std::string("gradspace ") + kVersion);
  app.require_subcommand(1);

  std::function<int()> action;
  for (const Command& command : all_commands()) {
    CLI::App* subcommand = app.add_subcommand(command.name, command.summary);
    subcommand->footer("Example:\n  " + command.example);
    subcommand->option_defaults()->always_capture_default();
    subcommand->callback(
        [&action, work = command.declare(*subcommand)] { action = work; });
  }

  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::Success& request) {  // --help and --version
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    return report_usage_error(app, error);
  }

  try {
    return action();
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "gradspace: out of memory\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "gradspace: {}\n", error.what());
  }
  return kFailed;
}

}  // namespace gradspace::cli
