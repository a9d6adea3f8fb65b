// What the module is made of: its two backends, and the border where LibTorch's errors become ours.
#pragma once

#include <fmt/format.h>

#include <exception>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "gradspace/error.h"
#include "gradspace/torch_module.h"
#include "torch/libtorch.h"

namespace gradspace {

std::unique_ptr<GradientBackend> make_torch_gradients(const Model& model,
                                                      std::vector<FeatureBlock> blocks,
                                                      at::Device device, Precision precision);

std::unique_ptr<TrainingBackend> make_torch_training(const Model& initial,
                                                     const StepOptions& options, at::Device device);

/// `function()`, whose exceptions from LibTorch and below leave as one-line Errors.
template <typename Function>
decltype(auto) with_our_errors(Function&& function) {
  const auto first_line = [](const std::string& text) { return text.substr(0, text.find('\n')); };
  try {
    return std::forward<Function>(function)();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const c10::Error& error) {
    throw Error(fmt::format("LibTorch: {}", first_line(error.what_without_backtrace())));
  } catch (const std::exception& error) {
    throw Error(fmt::format("LibTorch: {}", first_line(error.what())));
  }
}

}  // namespace gradspace
