#include "moments/moments_file.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "core/object_reader.h"
#include "data/feature_index.h"
#include "data/feature_meta.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"
#include "moments/unfinished_moments.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kMomentsKind = "moments";
constexpr const char* kUnfinishedKind = "unfinished moments";
constexpr const char* kWaitingKey = "waiting";
constexpr const char* kSetKey = "set";
constexpr const char* kMomentsKey = "moments";
/// In a job's folder.
constexpr const char* kMergedMoments = "moments.safetensors";
/// Sets of images have few names.
constexpr std::size_t kMostSketches = 10'000;
constexpr std::uint64_t kMostFileBytes = std::uint64_t{1} << 36;
constexpr std::size_t kMostColumns = std::size_t{1} << 29;
/// Of rows and of values: what a float64 can count.
constexpr std::int64_t kMostCount = std::int64_t{1} << 53;

std::string sketch_name(std::size_t i) {
  return fmt::format("quantiles.{}", i);
}

DoubleTensor sketch_tensor(const QuantileSketch& sketch) {
  const std::size_t count = sketch.counts().size();
  DoubleTensor tensor{{2, static_cast<std::int64_t>(count)}, std::vector<double>(2 * count)};
  std::size_t i = 0;
  for (const auto& [bucket, values] : sketch.counts()) {
    tensor.values[i] = bucket;
    tensor.values[count + i] = static_cast<double>(values);
    ++i;
  }
  return tensor;
}

json sketch_json(const std::string& set, const std::string& what, const QuantileSketch& sketch) {
  return {{"set", set},
          {"of", what},
          {"least", sketch.least()},
          {"largest", sketch.largest()},
          {"left_out", sketch.left_out()},
          {"values", sketch.count()}};
}

SafeTensors moments_to_file(const FeatureMoments& all) {
  const Moments& moments = all.moments;
  SafeTensors file;
  const auto put = [&](const char* key, std::vector<std::int64_t> shape,
                       const std::vector<double>& values) {
    file.doubles[key] = {std::move(shape), values};
  };
  const auto columns = static_cast<std::int64_t>(moments.columns());
  const auto size = [](const std::vector<double>& values) {
    return static_cast<std::int64_t>(values.size());
  };
  put("mean", {columns}, moments.mean);
  put("second", {size(moments.second)}, moments.second);
  if (moments.kind == MomentsKind::kFourth) {
    put("third", {columns, columns}, moments.third);
    put("fourth", {size(moments.fourth)}, moments.fourth);
  }
  json sketches = json::array();
  for (const auto& [set, quantiles] : all.quantiles) {
    for (const auto& [what, sketch] : quantiles) {
      file.doubles[sketch_name(sketches.size())] = sketch_tensor(sketch);
      sketches.push_back(sketch_json(set, what, sketch));
    }
  }
  file.metadata[kSetKey] = feature_meta_to_json(all.meta);
  file.metadata[kMomentsKey] = dump_json(json{{"moments", name(moments.kind)},
                                              {"rows", moments.rows},
                                              {"failures", all.failures},
                                              {"quantiles", std::move(sketches)}});
  return file;
}

/// Reads a file's content, with errors that name it.
class MomentsReader {
 public:
  MomentsReader(SafeTensors file, std::string name)
      : file_(std::move(file)), name_(std::move(name)) {}

  /// Of at least so many rows.
  FeatureMoments read(std::int64_t least_rows = 1) {
    const std::string where = fmt::format("{}: its metadata", name_);
    FeatureMoments all;
    all.meta = parse_feature_meta(metadata(kSetKey), where).meta;
    const json facts = parse_json(metadata(kMomentsKey), where);
    const ObjectReader reader(facts, where);
    read_moments_of(reader, least_rows, dimension(all.meta.columns), all.moments);
    all.failures = static_cast<std::uint64_t>(reader.integer("failures", 0, kMostCount));
    if (all.meta.source_images != all.moments.rows + all.failures) {
      fail(fmt::format("{} images are not {} rows and {} failures", all.meta.source_images,
                       all.moments.rows, all.failures));
    }
    const json& sketches = reader.member("quantiles");
    if (!sketches.is_array() || sketches.size() > kMostSketches) {
      fail(fmt::format("\"quantiles\" is no list of at most {}", kMostSketches));
    }
    for (std::size_t i = 0; i < sketches.size(); ++i) {
      read_sketch(sketches[i], i, all);
    }
    if (!file_.doubles.empty() || !file_.tensors.empty()) {
      fail("there are tensors that don't belong to moments");
    }
    return all;
  }

