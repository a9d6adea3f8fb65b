#!/usr/bin/env bash
# The native engine and Python PyTorch in one run, one thread each but where a name says otherwise.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:?usage: run.sh BUILD_FOLDER}

echo "commit $(git rev-parse --short HEAD), $(grep -m 1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs)"
"$build"/bin/gradspace_gradient_bench --benchmark_repetitions=5 \
  --benchmark_report_aggregates_only=true 2>&1 | grep -E '^(Benchmark|peak)|_(median|stddev)'
OMP_NUM_THREADS=1 /usr/bin/python3 bench/torch/peers.py
