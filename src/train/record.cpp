#include "train/record.h"

#include <fmt/format.h>

#include <array>

#include "train/history.h"

namespace gradspace {
namespace {

/// The losses of a record, by name, in the order of the CSV's columns.
constexpr std::array<RecordField<EpochRecord>, 6> kLosses{{
    {"train_loss", &EpochRecord::train_loss},
    {"train_bce", &EpochRecord::train_bce},
    {"train_kld", &EpochRecord::train_kld},
    {"validation_loss", &EpochRecord::validation_loss},
    {"validation_bce", &EpochRecord::validation_bce},
    {"validation_kld", &EpochRecord::validation_kld},
}};

/// The layers of a large model fill a screen.
std::string shortened(const nlohmann::json& value) {
  constexpr std::size_t kMost = 100;
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.size() > kMost) {
    text = text.substr(0, kMost) + "...";
  }
  return text;
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

nlohmann::json without_description(nlohmann::json identity) {
  for (const char* key : {"input", "down", "latent", "up"}) {
    identity.erase(key);
  }
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
  return records_to_json(epochs, kLosses);
}

std::vector<EpochRecord> history_from_json(const nlohmann::json& json) {
  return records_from_json(json, kLosses);
}

const EpochRecord* best_record(std::span<const EpochRecord> epochs) {
  return last_best(epochs);
}

std::string training_metadata(const nlohmann::json& identity, const TrainOptions& options,
                              std::span<const EpochRecord> epochs, bool stopped) {
  return run_record(without_description(identity), options.epochs, epochs, stopped, kLosses).dump();
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
  return records_to_csv(epochs, kLosses);
}

}  // namespace gradspace
