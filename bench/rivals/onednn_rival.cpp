// oneDNN's primitives. It sums weight gradients over a batch, so that single images' come of as many calls with a batch
// of one. Its transposed convolutions add bias and ReLU many times slower than they multiply: these do without, and
// both are left to `output`.
#include <fmt/format.h>
#include <dnnl.hpp>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "rival.h"

#if DNNL_VERSION_MAJOR != 2
#error "bench/rivals is written for the interface of oneDNN 2"
#endif

namespace gradspace::rivals {
namespace {

using dnnl::memory;
using Arguments = std::unordered_map<int, memory>;

/// How inputs and outputs lie in memory.
struct Layouts {
  memory::format_tag in;
  memory::format_tag out;
  std::string_view name;
};

/// Those that are tried; the fastest is taken. What oneDNN itself chooses is often not.
constexpr std::array<Layouts, 4> kLayouts{
    {{memory::format_tag::any, memory::format_tag::any, "its choice"},
     {memory::format_tag::abcd, memory::format_tag::abcd, "planes"},
     {memory::format_tag::abcd, memory::format_tag::aBcd16b, "planes to blocks of 16"},
     {memory::format_tag::abcd, memory::format_tag::aBcd8b, "planes to blocks of 8"}}};

memory::dims dims_of(std::size_t images, const LayerCase& layer, const Extent& extent) {
  const auto n = static_cast<memory::dim>(images);
  return layer.linear() ? memory::dims{n, static_cast<memory::dim>(extent.size())}
                        : memory::dims{n, extent.channels, extent.height, extent.width};
}

/// [out, in] or [out, in, k, k].
memory::dims weight_dims(const LayerCase& layer) {
  if (layer.linear()) {
    return {static_cast<memory::dim>(layer.info.out.size()),
            static_cast<memory::dim>(layer.info.in.size())};
  }
  const memory::dim kernel = layer.info.conv.kernel;
  return {layer.info.out.channels, layer.info.in.channels, kernel, kernel};
}

memory::desc described(const memory::dims& dims, memory::format_tag tag) {
  return {dims, memory::data_type::f32, tag};
}

memory::desc plain(const memory::dims& dims) {
  return described(dims, dims.size() == 2 ? memory::format_tag::ab : memory::format_tag::abcd);
}

memory::desc plain_bias(const LayerCase& layer) {
  return described({static_cast<memory::dim>(layer.bias.size())}, memory::format_tag::a);
}

/// PyTorch's order of the weight, whose transposed convolutions have the input's channels outermost.
memory::desc plain_weight(const LayerCase& layer) {
  return layer.transposed() ? described(weight_dims(layer), memory::format_tag::bacd)
                            : plain(weight_dims(layer));
}

/// The zeros after the last row and column that make the sizes fit.
memory::dims end_padding(const LayerCase& layer) {
  const gradient::LayerGeometry& geometry = layer.geometry;
  const auto along = [&](int small, int large) -> memory::dim {
    return (small - 1) * geometry.stride + geometry.kernel - large - geometry.padding;
  };
  return {along(geometry.small.height, geometry.large.height),
          along(geometry.small.width, geometry.large.width)};
}

dnnl::primitive_attr attributes(const LayerCase& layer) {
  dnnl::primitive_attr attributes;
  if (layer.relu && !layer.transposed()) {
    dnnl::post_ops after;
    after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
    attributes.set_post_ops(after);
  }
  return attributes;
}

struct Shapes {
  Shapes(const LayerCase& layer, std::size_t images, const Layouts& layouts)
      : in(described(dims_of(images, layer, layer.info.in), layouts.in)),
        out(described(dims_of(images, layer, layer.info.out), layouts.out)),
        weight(described(weight_dims(layer), memory::format_tag::any)),
        bias(layer.transposed() ? memory::desc() : plain_bias(layer)) {}

