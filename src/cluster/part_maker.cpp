#include "cluster/part_maker.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "cluster/moments_part.h"
#include "cluster/named_source.h"
#include "cluster/plan_file.h"
#include "cluster/score_backend.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "data/feature_meta.h"
#include "gradspace/error.h"
#include "gradspace/extract.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

/// What an earlier worker has finished and only not put in place.
std::optional<PartCounts> finished_earlier(const fs::path& set, const FeatureSetMeta& meta) {
  std::error_code error;
  if (!fs::exists(set, error)) {
    return std::nullopt;
  }
  try {
    const FeatureSet there(set);
    there.verify();
    if (feature_meta_to_json(there.meta()) == feature_meta_to_json(meta)) {
      return PartCounts{there.size(), there.failures().size()};
    }
  } catch (const Error&) {  // damaged
  }
  fs::remove_all(set, error);
  return std::nullopt;
}

/// Images of a shard that could not be read, in this run.
struct LeftOut {
  std::size_t count = 0;
  std::string first;  ///< why

  void say(Watched& watched, std::uint32_t shard, std::size_t images) const {
    if (count > 0) {
      watched.remark(fmt::format(
          "shard {}: {} of {} images could not be read and were left out, the first: {}", shard,
          count, images, first));
    }
  }
};

/// How what an earlier worker left is made use of.
void say_begin(Watched& watched, std::uint32_t shard, const std::string& begun_anew,
               std::uint64_t images_done, std::uint64_t images) {
  if (!begun_anew.empty()) {
    watched.remark(
        fmt::format("shard {}: begun anew, as what an earlier worker left can't be continued: {}",
                    shard, begun_anew));
  }
  if (images_done > 0) {
    watched.remark(
        fmt::format("shard {}: going on after {} of {} images", shard, images_done, images));
  }
}

/// Tells the claim how far the work on a shard is, and collects what is left out. All three outlive it.
JobObserver observer_within(Claim& claim, Watched& watched, LeftOut& left_out) {
  JobObserver observer;
  observer.on_progress = [&claim](std::size_t done, std::size_t total) {
    claim.set_progress({done, total});
  };
  observer.stop_requested = [&watched] { return watched.stop(); };
  observer.on_failure = [&left_out](std::string_view line) {
    if (left_out.count++ == 0) {
      left_out.first = line;
    }
  };
  return observer;
}

}  // namespace

PartMaker::PartMaker(const JobFolder& job, const ShardPlan& plan, const WorkOptions& options)
    : job_(job),
      plan_(plan),
      options_(options),
      names_(shard_names(plan.shards)),
      model_(read_model(job.model())) {
  if (fingerprint(model_) != plan.model_sha256) {
    throw FormatError(fmt::format(
        "{}: is another model (SHA-256 {:.12}...) than the plan was made for ({:.12}...)",
        job.model().string(), fingerprint(model_), plan.model_sha256));
  }
  if (plan.detector_sha256.empty()) {
    blocks_ = planned_features(plan.options, model_);
  } else {
    if (sha256_hex_of_file(job.detector()) != plan.detector_sha256) {
      throw FormatError(fmt::format("{}: is another detector than the plan was made for",
                                    job.detector().string()));
    }
    detector_ = read_detector(job.detector());
    blocks_ = score_blocks();
  }
  make_backend();  // what is wrong with it is wrong for all shards
}

bool PartMaker::make(std::uint32_t shard, Claim& claim, Watched& watched) const {
  const std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  std::unique_ptr<Source> source;
  try {
    source = open_shard(plan_.shards[shard], names_[shard], plan_.options);
  } catch (const Error& error) {
    throw ShardFailed{error.what()};
  }
  const AttemptFolder attempt(job_, shard, claim.number());
  attempt.take_up_earlier();
  const FeatureSetMeta meta = describe(*source, shard);
  std::optional<PartCounts> counts;
  if (plan_.options.moments) {
    counts = make_moments(*source, shard, attempt, meta, claim, watched);
  } else {
    counts = finished_earlier(attempt.set(), meta);
    if (!counts) {
      counts = extract(*source, shard, attempt, meta, claim, watched);
    }
  }
  if (!counts) {
    return false;
  }
  PartRecord record;
  record.rows = counts->rows;
  record.failures = counts->failures;
  record.plan = plan_.digest;
  record.shard = shard;
  record.uri = plan_.shards[shard].uri;
  record.worker = worker_name();
  record.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  put_in_place(attempt.set(), std::move(record));
  return true;
}

