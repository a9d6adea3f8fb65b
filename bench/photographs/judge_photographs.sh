#!/usr/bin/env bash
# Trains, fits and judges detectors of photographs on a set that make_photographs.py made: mean AUROC over the faults,
# and the false alarms on clean photographs where 5 % were asked.
set -euo pipefail
gradspace=${1:?usage: judge_photographs.sh GRADSPACE SET [FOLDER]}
set=${2:?usage: judge_photographs.sh GRADSPACE SET [FOLDER]}
work=${3:-$(mktemp -d)}
mkdir -p "$work"
here=$(dirname "$0")

"$gradspace" train --data "$set/train" --tiles 28x28 --epochs 60 --quiet --out "$work/model.safetensors"
for method in photograph photograph-gradients photograph-image; do
  "$gradspace" fit --method "$method" --model "$work/model.safetensors" --data "$set/train" --tiles 28x28 \
    --false-alarms 0.05 --quiet --out "$work/$method.safetensors"
  "$gradspace" score --model "$work/model.safetensors" --detector "$work/$method.safetensors" --format csv \
    "$set/new" "$set/known" >"$work/$method.csv"
  echo "$method"
  /usr/bin/python3 "$here/judge_scores.py" "$work/$method.csv"
done

# Tiles judged by one-class methods.
for method in spectral-fisher-pseudo image-pseudo; do
  "$gradspace" fit --method "$method" --model "$work/model.safetensors" --data "$set/train" --tiles 28x28 \
    --false-alarms 0.05 --quiet --out "$work/tiled-$method.safetensors"
  "$gradspace" score --model "$work/model.safetensors" --detector "$work/tiled-$method.safetensors" --format csv \
    "$set/new" "$set/known" >"$work/tiled-$method.csv"
  echo "$method by tiles"
  /usr/bin/python3 "$here/judge_scores.py" "$work/tiled-$method.csv"
done

# The same photographs shrunk to 28x28 pixels, for comparison.
"$gradspace" train --data "$set/train" --epochs 100 --quiet --out "$work/shrunk.safetensors"
for method in pseudo-outliers spectral-fisher-pseudo; do
  "$gradspace" fit --method "$method" --model "$work/shrunk.safetensors" --data "$set/train" --false-alarms 0.05 \
    --quiet --out "$work/$method.safetensors"
  "$gradspace" score --model "$work/shrunk.safetensors" --detector "$work/$method.safetensors" --format csv \
    "$set/new" "$set/known" >"$work/$method.csv"
  echo "$method at 28x28"
  /usr/bin/python3 "$here/judge_scores.py" "$work/$method.csv"
done
