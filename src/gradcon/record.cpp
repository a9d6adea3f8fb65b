#include "gradcon/record.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

namespace gradspace {
namespace {

/// The numbers of a record, by name, in the order of the CSV's columns.
constexpr std::array<std::pair<const char*, double GradConEpoch::*>, 8> kFields{{
    {"train_loss", &GradConEpoch::train_loss},
    {"train_error", &GradConEpoch::train_error},
    {"train_cosine", &GradConEpoch::train_cosine},
    {"train_kld", &GradConEpoch::train_kld},
    {"validation_loss", &GradConEpoch::validation_loss},
    {"validation_error", &GradConEpoch::validation_error},
    {"validation_cosine", &GradConEpoch::validation_cosine},
    {"validation_kld", &GradConEpoch::validation_kld},
}};

nlohmann::json fields_to_json(const GradConEpoch& record) {
  nlohmann::json json;
  for (const auto& [name, member] : kFields) {
    json[name] = record.*member;
  }
  return json;
}

}  // namespace

namespace gradcon {

nlohmann::json run_identity(const AutoencoderSpec& spec, const GradConOptions& options,
                            const ImageStore& train, const ImageStore& validation) {
  nlohmann::json identity = nlohmann::json::parse(to_json(spec));
  identity.update({
      {"method", "gradcon"},
      {"batch", options.batch},
      {"learning_rate", options.learning_rate},
      {"alignment", options.alignment},
      {"kld_weight", options.kld_weight},
      {"mean_of_loss", options.mean_of_loss},
      {"seed", options.seed},
      {"train_images", train.size()},
      {"train_sha256", train.digest()},
      {"validation_images", validation.size()},
      {"validation_sha256", validation.digest()},
  });
  return identity;
}

nlohmann::json history_to_json(std::span<const GradConEpoch> epochs) {
  nlohmann::json json = nlohmann::json::array();
  for (const GradConEpoch& record : epochs) {
    nlohmann::json entry = fields_to_json(record);
    entry["epoch"] = record.epoch;
    entry["best"] = record.best;
    entry["seconds"] = record.seconds;
    json.push_back(std::move(entry));
  }
  return json;
}

std::vector<GradConEpoch> history_from_json(const nlohmann::json& json) {
  std::vector<GradConEpoch> epochs;
  for (const nlohmann::json& entry : json) {
    GradConEpoch record;
    entry.at("epoch").get_to(record.epoch);
    entry.at("best").get_to(record.best);
    entry.at("seconds").get_to(record.seconds);
    for (const auto& [name, member] : kFields) {
      entry.at(name).get_to(record.*member);
    }
    epochs.push_back(record);
  }
  return epochs;
}

const GradConEpoch* best_record(std::span<const GradConEpoch> epochs) {
  const GradConEpoch* best = nullptr;
  for (const GradConEpoch& record : epochs) {
    best = record.best ? &record : best;
  }
  return best;
}

std::string training_metadata(const nlohmann::json& identity, const GradConOptions& options,
                              std::span<const GradConEpoch> epochs, bool stopped) {
  nlohmann::json json = identity;
  // A model file has its description already.
  for (const char* key : {"input", "down", "latent", "up"}) {
    json.erase(key);
  }
  json["epochs"] = options.epochs;
  json["epochs_run"] = epochs.size();
  json["stopped"] = stopped;
  const GradConEpoch* best = best_record(epochs);
  json["best_epoch"] = best != nullptr ? best->epoch : 0;
  if (best != nullptr) {
    json["best"] = fields_to_json(*best);
    json["last"] = fields_to_json(epochs.back());
  }
  return json.dump();
}

}  // namespace gradcon

std::string gradcon_training_csv(std::span<const GradConEpoch> epochs) {
  std::string text = "epoch";
  for (const auto& field : kFields) {
    text += fmt::format(",{}", field.first);
  }
  text += ",best,seconds\n";
  for (const GradConEpoch& record : epochs) {
    fmt::format_to(std::back_inserter(text), "{}", record.epoch);
    for (const auto& field : kFields) {
      fmt::format_to(std::back_inserter(text), ",{}", record.*field.second);
    }
    fmt::format_to(std::back_inserter(text), ",{},{:.3f}\n", record.best ? 1 : 0, record.seconds);
  }
  return text;
}

}  // namespace gradspace
