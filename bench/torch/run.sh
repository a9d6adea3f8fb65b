#!/usr/bin/env bash
# The LibTorch module and Python PyTorch in one run, one thread each: images a second of CPU time.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:?usage: run.sh BUILD_FOLDER}

echo "commit $(git rev-parse --short HEAD), $(grep -m 1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs), 1 thread"
export OMP_NUM_THREADS=1
"$build"/bin/gradspace_torch_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=true \
  --benchmark_min_time=1 2>/dev/null | grep -E '^Benchmark|_(median|stddev)'
/usr/bin/python3 bench/torch/peers.py
