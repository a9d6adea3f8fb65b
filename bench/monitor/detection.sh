#!/bin/sh
# How many frames pass from a fault's begin to its alarm, and how many alarms clean frames raise, by kind.
#
# usage: detection.sh BUILD_FOLDER PHOTOGRAPHS [options of `gradspace_monitor_bench detect`]
#
# A detector of photographs is fitted to the photographs, which simulated cameras then show. Four of them are clean for a
# simulated day at a frame a second, and for 100 000 frames more. Then each of the twelve challenges comes, at levels 3 to 5,
# to cameras that have seen what the first of these has. Everything happens a second time with the threshold that is
# extrapolated from the photographs' scores alone. Nothing depends on how busy the machine is.
set -eu
build=${1:?usage: detection.sh BUILD_FOLDER PHOTOGRAPHS [options]}
photographs=${2:?usage: detection.sh BUILD_FOLDER PHOTOGRAPHS [options]}
shift 2
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
"$build/bin/gradspace" fit --data "$photographs" --method photograph-image --tiles 28x28 --false-alarms 0.1 --quiet \
  --out "$folder/detector.safetensors"
detect() {
  "$build/bin/gradspace_monitor_bench" detect --detector "$folder/detector.safetensors" --photographs "$photographs" \
    --cameras 4 --rate 1 --width 320 --height 240 --frames 100000 --drift-reference 200 "$@"
}
echo "== the threshold is learned"
detect "$@"
echo "== the threshold is guessed"
detect "$@" --guess --learned-days 0
