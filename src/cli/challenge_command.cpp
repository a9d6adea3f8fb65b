#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "cli/progress.h"
#include "cli/source_options.h"
#include "gradspace/challenge_files.h"
#include "gradspace/error.h"

namespace gradspace::cli {
namespace {

/// Of the failures at the end so many are shown.
constexpr std::size_t kFailuresShown = 20;

/// What the command line says.
struct ChallengeArguments {
  std::string input;
  std::string output;
  std::string types = "all";
  std::string levels = fmt::format("1-{}", challenge::kLevels);
  std::string strength = "image";
  std::uint64_t seed = 0;
  std::string format;
  std::string source = "auto";
  SourceOptions source_options;
  std::string split;
  std::vector<std::string> sets;
  std::string sheet;
  bool clean = false;
  bool post_production = false;
  bool force = false;
  bool quiet = false;

  challenge::BatchOptions batch_options() const {
    challenge::BatchOptions options;
    options.types = challenge::parse_types(types);
    options.levels = challenge::parse_levels(levels);
    options.seed = seed;
    options.challenge.strength = challenge::parse_strength(strength);
    options.challenge.post_production = post_production;
    if (!format.empty()) {
      options.format = challenge::parse_format(format);
    }
    options.source = parse_source_kind(source);
    options.source_options = source_options;
    if (!split.empty()) {
      options.split = challenge::parse_split(split);
    }
    options.sets = sets;
    options.clean = clean;
    options.force = force;
    return options;
  }
};

std::string summaries() {
  std::string text = "Challenges:\n";
  for (const challenge::TypeInfo& info : challenge::all_types()) {
    text +=
        fmt::format("  {:02} {:<15} {}\n", static_cast<int>(info.type), info.name, info.summary);
  }
  return text;
}

int report_batch(const ChallengeArguments& arguments, const challenge::BatchResult& result) {
  for (std::size_t i = 0; i < std::min(kFailuresShown, result.failures.size()); ++i) {
    say("gradspace: {}", result.failures[i]);
  }
  if (result.failures.size() > kFailuresShown) {
    say("gradspace: and {} more failures", result.failures.size() - kFailuresShown);
  }
  if (result.stopped) {
    say("gradspace: interrupted after {} files; the same command {}", result.written + result.kept,
        arguments.force ? "makes them again" : "goes on");
  } else if (!arguments.quiet) {
    const std::string kept =
        result.kept == 0 ? "" : fmt::format(", {} of them there already", result.kept);
    say("{} files from {} images in {} (seed {}){}", result.written + result.kept, result.images,
        arguments.output, arguments.seed, kept);
  }
  if (result.stopped) {
    return InterruptGuard::exit_status();
  }
  return result.failures.empty() ? kDone : kFailed;
}

/// Throws WrongUsage when one file is to be written whose name says another format than --format.
void check_format(const ChallengeArguments& arguments) {
  if (arguments.format.empty() || is_folder(arguments.input) || is_folder(arguments.output) ||
      !has_image_extension(arguments.output)) {
    return;
  }
  check_usage([&] {
    if (image_format_from_extension(arguments.output) !=
        challenge::parse_format(arguments.format)) {
      throw WrongUsage(fmt::format("--format {}, but --out {} names another format",
                                   arguments.format, arguments.output));
    }
  });
}

int work(const ChallengeArguments& arguments) {
  check_format(arguments);
  const challenge::BatchOptions options = arguments.batch_options();
  refuse_inputs(arguments.sheet, {arguments.input});
  if (!is_folder(arguments.input)) {  // a tree may gain challenges where it lies
    refuse_inputs(arguments.output, {arguments.input});
  }
  if (!arguments.sheet.empty()) {
    challenge::write_contact_sheet(arguments.input, arguments.sheet, options);
  }
  if (arguments.output.empty()) {
    return kDone;
  }
  challenge::BatchResult result;
  {
    const InterruptGuard guard("gradspace: interrupted; files that are there are whole\n");
    Progress progress("challenge", "images", arguments.quiet);
    JobObserver observer;
    observer.on_progress = [&](std::size_t done, std::size_t total) {
      progress.update(done, total);
    };
    observer.on_remark = [&](std::string_view line) { progress.say(line); };
    observer.stop_requested = InterruptGuard::requested;
    result = challenge::challenge_files(arguments.input, arguments.output, options, observer);
  }
  return report_batch(arguments, result);
}

std::function<int()> declare_challenge(CLI::App& app) {
  const auto arguments = std::make_shared<ChallengeArguments>();
  ChallengeArguments& a = *arguments;
  app.description(app.get_description() + "\n\n" + summaries());
  app.add_option("--in", a.input, "An image, a folder, a CURE-TSR tree, an IDX or CIFAR-10 source")
      ->required();
  app.add_option(
      "--out", a.output,
      "Where the challenged images go: a new or empty folder (a file for one image, type "
      "and level), or the input tree itself, which gains RealChallenge/TT_LL");
  app.add_option("--types", a.types, "Names or numbers, comma-separated, or all")
      ->check(parsed_by(challenge::parse_types));
  app.add_option("--levels", a.levels, "Numbers and ranges, comma-separated")
      ->check(parsed_by(challenge::parse_levels));
  app.add_option(
         "--strength", a.strength,
         "What sizes at a level are relative to: image (its shorter side) or pixels (nothing: "
         "the same in every image)")
      ->check(parsed_by(challenge::parse_strength));
  app.add_option("--seed", a.seed, "Of all random draws")->check(seed_number());
  app.add_option("--format", a.format,
                 "bmp, png or jpg; by default bmp in a tree, else the input's own")
      ->check(parsed_by(challenge::parse_format));
  app.add_option("--source", a.source,
                 "What the input is: auto, cure-tsr, folder, idx, cifar10, tar, list or video")
      ->check(parsed_by(parse_source_kind));
  declare_hidden(app, a.source_options);
  app.add_option("--split", a.split,
                 "Make an experiment tree: so many images, or percent, drawn for each set, as in "
                 "train=4000,val=1000,test=20%; clean copies are written too")
      ->check(parsed_by(challenge::parse_split));
  app.add_option("--sets", a.sets, "Only these sets of a tree, comma-separated")
      ->delimiter(',')
      ->check(CLI::IsMember({"train", "val", "test"}));
  app.add_flag("--clean", a.clean, "Write clean copies to RealChallengeFree as well");
  app.add_flag("--post-production", a.post_production,
               "Leave out the sensor noise that optical challenges put back");
  app.add_flag("--force", a.force, "Replace files in an output that is not empty");
  app.add_option("--sheet", a.sheet,
                 "Draw the first image under all types and levels into this file");
  app.add_flag("--quiet", a.quiet, "No progress, no summary");
  app.parse_complete_callback([&a] {
    if (a.output.empty() && a.sheet.empty()) {
      throw CLI::RequiredError("--out or --sheet");
    }
  });
  return [arguments] { return work(*arguments); };
}

}  // namespace

Command challenge_command() {
  return {"challenge", "Make rain, blur, noise and nine other challenges of any images",
          "gradspace challenge --in photos --out challenged --types rain,noise --levels 1-3",
          declare_challenge};
}

}  // namespace gradspace::cli