  UnfinishedMoments read_unfinished() {
    UnfinishedMoments all;
    auto waiting = file_.tensors.extract(kWaitingKey);
    if (waiting.empty() || waiting.mapped().shape.size() != 2) {
      fail(fmt::format("has no matrix \"{}\" of float32", kWaitingKey));
    }
    all.waiting = std::move(waiting.mapped().values);
    all.summed = read(0);
    const std::size_t columns = all.summed.moments.columns();
    const std::uint64_t rows = all.summed.moments.rows;
    if (all.waiting.size() % columns != 0 || all.waiting.size() >= kMomentsPieceRows * columns ||
        rows % kMomentsPieceRows != 0) {
      fail(fmt::format("{} rows and {} values that wait are no pieces of {} rows", rows,
                       all.waiting.size(), kMomentsPieceRows));
    }
    MomentsProgress& progress = all.progress;
    progress.set = metadata("of");
    progress.failures =
        parse_failures(metadata("failures"), fmt::format("{}: its failures", name_));
    progress.images_done = rows + all.waiting.size() / columns + progress.failures.size();
    return all;
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw FormatError(fmt::format("{}: {}", name_, why));
  }

  const std::string& metadata(const char* key) const {
    const auto found = file_.metadata.find(key);
    if (found == file_.metadata.end()) {
      fail(fmt::format("its metadata have no \"{}\"", key));
    }
    return found->second;
  }

  /// Takes a tensor out of the file.
  std::vector<double> take(const std::string& key, const std::vector<std::int64_t>& shape) {
    auto node = file_.doubles.extract(key);
    if (node.empty()) {
      fail(fmt::format("has no tensor \"{}\" of float64", key));
    }
    if (node.mapped().shape != shape) {
      fail(fmt::format("tensor \"{}\" has the shape {}, wanted {}", key,
                       shape_text(node.mapped().shape), shape_text(shape)));
    }
    return std::move(node.mapped().values);
  }

  void read_moments_of(const ObjectReader& reader, std::int64_t least_rows, std::size_t columns,
                       Moments& moments) {
    try {
      moments.kind = parse_moments_kind(reader.text("moments"));
    } catch (const InvalidArgument& error) {
      fail(error.what());
    }
    moments.rows = static_cast<std::uint64_t>(reader.integer("rows", least_rows, kMostCount));
    if (columns > kMostColumns) {
      fail(
          fmt::format("{} columns, more than the {} that moments may have", columns, kMostColumns));
    }
    const auto d = static_cast<std::int64_t>(columns);
    moments.mean = take("mean", {d});
    const std::int64_t triangle = d * (d + 1) / 2;
    moments.second = take("second", {moments.kind == MomentsKind::kDiagonal ? d : triangle});
    if (moments.kind == MomentsKind::kFourth) {
      moments.third = take("third", {d, d});
      moments.fourth = take("fourth", {triangle});
    }
    for (std::size_t k = 0; k < columns; ++k) {
      if (moments.second_of(k, k) < 0) {
        fail(fmt::format("column {} has a negative variance", k));
      }
    }
  }

  void read_sketch(const json& entry, std::size_t i, FeatureMoments& all) {
    const std::string where = fmt::format("{}: quantiles {}", name_, i);
    const ObjectReader reader(entry, where);
    const std::string key = sketch_name(i);
    const auto tensor = file_.doubles.find(key);
    const auto buckets =
        tensor == file_.doubles.end() ? 0 : static_cast<std::int64_t>(tensor->second.values.size());
    const std::vector<double> values = take(key, {2, buckets / 2});
    const std::string set = reader.decoded_text("set");
    const std::string what = reader.text("of");
    try {
      QuantileSketch sketch(counts_of(values, where), number(reader, "least"),
                            number(reader, "largest"),
                            static_cast<std::uint64_t>(reader.integer("left_out", 0, kMostCount)));
      if (sketch.count() != static_cast<std::uint64_t>(reader.integer("values", 0, kMostCount))) {
        fail(fmt::format("quantiles {}: have another number of values than the buckets", i));
      }
      if (!all.quantiles[set].emplace(what, std::move(sketch)).second) {
        fail(fmt::format("quantiles {}: stand there twice", i));
      }
    } catch (const InvalidArgument& error) {
      fail(error.what());
    }
  }

