#!/usr/bin/env bash
# Installs a build into a new folder and uses it from outside, as strangers do: the README's example and
# examples/ are compiled against it by CMake, one by pkg-config too, and all are run.
# Usage: run.sh BUILD_FOLDER [shared|static]    (default: the kind that the build makes)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "${1:?usage: run.sh BUILD_FOLDER [shared|static]}" && pwd)
built=shared
grep -q '^BUILD_SHARED_LIBS:.*=OFF' "$build/CMakeCache.txt" && built=static
kind=${2:-$built}
compiler=${CXX:-c++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() { echo "$kind: $*" >&2; exit 1; }

install_library() {
  local component=()
  # A build of the shared library holds the static one as a component.
  if [ "$kind" != "$built" ]; then
    [ "$kind" = static ] || fail "$build makes no $kind library"
    component=(--component gradspace_static)
  fi
  cmake --install "$build" --prefix "$work/prefix" "${component[@]}" >/dev/null
  # Where the library may not be found any more but in the prefix.
  local libraries
  libraries=$(find "$work/prefix" -name 'libgradspace.*' | sed 's/.*libgradspace//' | sort | tr '\n' ' ')
  case "$kind $libraries" in
    "shared .so .so."*) ;;
    "static .a ") ;;
    *) fail "installed are: $libraries" ;;
  esac
  # Modules that are loaded on demand lie where the library looks for them.
  local module
  for module in "$build"/lib/gradspace/libgradspace_*.so; do
    [ "$kind" = "$built" ] && [ -e "$module" ] || continue
    find "$work/prefix" -path "*/gradspace/$(basename "$module")" | grep -q . || fail "$(basename "$module") is not installed"
    module=$(basename "$module" .so)
    "$work/prefix/bin/gradspace" info --build | grep "^${module#libgradspace_} " | grep -qv 'module' ||
      fail "$module can't be loaded: $("$work/prefix/bin/gradspace" info --build)"
  done
  # The command is not part of the static component.
  if [ "$kind" = "$built" ]; then
    "$work/prefix/bin/gradspace" --version
    local file module
    module=$(find "$work/prefix" -name '_gradspace.*.so')
    if [ -n "$module" ]; then
      PYTHONPATH=$(dirname "$(dirname "$module")") /usr/bin/python3 -B -c "import gradspace; gradspace.Model.initialise()" ||
        fail "the installed Python module can't be used"
    fi
    for file in man/man1/gradspace.1 man/man1/gradspace-score.1 bash-completion/completions/gradspace \
      zsh/site-functions/_gradspace fish/vendor_completions.d/gradspace.fish; do
      [ -s "$work/prefix/share/$file" ] || fail "$file is not installed"
    done
  fi
}

# Configures and builds a project against the installation: compile SOURCE_FOLDER BINARY_FOLDER ARGUMENTS...
compile() {
  cmake -S "$1" -B "$2" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$compiler" \
    "${@:3}" >/dev/null
  cmake --build "$2" --parallel 2
}

compile_by_pkg_config() {
  local description flags
  description=$(find "$work/prefix" -name gradspace.pc)
  flags=$(PKG_CONFIG_PATH=$(dirname "$description") pkg-config --cflags --libs gradspace)
  # shellcheck disable=SC2086  # flags are words
  "$compiler" -std=c++20 "$root/examples/image_quality.cpp" $flags -o "$work/image_quality"
  # C by a compiler of C; the static library holds C++, which is for the other compiler to link.
  # shellcheck disable=SC2086
  "${CC:-cc}" -std=c99 -pedantic -Wall -Wextra -Werror -c "$root/examples/compare_images.c" $flags -o compare_images.o
  # The first example of docs/c.md, which is whole.
  sed -n '/^```c$/,/^```$/p' "$root/docs/c.md" | sed '/^```c$/d; /^```$/,$d' >documented.c
  # shellcheck disable=SC2086
  "${CC:-cc}" -std=c99 -pedantic -Wall -Wextra -Werror -c documented.c $flags -o documented.o
  local linker=${CC:-cc}
  [ "$kind" = shared ] || linker=$compiler
  # shellcheck disable=SC2086
  "$linker" compare_images.o $flags -o "$work/compare_images"
}

# What the examples read: a model of the original code's weights, a few frames, a detector fitted to them.
make_inputs() {
  local command=$build/bin/gradspace
  mkdir frames
  cp "$root"/tests/data/quality/pair*.png frames/
  "$command" import "$root/tests/data/ood/vae.pth.tar" --out model.safetensors >/dev/null
  "$command" fit --method reconstruction --model model.safetensors --data frames \
    --val frames --false-alarms 0.1 \
    --out detector.safetensors --quiet
}

