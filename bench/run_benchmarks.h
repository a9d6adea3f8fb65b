// What every benchmark's main ends with.
#pragma once

#include <benchmark/benchmark.h>

namespace gradspace {

/// Runs what the command line asks for of the registered benchmarks; the exit status. Before it a main
/// registers what it makes at run time, and adds what it wants to say in the head.
inline int run_benchmarks(int argc, char** argv) {
  benchmark::AddCustomContext("commit", GRADSPACE_COMMIT);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace gradspace
