#include "train/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/csv.h"
#include "core/json.h"
#include "gradspace/error.h"

namespace gradspace {
namespace {

constexpr const char* kTrain = "train_";
constexpr const char* kValidation = "validation_";
constexpr const char* kDecode = "decode";

/// Calls visit(name of the column, value) for the loss and its terms.
template <typename Visit>
void for_columns(const EpochRecord& record, const Visit& visit) {
  for (const auto& [prefix, losses] :
       {std::pair(kTrain, &record.train), std::pair(kValidation, &record.validation)}) {
    visit(std::string(prefix) + "loss", losses->loss);
    for (const auto& [name, value] : losses->terms) {
      visit(prefix + name, value);
    }
  }
}

nlohmann::json losses_to_json(const EpochRecord& record) {
  nlohmann::json json;
  for_columns(record, [&](const std::string& name, double value) { json[name] = value; });
  return json;
}

EpochLosses losses_from_json(const nlohmann::json& entry, const std::string& prefix,
                             std::span<const std::string_view> terms) {
  EpochLosses losses{entry.at(prefix + "loss").get<double>(), {}};
  for (const std::string_view term : terms) {
    const std::string name(term);
    losses.terms.emplace_back(name, entry.at(prefix + name).get<double>());
  }
  return losses;
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

}  // namespace

nlohmann::json run_identity(const AutoencoderSpec& spec, const TrainOptions& options,
                            const nlohmann::json& objective, const ImageStore& train,
                            const ImageStore& validation) {
  nlohmann::json identity = nlohmann::json::parse(to_json(spec));
  identity.update(objective);
  identity.update({
      {"batch", options.batch},
      {"learning_rate", options.learning_rate},
      {"seed", options.seed},
      {"train_images", train.size()},
      {"train_sha256", train.digest()},
      {"validation_images", validation.size()},
      {"validation_sha256", validation.digest()},
  });
  if (train.decoding() != Decoding::kExact) {  // which records of older versions do not speak of
    identity[kDecode] = name(train.decoding());
  }
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
  if (there.contains(kDecode) && !here.contains(kDecode)) {
    text += fmt::format("{}{} is {} there, \"{}\" here", text.empty() ? "" : "; ", kDecode,
                        there.at(kDecode).dump(), name(Decoding::kExact));
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

std::vector<EpochRecord> history_from_json(const nlohmann::json& json,
                                           std::span<const std::string_view> terms) {
  std::vector<EpochRecord> epochs;
  for (const nlohmann::json& entry : json) {
    epochs.push_back({entry.at("epoch").get<int>(), losses_from_json(entry, kTrain, terms),
                      losses_from_json(entry, kValidation, terms), entry.at("best").get<bool>(),
                      entry.at("seconds").get<double>()});
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

std::string training_metadata(const nlohmann::json& identity, int epochs_asked,
                              std::span<const EpochRecord> epochs, bool stopped) {
  nlohmann::json metadata = without_description(identity);
  metadata["epochs"] = epochs_asked;
  metadata["epochs_run"] = epochs.size();
  metadata["stopped"] = stopped;
  const EpochRecord* best = best_record(epochs);
  metadata["best_epoch"] = best != nullptr ? best->epoch : 0;
  if (best != nullptr) {
    metadata["best"] = losses_to_json(*best);
    metadata["last"] = losses_to_json(epochs.back());
  }
  return dump_json(metadata);
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

std::string preprocessing_metadata(const Extent& input, Decoding decoding) {
  return nlohmann::json{
      {"colour", input.channels == 1 ? "grey" : "RGB"},
      {"resize", "bilinear, antialiased, as Pillow's"},
      {"size", {input.width, input.height}},
      {"scale", "divided by 255"},
      {"decode", name(decoding)},
  }
      .dump();
}

std::string training_csv(std::span<const EpochRecord> epochs) {
  CsvWriter csv;
  csv.add("epoch");
  if (!epochs.empty()) {
    for_columns(epochs.front(), [&](const std::string& name, double) { csv.add(name); });
  }
  csv.row("best", "seconds");
  for (const EpochRecord& record : epochs) {
    csv.add(record.epoch);
    for_columns(record, [&](const std::string&, double value) { csv.add(value); });
    csv.row(record.best ? 1 : 0, fmt::format("{:.3f}", record.seconds));
  }
  return std::string(csv.text());
}

double EpochLosses::term(std::string_view name) const {
  const auto found = std::ranges::find(terms, name, &std::pair<std::string, double>::first);
  if (found == terms.end()) {
    throw InvalidArgument(fmt::format("train: the loss has no term '{}'", name));
  }
  return found->second;
}

}  // namespace gradspace
