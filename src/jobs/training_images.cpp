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

}  // namespace

TrainingSets open_training_sets(const TrainingSources& sources) {
  std::vector<std::string> remarks;
  const std::shared_ptr<const Source> data = open(sources.data, sources, remarks);
  if (sources.validation.empty()) {
    TrainingSplit split = split_for_training(*data, sources.seed);
    return {select(data, std::move(split.train)), select(data, std::move(split.validation)),
            std::move(split.rule), std::move(remarks)};
  }
  const std::shared_ptr<const Source> others = open(sources.validation, sources, remarks);
  return {select(data, images_of_set(*data, "train")),
          select(others, images_of_set(*others, "val")), "", std::move(remarks)};
}

}  // namespace gradspace
