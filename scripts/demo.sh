#!/usr/bin/env bash
# The main job on real data, start to end: Fashion-MNIST (Debian's dataset-fashion-mnist) becomes a tree
# of clean and challenged images, an autoencoder learns the clean ones, and the paper's four methods
# are judged on challenges they have never seen.
set -euo pipefail
cd "$(dirname "$0")/.."
gradspace=${1:?usage: demo.sh COMMAND FOLDER}
folder=${2:?usage: demo.sh COMMAND FOLDER}
images=/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
tree=$folder/tree
seen=7
# The paper's six without decolorization, which leaves grey pictures as they are.
unseen=2,3,5,8,9

say() { printf '\n== %s\n' "$*"; }

mkdir -p "$folder"
if [ ! -e "$folder/tree.done" ]; then
  say "images: $tree"
  rm -rf "$tree"
  # Half of them for training: the blurred ones the classifiers learn from, and everything clean.
  "$gradspace" challenge --in "$images" --out "$tree" --split train=4000,val=800,test=800 \
    --types $seen --levels 1
  "$gradspace" challenge --in "$tree" --out "$tree" --sets test --types $unseen --levels 1-5
  "$gradspace" challenge --in "$tree/RealChallengeFree/test" --out "$folder/sheet" \
    --types $unseen --levels 1 --sheet "$folder/sheet.png" >/dev/null
  touch "$folder/tree.done"
fi

say "experiment: $folder/results"
"$gradspace" experiment ood --data "$tree" --out "$folder/results" --challenges $unseen \
  --epochs 100 --classifier-epochs 60

say "a few images, scored"
run=$folder/results/run-0
for set in RealChallengeFree RealChallenge/09_05 RealChallenge/02_05; do
  find "$tree/$set/test" -name '*.bmp' | sort | sed -n 1,3p
done | "$gradspace" score --model "$run/model.safetensors" \
  --detector "$run/detector-proposed.safetensors" -

say "to look at"
ls -d "$folder"/results/{report.html,results.csv,results.json,image_scores.csv,training.csv,fingerprints.json,samples} \
  "$folder"/sheet.png "$run"/{model.safetensors,logs}
