#!/usr/bin/env bash
# Trains, fits and judges detectors of photographs on a set that make_photographs.py made: mean AUROC over the faults,
# and the false alarms on clean photographs where 5 % were asked.
set -euo pipefail
gradspace=${1:?usage: judge_photographs.sh GRADSPACE SET [FOLDER]}
set=${2:?usage: judge_photographs.sh GRADSPACE SET [FOLDER]}
work=${3:-$(mktemp -d)}
mkdir -p "$work"
here=$(dirname "$0")

# judge METHOD MODEL TITLE [OPTION OF FIT]...: fits, scores, and prints the figures under the title.
judge() {
  local method=$1 model=$work/$2.safetensors title=$3
  local name=${title// /-}
  shift 3
  "$gradspace" fit --method "$method" --model "$model" --data "$set/train" "$@" --false-alarms 0.05 --quiet \
    --out "$work/$name.safetensors"
  "$gradspace" score --model "$model" --detector "$work/$name.safetensors" --format csv "$set/new" "$set/known" \
    >"$work/$name.csv"
  echo "$title"
  /usr/bin/python3 "$here/judge_scores.py" "$work/$name.csv"
}

"$gradspace" train --data "$set/train" --tiles 28x28 --epochs 60 --quiet --out "$work/model.safetensors"
for method in photograph photograph-gradients photograph-image; do
  judge "$method" model "$method" --tiles 28x28
done
# Tiles judged by one-class methods.
for method in spectral-fisher-pseudo image-pseudo; do
  judge "$method" model "$method by tiles" --tiles 28x28
done
# The same photographs shrunk to 28x28 pixels, for comparison.
"$gradspace" train --data "$set/train" --epochs 100 --quiet --out "$work/shrunk.safetensors"
for method in pseudo-outliers spectral-fisher-pseudo; do
  judge "$method" shrunk "$method at 28x28"
done
