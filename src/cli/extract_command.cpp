// gradspace extract: images to a feature set.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/fast_decode.h"
#include "cli/interrupt.h"
#include "cli/json_text.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_target.h"
#include "cli/progress.h"
#include "cli/projection_options.h"
#include "cli/scoring.h"
#include "cli/source_options.h"
#include "gradspace/backends.h"
#include "gradspace/error.h"
#include "gradspace/extract.h"
#include "gradspace/threads.h"
#include "gradspace/tiles.h"

namespace gradspace::cli {
namespace {

struct ExtractArguments {
  std::string model;
  std::string data;
  std::string out;
  std::string features;
  BackendChoice backend;
  std::string source = "auto";
  SourceOptions source_options;
  std::string tiles;
  std::size_t tiles_per_image = 0;
  std::uint64_t seed = 0;
  ProjectionArguments projection;
  bool fast_decode = false;
  bool quiet = false;
  ExtractOptions options;
};

ExtractResult run(const ExtractArguments& arguments, const Model& model, const Source& source,
                  const BackendFactory& make_backend, FeatureSetWriter& writer) {
  Progress progress("extract", "images", arguments.quiet);
  say_passed_over(progress, source, arguments.data);
  if (const std::string why = writer.begun_anew(); !why.empty()) {
    progress.say(
        fmt::format("begun anew, as what an earlier run left can't be continued: {}", why));
  }
  if (writer.images_done() > 0) {
    progress.say(
        fmt::format("going on after {} of {} images", writer.images_done(), source.size()));
  }
  const InterruptGuard interrupt;
  JobObserver observer;
  observer.on_progress = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  observer.stop_requested = [] { return InterruptGuard::requested(); };
  return extract_features(source, model.spec.input, make_backend, writer, arguments.options,
                          observer);
}

int extract(const ExtractArguments& arguments) {
  refuse_inputs(arguments.out, {arguments.model, arguments.data});
  check_usage([&] {
    arguments.backend.validate();
    arguments.options.validate();
  });
  const Model model = read_model(arguments.model);
  const Decoding decoding = decoding_in(model.metadata).value_or(Decoding::kExact);
  require_decoding(arguments.fast_decode, decoding, arguments.model);
  const std::string features =
      arguments.features.empty() ? proposed_features(model.spec) : arguments.features;
  const std::vector<FeatureBlock> blocks =
      projected(parse_features(features, model.spec, model.members()), arguments.projection);
  const BackendFactory make_backend = [&] {
    return make_gradient_backend(arguments.backend, model, blocks);
  };
  std::unique_ptr<Source> source =
      open_source(arguments.data, parse_source_kind(arguments.source), arguments.source_options);
  const nlohmann::json options = {{"features", features},
                                  {"backend", arguments.backend.name},
                                  {"device", arguments.backend.device},
                                  {"source", arguments.source}};
  std::string record;
  if (!arguments.tiles.empty()) {
    require_exact_decoding(model, "extract");
    const TileDraw draw{parse_tiling(arguments.tiles),
                        tiles_per_image(arguments.tiles_per_image, source->size()), arguments.seed};
    draw.require_size(model.spec.input.width, model.spec.input.height, "extract");
    record = tile_draw_record(draw);
    source = draw_tiles(std::move(source), draw);
  }
  FeatureSetMeta meta;
  run_with_threads(arguments.options.threads, [&] {
    meta = describe_extraction(*source, arguments.data, blocks, fingerprint(model),
                               json_text(options));
  });
  meta.tiles_json = std::move(record);
  meta.decoding = decoding;
  meta.type = parse_feature_type(arguments.projection.dtype);
  FeatureSetWriter writer(arguments.out, meta);

  const ExtractResult result = run(arguments, model, *source, make_backend, writer);
  if (result.stopped) {
    say("gradspace: interrupted after {} of {} images, kept in {}; the same command goes on",
        result.images_done, source->size(), writer.partial_path().string());
    return InterruptGuard::exit_status();
  }
  if (const std::uint64_t count = writer.values_too_large(); count > 0) {
    say("gradspace: {} values were larger than 65504 and were stored as that; --dtype f32 keeps "
        "them",
        count);
  }
  const std::vector<FailedImage> failures = writer.failures();
  for (const FailedImage& failure : failures) {
    say("gradspace: {}", failure.reason);
  }
  if (!failures.empty()) {
    say("gradspace: {} of {} images could not be read and were left out", failures.size(),
        source->size());
  }
  print_line("{}: {} rows of {} features", arguments.out, result.rows, dimension(blocks));
  return failures.empty() ? 0 : 1;
}

}  // namespace

Command extract_command() {
  return {
      "extract", "Write the gradients that images would cause as a feature set",
      "gradspace extract --model model.safetensors --data photos/ --out features",
      [](CLI::App& app) -> std::function<int()> {
        const auto arguments = std::make_shared<ExtractArguments>();
        ExtractArguments& a = *arguments;
        app.add_option("--model", a.model, "Model file (.safetensors)")->required();
        app.add_option("--data", a.data,
                       "A CURE-TSR tree or set, a folder of images, an IDX pair (MNIST), "
                       "CIFAR-10 binaries, tar archives (shard-{000..099}.tar, "
                       "pipe:COMMAND), or a list of files")
            ->required();
        app.add_option("--out", a.out, "Feature set to write, a folder")->required();
        app.add_option(
            "--features", a.features,
            "LAYER:LOSS,... or mu, logvar, all, all:LOSS, with losses bce, kld, elbo; of a "
            "model's member 2 alone LAYER:LOSS#2 "
            "(without it: the paper's, last encoder layer:kld,last decoder layer:bce)");
        declare_projection(app, a.projection);
        app.add_option("--source", a.source,
                       "auto, cure-tsr, folder, idx, cifar10, tar, list or video")
            ->check(CLI::IsMember(
                {"auto", "cure-tsr", "folder", "idx", "cifar10", "tar", "list", "video"}));
        declare_hidden(app, a.source_options);
        auto* tiles = app.add_option("--tiles", a.tiles,
                                     "Features of tiles of this size, such as 28x28, cut from "
                                     "photographs at their own resolution; it must be the model's")
                          ->check(parsed_by(parse_tiling));
        declare_fast_decode_of(app, "the model", a.fast_decode)->excludes(tiles);
        app.add_option("--tiles-per-image", a.tiles_per_image,
                       "Tiles of each photograph (default: 4 to 100, for 20000 in all)")
            ->check(whole_number(1))
            ->needs(tiles);
        app.add_option("--seed", a.seed, "Places of the tiles")->check(seed_number())->needs(tiles);
        app.add_option("--backend", a.backend.name, "native or torch")
            ->check(CLI::IsMember({"native", "torch"}));
        app.add_option("--device", a.backend.device, "cpu, or cuda[:N] with --backend torch");
        app.add_option("--threads", a.options.threads, "Threads to use; 0 = all cores")
            ->check(thread_count());
        app.add_option("--batch", a.options.batch, "Images a call of the backend")
            ->check(whole_number(1));
        app.add_flag("--quiet", a.quiet, "No progress");
        return [arguments] { return extract(*arguments); };
      }};
}

}  // namespace gradspace::cli
