// Tests that hold on every device that LibTorch may compute on.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "gradspace/torch_module.h"

namespace gradspace::testing {

inline constexpr const char* kNoCuda = "this LibTorch finds no CUDA device";

inline bool has_device(std::string_view device) {
  return device == "cpu" || torch_module().has_cuda();
}

/// Tests with the parameter "cpu" or "cuda", the latter skipped where there is no such device.
class OnDevice : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!has_device(GetParam())) {
      GTEST_SKIP() << kNoCuda;
    }
  }
};

inline auto devices() {
  return ::testing::Values("cpu", "cuda");
}

inline std::string device_name(const ::testing::TestParamInfo<const char*>& instance) {
  return instance.param;
}

}  // namespace gradspace::testing
