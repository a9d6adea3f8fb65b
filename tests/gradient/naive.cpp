#include "gradient/naive.h"

#include <algorithm>
#include <cmath>

namespace gradspace::testing {
namespace {

/// Calls product(out, in, weight) for every term out += in * weight of a layer.
template <class Product>
void for_each_product(const LayerInfo& layer, Product product) {
  if (layer.kind == LayerInfo::Kind::kLinear) {
    const std::size_t features = layer.in.size();
    for (std::size_t out = 0; out < layer.out.size(); ++out) {
      for (std::size_t in = 0; in < features; ++in) {
        product(out, in, out * features + in);
      }
    }
    return;
  }
  // A convolution's output slides over its input; a transposed one's input slides over its output.
  const bool transposed = layer.kind == LayerInfo::Kind::kConvTranspose;
  const Extent& sliding = transposed ? layer.in : layer.out;
  const Extent& still = transposed ? layer.out : layer.in;
  const auto index = [](const Extent& extent, int c, int y, int x) {
    return static_cast<std::size_t>((c * extent.height + y) * extent.width + x);
  };
  const int kernel = layer.conv.kernel;
  for (int a = 0; a < sliding.channels; ++a) {
    for (int b = 0; b < still.channels; ++b) {
      for (int y = 0; y < sliding.height; ++y) {
        for (int x = 0; x < sliding.width; ++x) {
          for (int ky = 0; ky < kernel; ++ky) {
            for (int kx = 0; kx < kernel; ++kx) {
              const int still_y = y * layer.conv.stride - layer.conv.padding + ky;
              const int still_x = x * layer.conv.stride - layer.conv.padding + kx;
              if (still_y < 0 || still_y >= still.height || still_x < 0 || still_x >= still.width) {
                continue;
              }
              const std::size_t from = index(sliding, a, y, x);
              const std::size_t to = index(still, b, still_y, still_x);
              const auto weight =
                  static_cast<std::size_t>(((a * still.channels + b) * kernel + ky) * kernel + kx);
              product(transposed ? to : from, transposed ? from : to, weight);
            }
          }
        }
      }
    }
  }
}

class Pass {
 public:
  Pass(const Model& model, const LossWeights& loss) : model_(model), loss_(loss) {}

  NaiveResult run(std::span<const double> image, std::span<const float> noise) {
    const std::vector<LayerInfo> all = layers(model_.spec);
    const std::size_t downs = model_.spec.down.size();
    const std::size_t decoder = downs + (model_.spec.latent > 0 ? 2 : 0);
    std::vector<std::vector<double>> values{
        {image.begin(), image.end()}};  // values[i] enters layer i
    for (std::size_t i = 0; i < downs; ++i) {
      values.push_back(relu(forward(all[i], values[i])));
    }
    const std::vector<double> hidden = values.back();
    std::vector<double> deviation;
    if (model_.spec.latent > 0) {
      result_.mu = forward(all[downs], hidden);
      result_.logvar = forward(all[downs + 1], hidden);
      std::vector<double> code = result_.mu;
      for (std::size_t j = 0; j < code.size(); ++j) {
        deviation.push_back(std::exp(result_.logvar[j] / 2));
        code[j] += noise.empty() ? 0 : deviation[j] * static_cast<double>(noise[j]);
        result_.kld -= 0.5 * (1 + result_.logvar[j] - result_.mu[j] * result_.mu[j] -
                              std::exp(result_.logvar[j]));
      }
      values.push_back({});
      values.push_back(code);  // enters fc2
    }
    for (std::size_t i = decoder; i < all.size(); ++i) {
      const bool activated = all[i].kind == LayerInfo::Kind::kConvTranspose && i + 1 < all.size();
      const std::vector<double> out = forward(all[i], values[i]);
      values.push_back(activated ? relu(out) : out);
    }

    std::vector<double> gradient = reconstruct(values.back(), image);
    for (std::size_t i = all.size(); i-- > decoder;) {
      gradient = backward(all[i], values[i], gradient);
      if (i > decoder || model_.spec.latent == 0) {
        // fc2 has no activation after it.
        const bool behind_fc2 = model_.spec.latent > 0 && i == decoder + 1;
        mask(gradient, values[i], !behind_fc2);
      }
    }
    if (model_.spec.latent > 0) {
      std::vector<double> by_mu = gradient;
      std::vector<double> by_logvar(gradient.size());
      for (std::size_t j = 0; j < gradient.size(); ++j) {
        by_mu[j] += loss_.kld * result_.mu[j];
        by_logvar[j] = loss_.kld * 0.5 * (std::exp(result_.logvar[j]) - 1);
        by_logvar[j] +=
            noise.empty() ? 0 : gradient[j] * 0.5 * deviation[j] * static_cast<double>(noise[j]);
      }
      gradient = backward(all[downs], hidden, by_mu);
      const std::vector<double> other = backward(all[downs + 1], hidden, by_logvar);
      for (std::size_t j = 0; j < gradient.size(); ++j) {
        gradient[j] += other[j];
      }
      mask(gradient, hidden, true);
    }
    for (std::size_t i = downs; i-- > 0;) {
      gradient = backward(all[i], values[i], gradient);
      mask(gradient, values[i], i > 0);
    }
    return result_;
  }