  memory::desc in;
  memory::desc out;
  memory::desc weight;
  memory::desc bias;
};

struct Convolution {
  using Forward = dnnl::convolution_forward;
  using Weights = dnnl::convolution_backward_weights;
  static constexpr dnnl::algorithm kAlgorithm = dnnl::algorithm::convolution_direct;
};

struct Transposed {
  using Forward = dnnl::deconvolution_forward;
  using Weights = dnnl::deconvolution_backward_weights;
  static constexpr dnnl::algorithm kAlgorithm = dnnl::algorithm::deconvolution_direct;
};

struct Linear {
  using Forward = dnnl::inner_product_forward;
  using Weights = dnnl::inner_product_backward_weights;
};

/// The forward pass of a layer of type `Type`.
template <class Type>
typename Type::Forward::desc forward_desc(const LayerCase& layer, const Shapes& of,
                                          dnnl::prop_kind kind) {
  if constexpr (std::is_same_v<Type, Linear>) {
    return {kind, of.in, of.weight, of.bias, of.out};
  } else {
    const memory::dims strides(2, layer.info.conv.stride);
    const memory::dims begin(2, layer.info.conv.padding);
    return {kind,   Type::kAlgorithm, of.in, of.weight,         of.bias,
            of.out, strides,          begin, end_padding(layer)};
  }
}

template <class Type>
typename Type::Weights::desc weights_desc(const LayerCase& layer, const Shapes& of) {
  if constexpr (std::is_same_v<Type, Linear>) {
    return {of.in, of.weight, of.out};
  } else {
    const memory::dims strides(2, layer.info.conv.stride);
    const memory::dims begin(2, layer.info.conv.padding);
    return {Type::kAlgorithm, of.in, of.weight, of.out, strides, begin, end_padding(layer)};
  }
}

/// Primitives that are run one after the other: the same one on other arrays.
struct Work {
  dnnl::primitive primitive;
  std::vector<Arguments> arguments;
  std::string code;
  double seconds = 0;  ///< of the processor

  void run(dnnl::stream& stream) const {
    for (const Arguments& each : arguments) {
      primitive.execute(stream, each);
    }
  }
};

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

class OnednnLayer final : public RivalLayer {
 public:
  explicit OnednnLayer(const LayerCase& layer)
      : case_(layer), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    switch (layer.info.kind) {
      case LayerInfo::Kind::kConv:
        prepare<Convolution>();
        break;
      case LayerInfo::Kind::kConvTranspose:
        prepare<Transposed>();
        break;
      case LayerInfo::Kind::kLinear:
        prepare<Linear>();
        break;
    }
  }

  void forward() override { forward_.run(stream_); }
  void weight_gradients() override { weights_.run(stream_); }

  std::vector<float> output() override {
    std::vector<float> values(case_.images * case_.info.out.size());
    copy_out(forward_.arguments[0].at(DNNL_ARG_DST),
             plain(dims_of(case_.images, case_, case_.info.out)), values.data());
    if (case_.transposed()) {
      add_bias_and_relu(case_, values);
    }
    return values;
  }

  std::vector<float> gradients() override {
    std::vector<float> values(case_.images * case_.weight.size());
    for (std::size_t i = 0; i < case_.images; ++i) {
      copy_out(weights_.arguments[i].at(DNNL_ARG_DIFF_WEIGHTS), plain_weight(case_),
               values.data() + i * case_.weight.size());
    }
    return values;
  }

  std::string forward_code() const override { return forward_.code; }
  std::string weight_code() const override { return weights_.code; }

 private:
  template <class Type>
  void prepare() {
    forward_ = fastest([&](const Layouts& layouts) { return forward_work<Type>(layouts); });
    weights_ = fastest([&](const Layouts& layouts) { return weights_work<Type>(layouts); });
  }

  /// Of what make(layouts) returns; it may return nothing.
  template <class Make>
  Work fastest(Make make) {
    std::optional<Work> best;
    for (const Layouts& layouts : kLayouts) {
      if (layouts.out != memory::format_tag::any && case_.linear()) {
        continue;
      }
      std::optional<Work> work = make(layouts);
      if (!work) {
        continue;
      }
      work->code += fmt::format(", {}", layouts.name);
      work->seconds = shortest_run(*work);
      if (!best || work->seconds < best->seconds) {
        best = std::move(work);
      }
    }
    return best.value();
  }

