#include "experiment/experiment_stages.h"

#include <fmt/format.h>

#include <utility>

#include "core/file.h"
#include "core/hash.h"
#include "experiment/experiment_kind.h"
#include "gradspace/report.h"
#include "gradspace/train_members.h"
#include "gradspace/version.h"

namespace gradspace {

namespace fs = std::filesystem;
using nlohmann::json;

TrainOptions train_options(const ExperimentTraining& training) {
  TrainOptions options;
  options.epochs = training.epochs;
  options.batch = training.batch;
  options.learning_rate = training.learning_rate;
  options.beta = training.beta;
  options.seed = training.seed;
  return options;
}

namespace {

json training_record(const ExperimentTraining& training) {
  return {{"epochs", training.epochs},
          {"batch", training.batch},
          {"learning_rate", training.learning_rate},
          {"beta", training.beta},
          {"seed", training.seed}};
}

}  // namespace

ExperimentStages::ExperimentStages(const ExperimentOptions& options,
                                   const std::vector<SetName>& needed,
                                   const ExperimentObserver& observer)
    : options_(options),
      observer_(observer),
      data_(options, needed),
      record_(options.command_line, options.threads) {}

fs::path ExperimentStages::run_folder(int run) const {
  return options_.out / fmt::format("run-{}", run);
}

fs::path ExperimentStages::model_path(int run) const {
  return run_folder(run) / "model.safetensors";
}

std::vector<SetName> ExperimentStages::challenged_test_sets() const {
  std::vector<SetName> sets;
  for (const challenge::Type type : options_.challenges) {
    for (const int level : options_.levels) {
      sets.push_back({"test", static_cast<int>(type), level});
    }
  }
  return sets;
}

json ExperimentStages::options_record() const {
  json challenges = json::array();
  for (const challenge::Type type : options_.challenges) {
    challenges.push_back(challenge::name(type));
  }
  json record = {{"data", options_.data.string()},
                 {"runs", options_.runs},
                 {"spec", json::parse(to_json(options_.spec))},
                 {"classifier",
                  {{"epochs", options_.classifier.epochs},
                   {"batch", options_.classifier.batch},
                   {"learning_rate", options_.classifier.learning_rate},
                   {"seed", options_.classifier.seed}}},
                 {"challenges", std::move(challenges)},
                 {"levels", options_.levels},
                 {"challenges_made_in_memory", data_.makes_challenges()},
                 {"challenge_seed", options_.challenge_seed},
                 {"strength", challenge::name(options_.challenge.strength)},
                 {"post_production", options_.challenge.post_production},
                 {"gradient_backend", options_.gradient_backend.text()}};
  if (!options_.model.empty()) {
    record["model"] = options_.model.string();
    record["model_sha256"] = sha256_hex_of_file(options_.model);
  } else {
    record["training"] = training_record(options_.training);
    record["training_backend"] = options_.training_backend.text();
  }
  return record;
}

void ExperimentStages::begin_stage(std::string_view stage, bool skipped, std::string_view why) {
  if (stop_requested()) {
    throw ExperimentStopped{};
  }
  if (!why.empty() && observer_.on_made_anew) {
    alone([&] { observer_.on_made_anew(stage, why); });
  }
  record_.begin_stage(stage, skipped);
  if (observer_.on_stage) {
    alone([&] { observer_.on_stage(stage, skipped); });
  }
}

bool ExperimentStages::stop_requested() const {
  bool requested = false;
  if (observer_.stop_requested) {
    alone([&] { requested = observer_.stop_requested(); });
  }
  return requested;
}

void ExperimentStages::report(std::size_t done, std::size_t total, std::string_view unit,
                              std::string_view note) const {
  if (observer_.on_progress) {
    alone([&] { observer_.on_progress(done, total, unit, note); });
  }
}

void ExperimentStages::report_failures(const std::vector<std::string>& reasons) const {
  alone([&] {
    for (const std::string& reason : reasons) {
      if (said_.insert(reason).second && observer_.on_failure) {
        observer_.on_failure(reason);
      }
    }
  });
}

void ExperimentStages::remark(std::string_view line) const {
  alone([&] {
    if (said_.emplace(line).second && observer_.on_remark) {
      observer_.on_remark(line);
    }
  });
}

JobObserver ExperimentStages::job_observer(std::string_view unit) const {
  JobObserver observer;
  observer.on_progress = [this, unit = std::string(unit)](std::size_t done, std::size_t total) {
    report(done, total, unit);
  };
  observer.on_failure = [this](std::string_view line) { report_failures({std::string(line)}); };
  observer.on_remark = [this](std::string_view line) { remark(line); };
  observer.stop_requested = [this] { return stop_requested(); };
  return observer;
}

std::uint64_t ExperimentStages::train_seed(int run) const {
  return options_.training.seed + static_cast<std::uint64_t>(run);
}

json ExperimentStages::model_ingredients(int run) const {
  json options = training_record(options_.training);
  options["seed"] = train_seed(run);
  if (members_of(options_) > 1) {
    options["members"] = members_of(options_);
  }
  json ingredients = {{"stage", "train"},
                      {"version", kVersion},
                      {"spec", to_json(options_.spec)},
                      {"options", options},
                      {"backend", options_.training_backend.text()},
                      {"train", data_.identity({"train"})},
                      {"val", data_.identity({"val"})}};
  if (tiles_of(options_)) {
    ingredients["tiles_per_image"] = std::get<OneClassExperiment>(options_.kind).tiles_per_image;
  }
  return ingredients;
}

std::string ExperimentStages::provide_model(int run) {
  return options_.model.empty() ? train(run) : take_model(run);
}

std::string ExperimentStages::take_model(int run) {
  const std::vector<std::uint8_t> given = read_file(options_.model);
  std::string digest = sha256_hex(given);
  const fs::path path = model_path(run);
  make_folder(run_folder(run));
  const bool there = fs::exists(path);
  const bool present = there && sha256_hex_of_file(path) == digest;
  begin_stage(fmt::format("run {}: take model", run), present,
              there && !present ? "its autoencoder is another one" : "");
  if (!present) {
    fs::remove(run_folder(run) / "training.csv");  // of the autoencoder that was there
    write_file(path, given);
  }
  return digest;
}

std::string ExperimentStages::train(int run) {
  const json ingredients = model_ingredients(run);
  data_.save_known_contents();
  const fs::path path = model_path(run);
  make_folder(run_folder(run));
  bool present = false;
  std::string why;
  if (fs::exists(path)) {
    const ResultMetadata metadata = read_model(path).metadata;
    present = is_made_of(metadata, ingredients);
    const bool given = !metadata.contains(kExperimentKey);
    why = present ? "" : given ? "it was given, not trained" : why_anew(metadata, ingredients);
  }
  begin_stage(fmt::format("run {}: train", run), present, why);
  if (!present) {
    train_anew(run, ingredients);
  }
  for (std::size_t member = 0; member < members_of(options_); ++member) {
    fs::remove(member_checkpoint(checkpoint_path(run, ingredients), member));
  }
  return sha256_hex_of_file(path);
}

fs::path ExperimentStages::checkpoint_path(int run, const json& ingredients) const {
  // Named by its key: a checkpoint of other data or options is not this run's.
  return run_folder(run) / fmt::format("checkpoint-{:.12}.safetensors", key_of(ingredients));
}

std::shared_ptr<const Source> ExperimentStages::images_to_train_on(const SetName& set,
                                                                   int run) const {
  std::shared_ptr<const Source> images = data_.open(set);
  const std::optional<Tiling> tiles = tiles_of(options_);
  if (!tiles) {
    return images;
  }
  const std::size_t wanted = std::get<OneClassExperiment>(options_.kind).tiles_per_image;
  const std::size_t each = tiles_per_image(wanted, images->size());
  return draw_tiles(std::move(images), {*tiles, each, train_seed(run)});
}

void ExperimentStages::train_anew(int run, const json& ingredients) const {
  TrainOptions options = train_options(options_.training);
  options.seed = train_seed(run);
  options.checkpoint = checkpoint_path(run, ingredients);
  options.resume = true;
  options.log_folder = run_folder(run) / "logs";
  const auto loading = [&](std::size_t done, std::size_t total) { report(done, total, "images"); };
  const Extent& input = options_.spec.input;
  const ImageStore train_images(*images_to_train_on({"train"}, run), input, loading);
  const ImageStore validation_images(*images_to_train_on({"val"}, run), input, loading);
  report_failures(train_images.failures());
  report_failures(validation_images.failures());

  options.backend = options_.training_backend.text();
  const auto make_backend = [&](const Model& initial, const TrainOptions& own) {
    return make_training_backend(options_.training_backend, initial, own);
  };
  TrainObserver observer;
  observer.on_step = [&](const TrainProgress& progress) {
    report(progress.images_done, progress.images_total, "images",
           fmt::format("epoch {}/{}  loss {:.1f}", progress.epoch, progress.epochs, progress.loss));
  };
  observer.stop_requested = [this] { return stop_requested(); };
  MembersResult result = train_members(options_.spec, train_images, validation_images, make_backend,
                                       options, members_of(options_), observer);
  if (result.stopped) {
    throw ExperimentStopped{};
  }
  write_file(run_folder(run) / "training.csv", training_csv(result.members.front().epochs));
  note_made_of(result.model.metadata, ingredients);
  write_model(model_path(run), result.model);
}

void ExperimentStages::write_so_far(Results& results) {
  results.record_json = record_.json_text();
  write_results(options_.out, results);
}

void ExperimentStages::finish(ExperimentOutputs& outputs) {
  begin_stage("write results", false);
  outputs.finish(options_.runs);
  data_.save_known_contents();
  if (can_write_report()) {
    write_report(options_.out);
  }
}

}  // namespace gradspace