std::unique_ptr<GradientBackend> PartMaker::make_backend() const {
  const PlanOptions& options = plan_.options;
  if (detector_) {
    return make_score_backend(model_, *detector_, options.instruction_set);
  }
  return options.backend.name == "native"
             ? make_native_backend(model_, blocks_, options.instruction_set)
             : make_gradient_backend(options.backend, model_, blocks_);
}

FeatureSetMeta PartMaker::describe(const Source& source, std::uint32_t shard) const {
  // As `gradspace extract` notes them.
  nlohmann::json options = {{"features", plan_.options.features},
                            {"backend", plan_.options.backend.name},
                            {"device", plan_.options.backend.device},
                            {"source", plan_.options.source}};
  if (detector_) {
    options["detector_sha256"] = plan_.detector_sha256;
  }
  FeatureSetMeta meta = describe_extraction(source, plan_.shards[shard].uri, blocks_,
                                            plan_.model_sha256, dump_json(options));
  meta.decoding = decoding_in(model_.metadata).value_or(Decoding::kExact);
  meta.type = plan_.options.type;
  if (plan_.options.tiles) {
    meta.tiles_json = tile_draw_record(*plan_.options.tiles);
  }
  return meta;
}

std::optional<PartCounts> PartMaker::extract(const Source& source, std::uint32_t shard,
                                             const AttemptFolder& attempt,
                                             const FeatureSetMeta& meta, Claim& claim,
                                             Watched& watched) const {
  FeatureSetWriter writer(attempt.set(), meta);
  say_begin(watched, shard, writer.begun_anew(), writer.images_done(), source.size());
  LeftOut left_out;
  claim.set_progress({writer.images_done(), source.size()});
  try {
    const ExtractResult result = extract_features(
        source, model_.spec.input, [this] { return make_backend(); }, writer,
        {options_.batch, options_.threads}, observer_within(claim, watched, left_out));
    if (writer.values_too_large() > 0) {
      watched.remark(
          fmt::format("shard {}: {} values were larger than 65504 and were stored as that", shard,
                      writer.values_too_large()));
    }
    left_out.say(watched, shard, source.size());
    if (result.stopped) {
      return std::nullopt;
    }
    return PartCounts{result.rows, result.images_done - result.rows};
  } catch (const FormatError& error) {
    throw ShardFailed{error.what()};
  }
}

std::optional<PartCounts> PartMaker::make_moments(const Source& source, std::uint32_t shard,
                                                  const AttemptFolder& attempt,
                                                  const FeatureSetMeta& meta, Claim& claim,
                                                  Watched& watched) const {
  MomentsPartWriter writer(attempt.set(), meta, *plan_.options.moments);
  const std::uint64_t images_done = writer.begin().images;
  say_begin(watched, shard, writer.begun_anew(), images_done, source.size());
  LeftOut left_out;
  claim.set_progress({images_done, source.size()});
  try {
    const ExtractResult result = extract_rows(
        source, model_.spec.input, [this] { return make_backend(); }, meta, writer,
        {options_.batch, options_.threads}, observer_within(claim, watched, left_out));
    left_out.say(watched, shard, source.size());
    if (result.stopped) {
      writer.save();
      return std::nullopt;
    }
    writer.finish();
    return PartCounts{writer.rows(), writer.failures()};
  } catch (const FormatError& error) {
    throw ShardFailed{error.what()};
  }
}

/// The part becomes visible, whole and once: a folder can't be renamed onto one that holds something.
void PartMaker::put_in_place(const fs::path& set, PartRecord record) const {
  measure_part(set, plan_.options.moments.has_value(), record);
  write_file(set / "part.json", part_record_to_json(record));
  const fs::path part = job_.part(record.shard);
  make_folder(job_.parts());
  bool placed = std::rename(set.c_str(), part.c_str()) == 0;
  if (!placed && errno == ENOTDIR) {  // something that is no part lies there
    job_.set_aside(record.shard);
    placed = std::rename(set.c_str(), part.c_str()) == 0;
  }
  if (!placed && errno != ENOTEMPTY && errno != EEXIST) {
    throw IoError(fmt::format("{}: can't move the finished part there: {}", part.string(),
                              last_system_error()));
  }
}

}  // namespace gradspace
