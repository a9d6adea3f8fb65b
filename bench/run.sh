#!/usr/bin/env bash
# Every benchmark, its Python peers in the same run; or the parts that are named. One thread, but where a
# line says otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: run.sh BUILD_FOLDER [image|capi|gradient|python|rivals|torch|gradcon|pipeline|challenge|photograph|quality|shards|monitor]...}
shift
[ $# -gt 0 ] || set -- image capi gradient python rivals torch gradcon pipeline challenge photograph quality shards monitor
export OMP_NUM_THREADS=1

# medians and spreads of Google Benchmark: of a module, with further options. Where it fails, all that it said is shown
# and this script ends.
bench() {
  local said
  if ! said=$("$build/bin/gradspace_$1_bench" "${@:2}" --benchmark_repetitions=5 --benchmark_min_time=0.3 \
    --benchmark_report_aggregates_only=true 2>&1); then
    printf '%s\n' "$said" "bench: gradspace_$1_bench failed" >&2
    exit 1
  fi
  grep -E '^(Benchmark|peak)|largest difference|_(median|cv)' <<<"$said" || {
    echo "bench: gradspace_$1_bench measured nothing" >&2
    exit 1
  }
}

echo "commit $(git rev-parse --short HEAD), $(grep -m 1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs), $(nproc --all) cores"
for part; do
  printf '\n== %s\n' "$part"
  case $part in
    image)
      bench image
      /usr/bin/python3 bench/image/peers.py
      ;;
    gradient | torch)
      bench "$part"
      /usr/bin/python3 bench/torch/peers.py
      ;;
    python)
      bench gradient --benchmark_filter='^gradients/proposed/'
      PYTHONPATH=$build/python /usr/bin/python3 bench/python/extract_bench.py
      ;;
    shards)
      /usr/bin/python3 bench/cluster/shards.py "$build/bin/gradspace" 100000 10000
      /usr/bin/python3 bench/cluster/billion.py "$build/bin/gradspace"
      ;;
    rivals)
      if [ -x "$build/bin/gradspace_rivals_bench" ]; then
        bench rivals
        bench gradient --benchmark_filter='^stages/'
      else
        echo "skipped: built with -DGRADSPACE_BENCH_RIVALS=ON alone (bench/rivals/CMakeLists.txt names the packages)"
      fi
      ;;
    gradcon)
      for _ in 1 2; do  # in turns: the machine may have other work
        bench gradcon
        /usr/bin/python3 bench/gradcon/peer.py 1 3
      done
      ;;
    monitor)
      photographs=${GRADSPACE_TEST_DATA:-}/data/kodak
      if [ -d "$photographs" ]; then
        detector=$(mktemp -d)/detector.safetensors
        "$build/bin/gradspace" fit --data "$photographs" --method photograph-image --tiles 28x28 --false-alarms 0.1 \
          --quiet --out "$detector"
        "$build/bin/gradspace_monitor_bench" load --detector "$detector" --photographs "$photographs" --threads 2
        "$build/bin/gradspace_monitor_bench" soak --detector "$detector" --photographs "$photographs" \
          --width 112 --height 84 --frames 100000
        bench/monitor/detection.sh "$build" "$photographs"
        bench/monitor/kills.py "$build/bin/gradspace" "$photographs"
        rm -r "$(dirname "$detector")"
      else
        echo "skipped: \$GRADSPACE_TEST_DATA has no photographs"
      fi
      ;;
    pipeline) /usr/bin/python3 bench/pipeline/pipeline.py "$build/bin/gradspace" ;;
    *) bench "$part" ;;
  esac
done
