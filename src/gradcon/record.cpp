#include "gradcon/record.h"

#include <array>

#include "train/history.h"
#include "train/record.h"

namespace gradspace {
namespace {

/// The numbers of a record, by name, in the order of the CSV's columns.
constexpr std::array<RecordField<GradConEpoch>, 8> kFields{{
    {"train_loss", &GradConEpoch::train_loss},
    {"train_error", &GradConEpoch::train_error},
    {"train_cosine", &GradConEpoch::train_cosine},
    {"train_kld", &GradConEpoch::train_kld},
    {"validation_loss", &GradConEpoch::validation_loss},
    {"validation_error", &GradConEpoch::validation_error},
    {"validation_cosine", &GradConEpoch::validation_cosine},
    {"validation_kld", &GradConEpoch::validation_kld},
}};

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
  return records_to_json(epochs, kFields);
}

std::vector<GradConEpoch> history_from_json(const nlohmann::json& json) {
  return records_from_json(json, kFields);
}

const GradConEpoch* best_record(std::span<const GradConEpoch> epochs) {
  return last_best(epochs);
}

std::string training_metadata(const nlohmann::json& identity, const GradConOptions& options,
                              std::span<const GradConEpoch> epochs, bool stopped) {
  return run_record(without_description(identity), options.epochs, epochs, stopped, kFields).dump();
}

}  // namespace gradcon

std::string gradcon_training_csv(std::span<const GradConEpoch> epochs) {
  return records_to_csv(epochs, kFields);
}

}  // namespace gradspace