  /// `values` are [2, buckets].
  static QuantileSketch::Counts counts_of(const std::vector<double>& values,
                                          const std::string& where) {
    const std::size_t count = values.size() / 2;
    QuantileSketch::Counts counts;
    double before = -1;
    for (std::size_t i = 0; i < count; ++i) {
      const double bucket = values[i];
      const double number = values[count + i];
      const bool is_bucket =
          bucket > before && bucket < QuantileSketch::kBuckets && bucket == std::floor(bucket);
      const bool is_count =
          number >= 1 && number <= static_cast<double>(kMostCount) && number == std::floor(number);
      if (!is_bucket || !is_count) {
        throw FormatError(
            fmt::format("{}: its buckets are not rising whole numbers with counts", where));
      }
      counts.emplace_hint(counts.end(), static_cast<std::uint32_t>(bucket),
                          static_cast<std::uint64_t>(number));
      before = bucket;
    }
    return counts;
  }

  float number(const ObjectReader& reader, const char* key) const {
    const json& value = reader.member(key);
    const double number = value.is_number() ? value.get<double>() : std::nan("");
    const bool in_range =
        std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max());
    if (!in_range) {
      fail(fmt::format("\"{}\" is {}, not a number of float32", key, brief(value)));
    }
    return static_cast<float>(number);
  }

  SafeTensors file_;
  std::string name_;
};

/// The file itself, or that of a job's folder.
fs::path moments_path(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) ? path / kMergedMoments : path;
}

}  // namespace

bool holds_moments(const fs::path& path) {
  constexpr std::size_t kLengthBytes =
      8;  // of a safetensors file's header, which begins behind them
  std::error_code error;
  const fs::path file = moments_path(path);
  if (!fs::is_regular_file(file, error)) {
    return false;
  }
  const std::vector<std::uint8_t> start = read_file_start(file, kLengthBytes + 1);
  return start.size() > kLengthBytes && start[kLengthBytes] == '{';
}

FeatureMoments parse_moments(std::span<const std::uint8_t> bytes, const std::string& name) {
  return MomentsReader(parse_safetensors(bytes, name, kMomentsKind), name).read();
}

std::vector<std::uint8_t> serialise_moments(const FeatureMoments& moments) {
  return serialise_safetensors(kMomentsKind, moments_to_file(moments));
}

std::vector<std::uint8_t> serialise_unfinished_moments(const MomentsBuilder& builder,
                                                       const MomentsProgress& progress) {
  const FeatureMoments& summed = builder.summed();
  SafeTensors file = moments_to_file(summed);
  FeatureSetMeta of_summed = summed.meta;
  of_summed.source_images = summed.moments.rows;
  file.metadata[kSetKey] = feature_meta_to_json(of_summed);
  const std::span<const float> waiting = builder.waiting();
  const std::size_t columns = summed.moments.columns();
  file.tensors[kWaitingKey] = {
      {static_cast<std::int64_t>(waiting.size() / columns), static_cast<std::int64_t>(columns)},
      {waiting.begin(), waiting.end()}};
  file.metadata["of"] = progress.set;
  file.metadata["failures"] = failures_text(progress.failures);
  return serialise_safetensors(kUnfinishedKind, file);
}

UnfinishedMoments parse_unfinished_moments(std::span<const std::uint8_t> bytes,
                                           const std::string& name) {
  return MomentsReader(parse_safetensors(bytes, name, kUnfinishedKind), name).read_unfinished();
}

UnfinishedMoments read_unfinished_moments(const fs::path& path) {
  return parse_unfinished_moments(read_file(path, kMostFileBytes), path.string());
}

FeatureMoments read_moments(const fs::path& path) {
  const fs::path file = moments_path(path);
  return parse_moments(read_file(file, kMostFileBytes), file.string());
}

void write_moments(const fs::path& path, const FeatureMoments& moments) {
  write_file(path, serialise_moments(moments));
}

}  // namespace gradspace
