// The making of a job: its folder, its plan, its copy of the model.
#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <utility>

#include "cluster/job_folder.h"
#include "cluster/plan_file.h"
#include "cluster/score_backend.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/options.h"
#include "core/text.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"
#include "gradspace/gradient.h"
#include "gradspace/model.h"
#include "gradspace/scorer.h"
#include "gradspace/version.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;

bool is_plain_path(const std::string& uri) {
  return !uri.starts_with("pipe:") && uri.find("://") == std::string::npos;
}

/// As workers in any folder find it.
std::string resolved(const std::string& uri) {
  if (uri.empty() || !is_plain_path(uri)) {
    return uri;
  }
  fs::path path = fs::absolute(uri).lexically_normal();
  if (!path.has_filename() && path.has_parent_path() && path != path.root_path()) {
    path = path.parent_path();  // "shard/"
  }
  return path.string();
}

void require_new_job(const fs::path& job) {
  std::error_code error;
  if (job.empty() || fs::exists(JobFolder(job).plan(), error)) {
    throw InvalidArgument(fmt::format(
        "{}: is a job already, and a plan does not change; choose another name", job.string()));
  }
  if (fs::exists(job, error) && !(fs::is_directory(job, error) && fs::is_empty(job, error))) {
    throw InvalidArgument(fmt::format(
        "{}: is there already and is not an empty folder; choose another name", job.string()));
  }
}

InstructionSet resolved(InstructionSet wanted) {
  const std::vector<InstructionSet> available = available_instruction_sets();
  return wanted == InstructionSet::kBest && !available.empty() ? available.front() : wanted;
}

}  // namespace

std::vector<FeatureBlock> planned_features(const PlanOptions& options, const Model& model) {
  std::vector<FeatureBlock> blocks = parse_features(options.features, model.spec, model.members());
  return options.project == 0 ? blocks
                              : project_features(blocks, options.project, options.project_seed);
}

void PlanOptions::validate() const {
  backend.validate();
  parse_source_kind(source);
  const bool shapes_features =
      !features.empty() || project > 0 || type != FeatureType::kFloat32 || tiles;
  if (!detector.empty() && (shapes_features || backend.name != "native")) {
    throw InvalidArgument(
        "plan: a detector's scores are made by the native engine, in the place of features");
  }
  if (tiles) {
    tiles->tiling.validate();
    OptionCheck{"plan"}(tiles->per_image >= 1 && tiles->per_image <= kMostTiles, "tiles per image",
                        tiles->per_image, fmt::format("from 1 to {}", kMostTiles));
    OptionCheck{"plan"}(tiles->seed <= std::numeric_limits<std::int64_t>::max(), "seed",
                        tiles->seed, "below 2^63");
  }
  if (moments && type != FeatureType::kFloat32) {
    throw InvalidArgument("plan: moments are sums in 64 bits; no rows are stored in another type");
  }
  OptionCheck{"plan"}(memory_gib > 0, "memory", memory_gib, "over 0 GiB");
  OptionCheck{"plan"}(lost_after.count() >= 100 && lost_after <= std::chrono::hours(24),
                      "lost after", fmt::format("{} ms", lost_after.count()),
                      "from 100 ms to 24 hours");
}

ShardPlan plan_shards(const fs::path& job, const fs::path& model_path, std::vector<Shard> shards,
                      PlanOptions options) {
  options.validate();
  require_new_job(job);
  for (Shard& shard : shards) {
    shard.uri = resolved(shard.uri);
  }
  check_shards(shards, "plan");
  const std::vector<std::uint8_t> model_bytes = read_file(model_path);
  const Model model = read_model(model_path);
  std::vector<std::uint8_t> detector_bytes;
  if (options.detector.empty()) {
    if (options.features.empty()) {
      options.features = proposed_features(model.spec);
    }
    const std::vector<FeatureBlock> blocks = planned_features(options, model);
    if (options.tiles) {
      options.tiles->require_size(model.spec.input.width, model.spec.input.height, "plan");
      require_exact_decoding(model, "plan");
    }
    if (options.moments) {
      require_moments_memory(*options.moments, dimension(blocks), options.memory_gib, "plan");
    }
  } else {
    detector_bytes = read_file(options.detector);
    require_scoring(read_detector(options.detector), model);
    options.features = text(score_blocks());
    options.detector.clear();
  }
  options.instruction_set = resolved(options.instruction_set);

  ShardPlan plan;
  plan.version = kVersion;
  plan.model_sha256 = fingerprint(model);
  plan.detector_sha256 = detector_bytes.empty() ? std::string() : sha256_hex(detector_bytes);
  plan.options = std::move(options);
  plan.shards = std::move(shards);
  // A copy of other bytes than were read as a model would refuse every worker.
  if (sha256_hex(model_bytes) != plan.model_sha256) {
    throw IoError(fmt::format("{}: has changed while it was read", model_path.string()));
  }
  const JobFolder folder(job);
  for (const fs::path& inner : {folder.claims(), folder.work(), folder.parts(), folder.failed()}) {
    make_folder(inner);
  }
  write_file(folder.model(), model_bytes);
  if (!detector_bytes.empty()) {
    write_file(folder.detector(), detector_bytes);
  }
  const std::string text = plan_to_json(plan);
  plan.digest = sha256_hex(bytes_of(text));
  write_file(folder.plan(), text);  // last: with it the job is whole
  return plan;
}

}  // namespace gradspace
