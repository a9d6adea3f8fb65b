#include "train/record.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

namespace gradspace {
namespace {

/// The losses of a record, by name, in the order of the CSV's columns.
constexpr std::array<std::pair<const char*, double EpochRecord::*>, 6> kLosses{{
    {"train_loss", &EpochRecord::train_loss},
    {"train_bce", &EpochRecord::train_bce},
    {"train_kld", &EpochRecord::train_kld},
    {"validation_loss", &EpochRecord::validation_loss},
    {"validation_bce", &EpochRecord::validation_bce},
    {"validation_kld", &EpochRecord::validation_kld},
}};

nlohmann::json losses_to_json(const EpochRecord& record) {
  nlohmann::json json;
  for (const auto& [name, member] : kLosses) {
    json[name] = record.*member;
  }
  return json;
}

/// The layers of a large model fill a screen.
std::string shortened(const nlohmann::json& value) {
  constexpr std::size_t kMost = 100;
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.size() > kMost) {
    text = text.substr(0, kMost) + "...";
  }
  return text;
}

/// A model file has it already.
nlohmann::json without_description(nlohmann::json identity) {
  for (const char* key : {"input", "down", "latent", "up"}) {
    identity.erase(key);
  }
  return identity;
}

}  // namespace

nlohmann::json run_identity(const AutoencoderSpec& spec, const TrainOptions& options,
                            const ImageStore& train, const ImageStore& validation) {
  nlohmann::json identity = nlohmann::json::parse(to_json(spec));
  identity.update({
      {"batch", options.batch},
      {"learning_rate", options.learning_rate},
      {"beta", options.beta},
      {"seed", options.seed},
      {"backend", options.backend},
      {"train_images", train.size()},
      {"train_sha256", train.digest()},
      {"validation_images", validation.size()},
      {"validation_sha256", validation.digest()},
  });
  return identity;
}

std::string difference(const nlohmann::json& there, const nlohmann::json& here) {
  std::string text;
  for (const auto& [key, value] : here.items()) {
    const auto other = there.find(key);
    const bool missing = other == there.end();
    if (missing || *other != value) {
      text += fmt::format("{}{} is {} there, {} here", text.empty() ? "" : "; ", key,
                          missing ? "unknown" : shortened(*other), shortened(value));
    }
  }
  return text;
}

nlohmann::json history_to_json(std::span<const EpochRecord> epochs) {
  nlohmann::json json = nlohmann::json::array();
  for (const EpochRecord& record : epochs) {
    nlohmann::json entry = losses_to_json(record);
    entry["epoch"] = record.epoch;
    entry["best"] = record.best;
    entry["seconds"] = record.seconds;
    json.push_back(std::move(entry));
  }
  return json;
}

std::vector<EpochRecord> history_from_json(const nlohmann::json& json) {
  std::vector<EpochRecord> epochs;
  for (const nlohmann::json& entry : json) {
    EpochRecord record;
    entry.at("epoch").get_to(record.epoch);
    entry.at("best").get_to(record.best);
    entry.at("seconds").get_to(record.seconds);
    for (const auto& [name, member] : kLosses) {
      entry.at(name).get_to(record.*member);
    }
    epochs.push_back(record);
  }
  return epochs;
}

const EpochRecord* best_record(std::span<const EpochRecord> epochs) {
  const EpochRecord* best = nullptr;
  for (const EpochRecord& record : epochs) {
    best = record.best ? &record : best;
  }
  return best;
}

std::string training_metadata(const nlohmann::json& identity, const TrainOptions& options,
                              std::span<const EpochRecord> epochs, bool stopped) {
  nlohmann::json json = without_description(identity);
  json["epochs"] = options.epochs;
  json["epochs_run"] = epochs.size();
  json["stopped"] = stopped;
  const EpochRecord* best = best_record(epochs);
  json["best_epoch"] = best != nullptr ? best->epoch : 0;
  if (best != nullptr) {
    json["best"] = losses_to_json(*best);
    json["last"] = losses_to_json(epochs.back());
  }
  return json.dump();
}

bool is_finished_run(const std::string& metadata, const nlohmann::json& identity,
                     const TrainOptions& options) {
  const auto record = nlohmann::json::parse(metadata, nullptr, false);
  if (!record.is_object()) {
    return false;
  }
  nlohmann::json wanted = without_description(identity);
  wanted["epochs_run"] = options.epochs;
  wanted["stopped"] = false;
  return difference(record, wanted).empty();
}

std::string preprocessing_metadata(const Extent& input) {
  return nlohmann::json{
      {"colour", input.channels == 1 ? "grey" : "RGB"},
      {"resize", "bilinear, antialiased, as Pillow's"},
      {"size", {input.width, input.height}},
      {"scale", "divided by 255"},
  }
      .dump();
}

std::string training_csv(std::span<const EpochRecord> epochs) {
  std::string text = "epoch";
  for (const auto& loss : kLosses) {
    text += fmt::format(",{}", loss.first);
  }
  text += ",best,seconds\n";
  for (const EpochRecord& record : epochs) {
    fmt::format_to(std::back_inserter(text), "{}", record.epoch);
    for (const auto& loss : kLosses) {
      fmt::format_to(std::back_inserter(text), ",{}", record.*loss.second);
    }
    fmt::format_to(std::back_inserter(text), ",{},{:.3f}\n", record.best ? 1 : 0, record.seconds);
  }
  return text;
}

}  // namespace gradspace
