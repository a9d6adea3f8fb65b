#include "cli/training_images.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cli/progress.h"
#include "gradspace/error.h"
#include "gradspace/source.h"
#include "train/split.h"

namespace gradspace::cli {
namespace {

std::unique_ptr<ImageStore> load(const std::string& what, const Source& source,
                                 const Extent& extent, bool quiet) {
  Progress progress("read " + what, "images", quiet);
  auto store = std::make_unique<ImageStore>(
      source, extent, [&](std::size_t done, std::size_t total) { progress.update(done, total); });
  progress.say(fmt::format("{}: {} images", what, store->size()));
  for (const std::string& failure : store->failures()) {
    fmt::print(stderr, "gradspace: left out: {}\n", failure);
  }
  return store;
}

std::shared_ptr<const Source> open(const std::string& path, const TrainingSources& sources) {
  std::shared_ptr<const Source> source = open_source(path, parse_source_kind(sources.kind));
  if (!sources.object_class) {
    return source;
  }
  std::vector<std::uint32_t> positions;
  for (std::size_t i = 0; i < source->size(); ++i) {
    if (source->info(i).object_class == *sources.object_class) {
      positions.push_back(static_cast<std::uint32_t>(i));
    }
  }
  if (positions.empty()) {
    throw InvalidArgument(
        fmt::format("{}: has no images of class {}", path, *sources.object_class));
  }
  return select(std::move(source), std::move(positions));
}

}  // namespace

TrainingImages load_training_images(const TrainingSources& sources, const Extent& extent,
                                    bool quiet) {
  const std::shared_ptr<const Source> data = open(sources.data, sources);
  std::vector<std::uint32_t> train;
  std::unique_ptr<Source> validation;
  if (sources.validation.empty()) {
    TrainingSplit split = split_for_training(*data, sources.seed);
    train = std::move(split.train);
    validation = select(data, std::move(split.validation));
    Progress("train", "", quiet).say(fmt::format("{}: {}", sources.data, split.rule));
  } else {
    const std::shared_ptr<const Source> others = open(sources.validation, sources);
    train = images_of_set(*data, "train");
    validation = select(others, images_of_set(*others, "val"));
  }
  const std::unique_ptr<Source> training = select(data, std::move(train));
  return {load("training", *training, extent, quiet),
          load("validation", *validation, extent, quiet)};
}

void leave_checkpoint(bool stopped, const std::filesystem::path& checkpoint) {
  if (stopped) {
    fmt::print(stderr, "gradspace: stopped on request; --resume goes on from {}\n",
               checkpoint.string());
  } else {
    std::filesystem::remove(checkpoint);
  }
}

}  // namespace gradspace::cli
