// Requests for features: text to blocks and columns.
#include <fmt/format.h>

#include <utility>

#include "data/feature_columns.h"
#include "gradspace/error.h"
#include "gradspace/gradient.h"

namespace gradspace {
namespace {

std::string layer_list(const std::vector<LayerInfo>& layers) {
  std::string text;
  for (const LayerInfo& layer : layers) {
    text += (text.empty() ? "" : ", ") + layer.name;
  }
  return text;
}

/// Collects blocks in the order asked and gives each its columns.
class BlockList {
 public:
  explicit BlockList(const AutoencoderSpec& spec) : latent_(spec.latent), layers_(layers(spec)) {}

  /// The member that the terms to come are of.
  void begin_member(std::size_t member) { member_ = member; }

  void add_term(std::string_view term) {
    const std::size_t colon = term.find(':');
    const std::string_view subject = term.substr(0, colon);
    if (colon != std::string_view::npos) {
      add_gradients(subject, loss_of(term, term.substr(colon + 1)));
    } else if (term == "all") {
      add_gradients("all", Loss::kBce);
      if (latent_ > 0) {
        add_gradients("all", Loss::kKld);
      }
    } else if (term == "mu" || term == "logvar") {
      require_bottleneck(term);
      append(std::string(term), std::nullopt, static_cast<std::size_t>(latent_));
    } else {
      throw InvalidArgument(
          fmt::format("features: \"{}\" is none of LAYER:LOSS, mu, logvar, all, all:LOSS "
                      "(layers: {}; losses: bce, kld, elbo)",
                      term, layer_list(layers_)));
    }
  }

  std::vector<FeatureBlock> take() { return std::move(blocks_); }

 private:
  void require_bottleneck(std::string_view term) const {
    if (latent_ == 0) {
      throw InvalidArgument(fmt::format(
          "features: \"{}\" needs a model with a bottleneck; this one's latent size is 0 (valid "
          "loss: bce)",
          term));
    }
  }

  Loss loss_of(std::string_view term, std::string_view text) const {
    const Loss loss = parse_loss(text);
    if (loss != Loss::kBce) {
      require_bottleneck(term);
    }
    return loss;
  }

  void add_gradients(std::string_view subject, Loss loss) {
    bool found = false;
    for (const LayerInfo& layer : layers_) {
      if (subject == "all" || subject == layer.name) {
        append(layer.name, loss, element_count(layer.weight_shape));
        found = true;
      }
    }
    if (!found) {
      throw InvalidArgument(fmt::format("features: the model has no layer \"{}\" (valid: {}, all)",
                                        subject, layer_list(layers_)));
    }
  }

  void append(std::string layer, std::optional<Loss> loss, std::size_t size) {
    for (const FeatureBlock& block : blocks_) {
      if (block.layer == layer && block.loss == loss && block.member == member_) {
        throw InvalidArgument(fmt::format("features: {} is asked for twice", text(block)));
      }
    }
    append_block(blocks_, {std::move(layer), loss, 0, size, member_});
  }

  int latent_;
  std::size_t member_ = 0;
  std::vector<LayerInfo> layers_;
  std::vector<FeatureBlock> blocks_;
};

}  // namespace

std::vector<FeatureBlock> parse_features(std::string_view request, const AutoencoderSpec& spec,
                                         std::size_t members) {
  const std::vector<FeatureTerm> terms = parse_feature_terms(request, members);
  BlockList list(spec);
  for (std::size_t member = 0; member < members; ++member) {
    list.begin_member(member);
    for (const FeatureTerm& term : terms) {
      if (term.is_of(member)) {
        list.add_term(term.text);
      }
    }
  }
  return list.take();
}

std::string proposed_features(const AutoencoderSpec& spec) {
  std::string last_encoder;
  std::string last_layer;
  for (const LayerInfo& layer : layers(spec)) {
    if (layer.name.starts_with("down.")) {
      last_encoder = layer.name;
    }
    last_layer = layer.name;
  }
  return (spec.latent > 0 ? last_encoder + ":kld," : "") + last_layer + ":bce";
}

}  // namespace gradspace
