#include "cli/training_images.h"

#include <fmt/format.h>

#include "cli/output.h"
#include "cli/progress.h"

namespace gradspace::cli {
namespace {

std::unique_ptr<ImageStore> load(const std::string& what, const Source& source,
                                 const Extent& extent, Decoding decoding, bool quiet) {
  Progress progress("read " + what, "images", quiet);
  auto store = std::make_unique<ImageStore>(
      source, extent, [&](std::size_t done, std::size_t total) { progress.update(done, total); },
      decoding);
  progress.say(fmt::format("{}: {} images", what, store->size()));
  for (const std::string& failure : store->failures()) {
    say("gradspace: left out: {}", failure);
  }
  return store;
}

}  // namespace

TrainingImages load_training_images(const TrainingSources& sources, const Extent& extent,
                                    Decoding decoding, bool quiet) {
  const TrainingSets sets = open_training_sets(sources);
  std::vector<std::string> remarks = sets.remarks;
  remarks.push_back(shrinking_remark(*sets.training, extent.width, extent.height));
  for (const std::string& remark : remarks) {
    if (!remark.empty()) {
      Progress("train", "", quiet).say(remark);
    }
  }
  if (!sets.rule.empty()) {
    Progress("train", "", quiet).say(fmt::format("{}: {}", sources.data, sets.rule));
  }
  return {load("training", *sets.training, extent, decoding, quiet),
          load("validation", *sets.validation, extent, decoding, quiet)};
}

}  // namespace gradspace::cli
