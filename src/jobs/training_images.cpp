#include "gradspace/training_images.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "gradspace/error.h"
#include "train/split.h"

namespace gradspace {
namespace {

std::shared_ptr<const Source> open(const std::string& path, const TrainingSources& sources,
                                   std::vector<std::string>& remarks) {
  std::shared_ptr<const Source> source =
      open_source(path, parse_source_kind(sources.kind), sources.options);
  if (std::string remark = passed_over(*source, path); !remark.empty()) {
    remarks.push_back(std::move(remark));
  }
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

std::unique_ptr<Source> tiles_of(std::unique_ptr<Source> photographs,
                                 const TrainingSources& sources) {
  const std::size_t each = tiles_per_image(sources.tiles_per_image, photographs->size());
  return draw_tiles(std::move(photographs), {*sources.tiles, each, sources.seed});
}

}  // namespace

TrainingSets open_training_sets(const TrainingSources& sources) {
  std::vector<std::string> remarks;
  const std::shared_ptr<const Source> data = open(sources.data, sources, remarks);
  TrainingSets sets;
  if (sources.validation.empty()) {
    TrainingSplit split = split_for_training(*data, sources.seed, sources.hold_out);
    sets = {select(data, std::move(split.train)), select(data, std::move(split.validation)),
            std::move(split.rule)};
  } else {
    const std::shared_ptr<const Source> others = open(sources.validation, sources, remarks);
    sets = {select(data, images_of_set(*data, "train")),
            select(others, images_of_set(*others, "val")), ""};
  }
  sets.remarks = std::move(remarks);
  if (sources.tiles) {
    sets.training = tiles_of(std::move(sets.training), sources);
    sets.validation = tiles_of(std::move(sets.validation), sources);
  }
  return sets;
}

}  // namespace gradspace