run_readme_example() {
  # Without its files the example must say so in our words, which shows that it runs.
  mkdir empty
  if (cd empty && "$work/readme/example") 2>errors; then
    fail "the README's example ran without a model"
  fi
  # Which of its two files it opens first is the compiler's choice.
  grep -q "\(model\|detector\).safetensors: can't open" errors ||
    fail "the README's example says $(cat errors)"
}

# A score of the image is the command's: same_score SCORE PROGRAM.
same_score() {
  "$build/bin/gradspace" score --model model.safetensors --detector detector.safetensors \
    --format csv "$root/tests/data/quality/pair1_ref.png" >score.csv
  local theirs
  theirs=$(tail -n 1 score.csv | cut -d, -f2)
  awk -v a="$1" -v b="$theirs" 'BEGIN { exit !(a > 0 && (a - b)^2 < (1e-5 * b)^2) }' ||
    fail "$2 scores $1 where the command scores $theirs"
}

run_camera_loop() {
  echo broken >frames/z_broken.png
  "$work/examples/camera_loop" model.safetensors detector.safetensors frames \
    "$root/tests/data/quality/pair1_ref.png" >verdicts 2>errors
  [ "$(grep -c ' score .* ms' verdicts)" = 12 ] || fail "camera_loop: not every frame was scored"
  grep -q ' of 12 frames are out of distribution' verdicts
  grep -q 'camera_loop: .*z_broken.png' errors || fail "camera_loop: the broken frame went unnoticed"
  same_score "$(tail -n 2 verdicts | sed -n 's/.* score \([^ ]*\) .*/\1/p')" camera_loop
  rm frames/z_broken.png
}

run_folder_to_features() {
  "$work/examples/folder_to_features" model.safetensors frames features mu >features.txt
  grep -q 'features/features.npy: 11 images, 20 numbers each' features.txt || fail "$(cat features.txt)"
}

run_image_quality() {
  local reference=$root/tests/data/quality/pair1_ref.png
  "$1" "$reference" "$reference" | grep -q 'ssim *1.000000' || fail "image_quality: identical images"
  "$1" "$reference" "${reference%ref.png}blur.png" | grep -q 'gradient *0\.' || fail "image_quality: blur"
}

# The C interface gives what the command gives.
run_c_examples() {
  local image=$root/tests/data/quality/pair1_ref.png
  echo broken >broken.png
  "$work/examples/frame_scores" model.safetensors detector.safetensors frames/*.png broken.png "$image" >frames.txt \
    2>errors || fail "frame_scores: $(cat errors)"
  grep -q '^12 of 13 frames scored' frames.txt || fail "frame_scores: $(tail -n 1 frames.txt)"
  grep -q 'frame_scores: gradspace_picture_open: broken.png' errors || fail "frame_scores: $(cat errors)"
  same_score "$(grep "^$image score" frames.txt | cut -d' ' -f3)" frame_scores
  "$1" ssim "$image" "$image" "${image%ref.png}blur.png" >compared.txt || fail "compare_images: $(cat compared.txt)"
  grep -q 'ref.png ssim 1.000000, as JPEG q98' compared.txt || fail "compare_images: $(cat compared.txt)"
}

run_ctypes_example() {
  /usr/bin/python3 -B "$root/examples/score_with_ctypes.py" model.safetensors detector.safetensors \
    "$root/tests/data/quality/pair1_ref.png" >scores.txt
  same_score "$(cut -d' ' -f2 scores.txt)" score_with_ctypes.py
  if /usr/bin/python3 -B "$root/examples/score_with_ctypes.py" none detector.safetensors frames 2>errors; then
    fail "score_with_ctypes.py ran without a model"
  fi
  grep -q "^gradspace_model_open: none: can't open" errors || fail "score_with_ctypes.py: $(cat errors)"
}

install_library
compile "$here" readme -DREADME="$root/README.md"
compile "$root/examples" examples
compile_by_pkg_config
make_inputs
run_readme_example
run_camera_loop
run_folder_to_features
run_image_quality "$work/examples/image_quality"
libraries=$(find "$work/prefix" -name 'libgradspace.so' -printf '%h')
run_c_examples "$work/examples/compare_images"
export LD_LIBRARY_PATH=$libraries
run_image_quality "$work/image_quality"
run_c_examples "$work/compare_images"
[ "$kind" = static ] || run_ctypes_example
echo "$kind: installed, found by CMake and pkg-config, compiled and run"
