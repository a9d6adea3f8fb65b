#include "gradspace/modules.h"

#include <functional>
#include <string_view>

#include "core/module_file.h"
#include "gradspace/error.h"
#include "gradspace/live_module.h"
#include "gradspace/mpi_module.h"
#include "gradspace/torch_module.h"
#include "image/format_modules.h"
#include "video/media_reader.h"

namespace gradspace {
namespace {

ModuleInfo describe_module(std::string_view name, std::string purpose,
                           const std::function<std::string()>& library) {
  ModuleInfo info{std::string(name), std::move(purpose), module_path(name), {}, {}};
  try {
    info.library = library();
  } catch (const Error& error) {
    info.failure = error.what();
  }
  return info;
}

}  // namespace

std::vector<ModuleInfo> find_modules() {
  std::vector<ModuleInfo> modules;
  for (const codec::ModuleFormat& format : codec::module_formats()) {
    modules.push_back(describe_module(format.module,
                                      std::string("reads ") + std::string(format.words),
                                      [&] { return codec::module_library(format); }));
  }
  modules.push_back(describe_module("media", "reads videos other than .y4m", video::media_library));
  modules.push_back(describe_module("mpi", "training by the processes of an MPI job", mpi_library));
  modules.push_back(describe_module("live", "runs the monitor as a service",
                                    [] { return live_module().libraries(); }));
  modules.push_back(describe_module("torch", "training and reference gradients on LibTorch",
                                    [] { return "LibTorch " + torch_module().version(); }));
  return modules;
}

}  // namespace gradspace