  double shortest_run(const Work& work) {
    double shortest = 0;
    for (int i = 0; i < 5; ++i) {
      const double begin = processor_seconds();
      work.run(stream_);
      const double seconds = processor_seconds() - begin;
      shortest = i == 0 ? seconds : std::min(shortest, seconds);
    }
    return shortest;
  }

  template <class Type>
  std::optional<Work> forward_work(const Layouts& layouts) {
    const typename Type::Forward::primitive_desc description(
        forward_desc<Type>(case_, Shapes(case_, case_.images, layouts),
                           dnnl::prop_kind::forward_inference),
        attributes(case_), engine_, /*allow_empty=*/true);
    if (!usable(description)) {
      return std::nullopt;
    }
    Work work{typename Type::Forward(description), {}, description.impl_info_str()};
    Arguments& arguments = work.arguments.emplace_back();
    arguments[DNNL_ARG_SRC] = copy_in(plain(dims_of(case_.images, case_, case_.info.in)),
                                      case_.input.data(), description.src_desc());
    arguments[DNNL_ARG_WEIGHTS] =
        copy_in(plain_weight(case_), case_.weight.data(), description.weights_desc());
    if (!case_.transposed()) {
      arguments[DNNL_ARG_BIAS] =
          copy_in(plain_bias(case_), case_.bias.data(), description.bias_desc());
    }
    arguments[DNNL_ARG_DST] = memory(description.dst_desc(), engine_);
    return work;
  }

  template <class Type>
  std::optional<Work> weights_work(const Layouts& layouts) {
    const Shapes one(case_, 1, layouts);
    const typename Type::Forward::primitive_desc hint(
        forward_desc<Type>(case_, one, dnnl::prop_kind::forward_training), engine_,
        /*allow_empty=*/true);
    if (!hint) {
      return std::nullopt;
    }
    const typename Type::Weights::primitive_desc description(weights_desc<Type>(case_, one),
                                                             engine_, hint, /*allow_empty=*/true);
    if (!usable(description)) {
      return std::nullopt;
    }
    Work work{typename Type::Weights(description), {}, description.impl_info_str()};
    for (std::size_t i = 0; i < case_.images; ++i) {
      Arguments& arguments = work.arguments.emplace_back();
      arguments[DNNL_ARG_SRC] = copy_in(plain(dims_of(1, case_, case_.info.in)), case_.input_of(i),
                                        description.src_desc());
      arguments[DNNL_ARG_DIFF_DST] =
          copy_in(plain(dims_of(1, case_, case_.info.out)), case_.output_gradient_of(i),
                  description.diff_dst_desc());
      arguments[DNNL_ARG_DIFF_WEIGHTS] = memory(description.diff_weights_desc(), engine_);
    }
    return work;
  }

  /// Its reference code is some hundred times slower than the rest, and nobody's rival.
  template <class Description>
  static bool usable(const Description& description) {
    return description &&
           std::string_view(description.impl_info_str()).find("ref") == std::string_view::npos;
  }

  memory copy_in(const memory::desc& from, const float* values, const memory::desc& to) {
    const memory source(from, engine_, const_cast<float*>(values));  // which is only read
    const memory target(to, engine_);
    copy(source, target);
    return target;
  }

  void copy_out(const memory& from, const memory::desc& to, float* values) {
    copy(from, memory(to, engine_, values));
  }

  void copy(const memory& from, const memory& to) {
    dnnl::reorder(from, to).execute(stream_, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
    stream_.wait();
  }

  const LayerCase& case_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  Work forward_;
  Work weights_;  ///< an image each
};

dnnl::cpu_isa largest_isa(InstructionSet set) {
  switch (set) {
    case InstructionSet::kSse4:
      return dnnl::cpu_isa::sse41;
    case InstructionSet::kAvx2:
      return dnnl::cpu_isa::avx2;
    default:
      return dnnl::cpu_isa::all;
  }
}

}  // namespace

void use_in_onednn(InstructionSet set) {
  if (dnnl::set_max_cpu_isa(largest_isa(set)) != dnnl::status::success) {
    throw std::runtime_error("oneDNN can't be kept to this instruction set");
  }
}

std::unique_ptr<RivalLayer> make_onednn_layer(const LayerCase& layer) {
  return std::make_unique<OnednnLayer>(layer);
}

}  // namespace gradspace::rivals
