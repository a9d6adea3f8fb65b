#!/usr/bin/python3
"""From BMP files in the page cache to a feature set: images a second on all cores, and the peak of
memory, for numbers of images that differ tenfold.

    bench/pipeline/pipeline.py build/release/bin/gradspace

Files and feature sets lie in /dev/shm, so that no disk is measured."""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

COUNTS = (10_000, 100_000)
REPETITIONS = 3
PATTERNS = 1000  # different files; the others are links to them


def make_files(folder, count):
    random = np.random.default_rng(1)
    folder.mkdir()
    for i in range(PATTERNS):
        pixels = random.integers(0, 256, (35, 35, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:06}.bmp")
    for i in range(PATTERNS, count):
        os.link(folder / f"{i % PATTERNS:06}.bmp", folder / f"{i:06}.bmp")


def run(*command):
    """Seconds and the peak of resident memory in MB."""
    begin = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[1]} failed")
    return time.monotonic() - begin, usage.ru_maxrss / 1024


def main():
    gradspace = sys.argv[1]
    work = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm", prefix="gradspace-bench-"))
    try:
        images, model, features = work / "images", work / "model.safetensors", work / "features"
        for count in COUNTS:
            shutil.rmtree(images, ignore_errors=True)
            make_files(images, count)
            if not model.exists():
                run(gradspace, "train", "--data", images, "--out", model, "--epochs", 1, "--quiet")
            rates, peaks = [], []
            for _ in range(REPETITIONS):
                shutil.rmtree(features, ignore_errors=True)
                seconds, peak = run(gradspace, "extract", "--model", model, "--data", images,
                                    "--out", features, "--quiet")
                rates.append(count / seconds)
                peaks.append(peak)
            print(f"{count:7} files to features, {os.cpu_count()} cores: "
                  f"{statistics.median(rates):7.0f} images/s  (from {min(rates):.0f} to "
                  f"{max(rates):.0f}), {max(peaks):.0f} MB", flush=True)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