 private:
  std::vector<double> forward(const LayerInfo& layer, const std::vector<double>& in) const {
    const std::vector<float>& weight = model_.weights.at(layer.name + ".weight").values;
    const std::vector<float>& bias = model_.weights.at(layer.name + ".bias").values;
    std::vector<double> out(layer.out.size());
    const std::size_t plane = out.size() / bias.size();
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<double>(bias[i / plane]);
    }
    for_each_product(layer, [&](std::size_t o, std::size_t i, std::size_t w) {
      out[o] += in[i] * static_cast<double>(weight[w]);
    });
    return out;
  }

  /// Stores the gradients of weight and bias, returns that of the input.
  std::vector<double> backward(const LayerInfo& layer, const std::vector<double>& in,
                               const std::vector<double>& gradient) {
    const std::vector<float>& weight = model_.weights.at(layer.name + ".weight").values;
    std::vector<double> by_weight(weight.size());
    std::vector<double> by_in(in.size());
    for_each_product(layer, [&](std::size_t o, std::size_t i, std::size_t w) {
      by_weight[w] += gradient[o] * in[i];
      by_in[i] += gradient[o] * static_cast<double>(weight[w]);
    });
    std::vector<double> by_bias(model_.weights.at(layer.name + ".bias").values.size());
    const std::size_t plane = gradient.size() / by_bias.size();
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      by_bias[i / plane] += gradient[i];
    }
    result_.gradients[layer.name + ".weight"] = std::move(by_weight);
    result_.gradients[layer.name + ".bias"] = std::move(by_bias);
    return by_in;
  }

  std::vector<double> relu(std::vector<double> values) {
    for (double& value : values) {
      result_.least_relu_argument = std::min(result_.least_relu_argument, std::abs(value));
      value = std::max(value, 0.0);
    }
    return values;
  }

  static void mask(std::vector<double>& gradient, const std::vector<double>& activation,
                   bool activated) {
    for (std::size_t i = 0; activated && i < gradient.size(); ++i) {
      gradient[i] = activation[i] > 0 ? gradient[i] : 0;
    }
  }

  /// The loss; its gradient by the logits.
  std::vector<double> reconstruct(const std::vector<double>& logits,
                                  std::span<const double> image) {
    std::vector<double> gradient;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const double value = 1 / (1 + std::exp(-logits[i]));
      result_.reconstruction.push_back(value);
      result_.bce -= image[i] * std::max(-std::log1p(std::exp(-logits[i])), -100.0) +
                     (1 - image[i]) * std::max(-std::log1p(std::exp(logits[i])), -100.0);
      const double exponential = std::exp(-std::abs(logits[i]));
      const double variance = exponential / ((1 + exponential) * (1 + exponential));
      gradient.push_back(loss_.bce * (value - image[i]) / std::max(variance, 1e-12) * variance);
    }
    return gradient;
  }

  const Model& model_;
  LossWeights loss_;
  NaiveResult result_;
};

}  // namespace

NaiveResult naive_pass(const Model& model, std::span<const double> image, const LossWeights& loss,
                       std::span<const float> noise) {
  return Pass(model, loss).run(image, noise);
}

std::vector<double> to_planes(std::span<const std::uint8_t> image_hwc, const Extent& extent) {
  const auto channels = static_cast<std::size_t>(extent.channels);
  const std::size_t plane = extent.size() / channels;
  std::vector<double> planes(extent.size());
  for (std::size_t i = 0; i < image_hwc.size(); ++i) {
    planes[i % channels * plane + i / channels] = image_hwc[i] / 255.0;
  }
  return planes;
}

}  // namespace gradspace::testing
