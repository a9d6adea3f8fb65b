// XNNPACK's operators, channels innermost as it wants them. It computes forward passes alone.
#include <xnnpack.h>

#include <limits>
#include <stdexcept>

#include "rival.h"

namespace gradspace::rivals {
namespace {

constexpr std::size_t kBeyond =
    XNN_EXTRA_BYTES / sizeof(float);  // which it may read beyond an array

void must_succeed(xnn_status status) {
  if (status != xnn_status_success) {
    throw std::runtime_error("XNNPACK refuses a layer");
  }
}

/// [n, C, plane] to [n, plane, C]; of images [n, plane, C] to [n, C, plane] with the two counts swapped.
std::vector<float> turned(const std::vector<float>& values, std::size_t channels,
                          std::size_t plane) {
  std::vector<float> result(values.size() + kBeyond);
  const std::size_t size = channels * plane;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t within = i % size;
    result[i - within + within % plane * channels + within / plane] = values[i];
  }
  return result;
}

std::vector<float> channels_innermost(const std::vector<float>& values, const Extent& extent) {
  const auto channels = static_cast<std::size_t>(extent.channels);
  return turned(values, channels, extent.size() / channels);
}

/// PyTorch's weight to [out, k, k, in].
std::vector<float> turned_weight(const LayerCase& layer) {
  const auto outs = static_cast<std::size_t>(layer.info.out.channels);
  const auto ins = static_cast<std::size_t>(layer.info.in.channels);
  const std::size_t taps = layer.geometry.taps();
  std::vector<float> result(layer.weight.size() + kBeyond);
  for (std::size_t out = 0; out < outs; ++out) {
    for (std::size_t in = 0; in < ins; ++in) {
      for (std::size_t tap = 0; tap < taps; ++tap) {
        const std::size_t pair = layer.transposed() ? in * outs + out : out * ins + in;
        result[(out * taps + tap) * ins + in] = layer.weight[pair * taps + tap];
      }
    }
  }
  return result;
}

class XnnpackLayer final : public RivalLayer {
 public:
  explicit XnnpackLayer(const LayerCase& layer)
      : case_(layer),
        in_(layer.linear() ? layer.input : channels_innermost(layer.input, layer.info.in)),
        out_(layer.images * layer.info.out.size() + kBeyond) {
    in_.resize(layer.input.size() + kBeyond);
    must_succeed(xnn_initialize(nullptr));
    switch (layer.info.kind) {
      case LayerInfo::Kind::kConv:
      case LayerInfo::Kind::kConvTranspose:
        prepare_convolution();
        break;
      case LayerInfo::Kind::kLinear:
        prepare_linear();
        break;
    }
  }
  XnnpackLayer(const XnnpackLayer&) = delete;
  XnnpackLayer& operator=(const XnnpackLayer&) = delete;
  ~XnnpackLayer() override { xnn_delete_operator(operator_); }

  void forward() override { must_succeed(xnn_run_operator(operator_, nullptr)); }
  void weight_gradients() override { throw std::logic_error("XNNPACK has no weight gradients"); }

  std::vector<float> output() override {
    const std::vector<float> values(out_.begin(), out_.end() - kBeyond);
    if (case_.linear()) {
      return values;
    }
    const auto channels = static_cast<std::size_t>(case_.info.out.channels);
    std::vector<float> result = turned(values, case_.info.out.size() / channels, channels);
    result.resize(values.size());
    return result;
  }

  std::vector<float> gradients() override { return {}; }

 private:
  float least() const { return case_.relu ? 0 : -std::numeric_limits<float>::infinity(); }
  static float most() { return std::numeric_limits<float>::infinity(); }

  void prepare_convolution() {
    const std::vector<float> weight = turned_weight(case_);
    const auto padding = static_cast<std::uint32_t>(case_.info.conv.padding);
    const auto kernel = static_cast<std::uint32_t>(case_.info.conv.kernel);
    const auto stride = static_cast<std::uint32_t>(case_.info.conv.stride);
    const auto adjustment = static_cast<std::uint32_t>(case_.info.conv.output_padding);
    const auto ins = static_cast<std::size_t>(case_.info.in.channels);
    const auto outs = static_cast<std::size_t>(case_.info.out.channels);
    const auto create = case_.transposed() ? &xnn_create_deconvolution2d_nhwc_f32
                                           : &xnn_create_convolution2d_nhwc_f32;
    must_succeed(create(padding, padding, padding, padding, kernel, kernel, stride, stride, 1, 1, 1,
                        ins, outs, ins, outs, weight.data(), case_.bias.data(), least(), most(), 0,
                        &operator_));
    must_succeed(case_.transposed()
                     ? xnn_setup_deconvolution2d_nhwc_f32(operator_, case_.images, height(),
                                                          width(), adjustment, adjustment,
                                                          in_.data(), out_.data(), nullptr)
                     : xnn_setup_convolution2d_nhwc_f32(operator_, case_.images, height(), width(),
                                                        in_.data(), out_.data(), nullptr));
  }

  void prepare_linear() {
    const std::size_t ins = case_.info.in.size();
    const std::size_t outs = case_.info.out.size();
    must_succeed(xnn_create_fully_connected_nc_f32(ins, outs, ins, outs, case_.weight.data(),
                                                   case_.bias.data(), least(), most(), 0,
                                                   &operator_));
    must_succeed(xnn_setup_fully_connected_nc_f32(operator_, case_.images, in_.data(), out_.data(),
                                                  nullptr));
  }

  std::size_t height() const { return static_cast<std::size_t>(case_.info.in.height); }
  std::size_t width() const { return static_cast<std::size_t>(case_.info.in.width); }

  const LayerCase& case_;
  std::vector<float> in_;   ///< [n, H, W, C], or [n, features]
  std::vector<float> out_;  ///< the same of the output
  xnn_operator_t operator_ = nullptr;
};

}  // namespace

std::unique_ptr<RivalLayer> make_xnnpack_layer(const LayerCase& layer) {
  return std::make_unique<XnnpackLayer>(layer);
}

}  // namespace gradspace::rivals
