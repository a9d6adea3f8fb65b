#include "experiment/experiment_outputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "core/checksum.h"
#include "core/csv.h"
#include "experiment/error_map.h"
#include "gradspace/error.h"
#include "image/picture_strip.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kOutputsFormat = 1;
constexpr std::size_t kSamples = 3;  ///< images shown under each condition

/// Which output channel each value of a layer's weight belongs to.
std::vector<std::size_t> filter_of_values(const LayerInfo& layer) {
  const std::vector<std::int64_t>& shape = layer.weight_shape;
  const bool transposed = layer.kind == LayerInfo::Kind::kConvTranspose;
  const auto channels = static_cast<std::size_t>(shape[transposed ? 1 : 0]);
  const std::size_t count = element_count(shape);
  const std::size_t inner = count / static_cast<std::size_t>(shape[0] * shape[1]);
  std::vector<std::size_t> filters(count);
  for (std::size_t i = 0; i < count; ++i) {
    filters[i] = transposed ? i / inner % channels : i / (count / channels);
  }
  return filters;
}

std::vector<double> mean_absolute_by_filter(const FeatureSet& set, const FeatureBlock& block,
                                            const LayerInfo& layer) {
  const std::vector<std::size_t> filters = filter_of_values(layer);
  const std::size_t channels = *std::max_element(filters.begin(), filters.end()) + 1;
  std::vector<double> sums(channels, 0.0);
  for (std::size_t row = 0; row < set.size(); ++row) {
    const auto values = set.row(row).subspan(block.begin, filters.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      sums[filters[i]] += std::abs(static_cast<double>(values[i]));
    }
  }
  const std::size_t values_each = filters.size() / channels * set.size();
  for (double& sum : sums) {
    sum /= static_cast<double>(values_each);
  }
  return sums;
}

/// The tile in the photograph's middle. Throws FormatError when the photograph is smaller.
Image middle_tile(const Image& photograph, const Extent& extent) {
  if (photograph.width() < extent.width || photograph.height() < extent.height) {
    throw FormatError("a photograph is smaller than a tile");
  }
  const TilePlace middle{(photograph.width() - extent.width) / 2,
                         (photograph.height() - extent.height) / 2};
  const ImageView tile = part_of(photograph, middle, extent.width, extent.height);
  return extent.channels == 1 ? to_grey(tile) : to_rgb(tile);
}

/// `look` makes of an image what the model sees.
template <typename Look>
Image sample_strip(const Image& clean, const Image& challenged, const Look& look,
                   GradientBackend& backend) {
  const Image seen = look(challenged);
  const Image reconstruction = reconstruct(seen, backend);
  const std::array<Image, 4> panels = {to_rgb(look(clean)), to_rgb(seen), to_rgb(reconstruction),
                                       error_map(seen, reconstruction)};
  return picture_strip(panels);
}

}  // namespace

ExperimentOutputs::ExperimentOutputs(fs::path folder)
    : folder_(std::move(folder)), image_scores_(folder_ / "image_scores.csv") {
  image_scores_.write("path,set,type,level,method,run,score,bce,kld\n");
}

void ExperimentOutputs::add_scores(const SetName& name, const SetScores& set, std::size_t column,
                                   const std::string& method, int run) {
  CsvWriter csv;
  for (std::size_t i = 0; i < set.paths.size(); ++i) {
    csv.row(set.paths[i], name.split, name.type, name.level, method, run, set.scores[column][i],
            set.bce[i], set.kld[i]);
  }
  image_scores_.write(csv.text());
}

void ExperimentOutputs::add_fingerprint(const SetName& name, const FeatureSet& set,
                                        const AutoencoderSpec& spec, int run) {
  for (const LayerInfo& layer : layers(spec)) {
    for (const FeatureBlock& block : set.meta().columns) {
      if (block.layer == layer.name && block.loss && block.member == 0) {
        fingerprints_.push_back({{"run", run},
                                 {"type", name.type},
                                 {"level", name.level},
                                 {"layer", layer.name},
                                 {"loss", gradspace::name(*block.loss)},
                                 {"mean_absolute", mean_absolute_by_filter(set, block, layer)}});
      }
    }
  }
}

void ExperimentOutputs::finish(int runs) {
  image_scores_.commit();
  write_file(folder_ / "fingerprints.json",
             sealed_json({{"format_version", kOutputsFormat}, {"rows", fingerprints_}}, 1));
  std::string training;
  for (int run = 0; run < runs; ++run) {
    const fs::path log = folder_ / fmt::format("run-{}", run) / "training.csv";
    if (!fs::exists(log)) {
      continue;  // its autoencoder was given
    }
    std::istringstream lines(read_text_file(log));
    std::string line;
    std::getline(lines, line);  // the header
    training += training.empty() ? "run," + line + "\n" : "";
    while (std::getline(lines, line)) {
      training += fmt::format("{},{}\n", run, line);
    }
  }
  if (training.empty()) {
    fs::remove(folder_ / "training.csv");
  } else {
    write_file(folder_ / "training.csv", training);
  }
}

void write_samples(const fs::path& folder, const ExperimentData& data,
                   std::span<const SetName> conditions, const Model& model,
                   GradientBackend& backend, const std::optional<Tiling>& tiles) {
  make_folder(folder);
  const auto look = [&](const Image& image) {
    const Extent& extent = model.spec.input;
    return tiles ? middle_tile(image, extent) : prepared(image, extent);
  };
  const std::shared_ptr<const Source> clean = data.open({"test"});
  json rows = json::array();
  for (const SetName& condition : conditions) {
    const std::shared_ptr<const Source> challenged = data.open(condition);
    const std::size_t count = std::min({kSamples, clean->size(), challenged->size()});
    for (std::size_t i = 0; i < count; ++i) {
      // Evenly spread, the same places in both sets: made sets list their images alike.
      const std::size_t clean_at = i * clean->size() / count;
      const std::size_t challenged_at = i * challenged->size() / count;
      try {
        const std::string file =
            fmt::format("{:02}_{:02}_{}.png", condition.type, condition.level, i);
        write_image(folder / file, sample_strip(clean->load(clean_at),
                                                challenged->load(challenged_at), look, backend));
        rows.push_back({{"file", file},
                        {"type", condition.type},
                        {"level", condition.level},
                        {"clean", clean->info(clean_at).path},
                        {"challenged", challenged->info(challenged_at).path}});
      } catch (const FormatError&) {  // reported when its features were asked for
        continue;
      }
    }
  }
  write_file(folder / "samples.json",
             sealed_json({{"format_version", kOutputsFormat},
                          {"panels", {"clean", "challenged", "reconstruction", "error"}},
                          {"rows", std::move(rows)}},
                         1));
}

}  // namespace gradspace
